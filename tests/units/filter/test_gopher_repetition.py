"""Gopher's repetition rules against table A1 of the paper (arXiv:2112.11446)."""

from tasks.filter.gopher_repetition import gopher_repetition

TABLE_A1 = {
    "duplicate_line_share": 0.30,
    "duplicate_paragraph_share": 0.30,
    "duplicate_line_character_share": 0.20,
    "duplicate_paragraph_character_share": 0.20,
    "top_2gram_share": 0.20,
    "top_3gram_share": 0.18,
    "top_4gram_share": 0.16,
    "duplicate_5gram_share": 0.15,
    "duplicate_6gram_share": 0.14,
    "duplicate_7gram_share": 0.13,
    "duplicate_8gram_share": 0.12,
    "duplicate_9gram_share": 0.11,
    "duplicate_10gram_share": 0.10,
}


def test_the_thresholds_are_those_of_the_paper():
    assert {rule.score: rule.threshold for rule in gopher_repetition.rules} == TABLE_A1
    assert {rule.operator for rule in gopher_repetition.rules} == {"<="}
