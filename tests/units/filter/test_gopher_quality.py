"""Gopher's quality rules against the text of the paper (arXiv:2112.11446, appendix A.1.1)."""

from tasks.filter.gopher_quality import gopher_quality

PAPER = {
    "content_words": {(">=", 50), ("<=", 100_000)},  # "between 50 and 100,000 words"
    "mean_word_length": {(">=", 3), ("<=", 10)},  # "mean word length is outside the range of 3 to 10 characters"
    "hash_word_ratio": {("<=", 0.1)},  # "a symbol-to-word ratio greater than 0.1 for either the hash symbol
    "ellipsis_word_ratio": {("<=", 0.1)},  # or the ellipsis"
    "bullet_line_share": {("<=", 0.9)},  # "more than 90% of lines starting with a bullet point
    "ellipsis_line_share": {("<=", 0.3)},  # or more than 30% ending with an ellipsis"
    "alpha_word_share": {(">=", 0.8)},  # "80% of words in a document contain at least one alphabetic character"
    "stop_words": {(">=", 2)},  # "at least two of the following English words"
}


def test_the_thresholds_are_those_of_the_paper():
    found = {}
    for rule in gopher_quality.rules:
        found.setdefault(rule.score, set()).add((rule.operator, rule.threshold))
    assert found == PAPER
