"""Gopher's document quality rules, with the thresholds of datatrove 0.10.

Words here are those of the text engine, punctuation included, so ``alpha_word_share`` is stricter than a count of
whitespace words: a full stop is a word without a letter. The stop words count once each and as written ("The" is not
one). The paper's symbol rule covers hash signs and ellipses apart.
"""

from schemas.rule import Rule, RuleSet

gopher_quality = RuleSet(
    meaning="Text that reads like prose: enough words, of plausible length, few symbols, bullets and ellipses.",
    source=(
        "Rae et al. 2021, arXiv:2112.11446, appendix A.1.1 (Quality filtering); "
        "as in datatrove 0.10.1, pipeline/filters/gopher_quality_filter.py."
    ),
    rules=(
        Rule("min_words", "content_words", ">=", 50.0),
        Rule("max_words", "content_words", "<=", 100_000.0),
        Rule("min_mean_word_length", "mean_word_length", ">=", 3.0),
        Rule("max_mean_word_length", "mean_word_length", "<=", 10.0),
        Rule("max_hash_word_ratio", "hash_word_ratio", "<=", 0.1),
        Rule("max_ellipsis_word_ratio", "ellipsis_word_ratio", "<=", 0.1),
        Rule("max_bullet_line_share", "bullet_line_share", "<=", 0.9),
        Rule("max_ellipsis_line_share", "ellipsis_line_share", "<=", 0.3),
        Rule("min_alpha_word_share", "alpha_word_share", ">=", 0.8),
        Rule("min_stop_words", "stop_words", ">=", 2.0),
    ),
)
