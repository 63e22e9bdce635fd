"""Gopher's repetition rules, with the thresholds of table A1.

The same names hide different measures in different tools: for duplicate 5-grams, one text of 17 words scores 0.30
in datatrove, 0.88 in DCLM and 0.23 in Dolma. The scores compared here follow datatrove.
"""

from schemas.rule import Rule, RuleSet

gopher_repetition = RuleSet(
    meaning="Text that does not repeat itself: few repeated lines, paragraphs and word n-grams.",
    source=(
        "Rae et al. 2021, arXiv:2112.11446, table A1; "
        "as in datatrove 0.10.1, pipeline/filters/gopher_repetition_filter.py."
    ),
    rules=(
        Rule("max_duplicate_paragraph_share", "duplicate_paragraph_share", "<=", 0.30),
        Rule("max_duplicate_paragraph_character_share", "duplicate_paragraph_character_share", "<=", 0.20),
        Rule("max_duplicate_line_share", "duplicate_line_share", "<=", 0.30),
        Rule("max_duplicate_line_character_share", "duplicate_line_character_share", "<=", 0.20),
        Rule("max_top_2gram_share", "top_2gram_share", "<=", 0.20),
        Rule("max_top_3gram_share", "top_3gram_share", "<=", 0.18),
        Rule("max_top_4gram_share", "top_4gram_share", "<=", 0.16),
        Rule("max_duplicate_5gram_share", "duplicate_5gram_share", "<=", 0.15),
        Rule("max_duplicate_6gram_share", "duplicate_6gram_share", "<=", 0.14),
        Rule("max_duplicate_7gram_share", "duplicate_7gram_share", "<=", 0.13),
        Rule("max_duplicate_8gram_share", "duplicate_8gram_share", "<=", 0.12),
        Rule("max_duplicate_9gram_share", "duplicate_9gram_share", "<=", 0.11),
        Rule("max_duplicate_10gram_share", "duplicate_10gram_share", "<=", 0.10),
    ),
)
