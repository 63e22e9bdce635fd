"""The heuristic filters of NeMo Curator with its defaults, in the order of its documentation.

Its words are those between white space and its lines those that are not blank. Of its marks of an ellipsis at a line's
end, "read more" is left out; paragraphs are separated by empty lines, where there it is each pair of line feeds.
"""

from schemas.rule import Rule, RuleSet

ratio_quality = RuleSet(
    meaning="Text of ordinary characters, words and finished lines, with little boilerplate and few repeats.",
    source=(
        "NVIDIA NeMo Curator, github.com/NVIDIA-NeMo/Curator, nemo_curator/stages/text/filters/heuristic; "
        "after Rae et al. 2021, arXiv:2112.11446, and Raffel et al. 2020, JMLR 21(140)."
    ),
    rules=(
        Rule("max_non_plain_share", "non_plain_share", "<=", 0.25),
        Rule("max_symbol_word_share", "symbol_word_share", "<=", 0.1),
        Rule("max_digit_share", "digit_share", "<=", 0.15),
        Rule("max_address_share", "address_share", "<=", 0.2),
        Rule("max_blank_share", "blank_share", "<=", 0.25),
        Rule("max_bracket_share", "bracket_share", "<=", 0.1),
        Rule("max_longest_word", "longest_word", "<=", 1000.0),
        Rule("min_spaced_words", "spaced_words", ">=", 50.0),
        Rule("max_spaced_words", "spaced_words", "<=", 100_000.0),
        Rule("max_policy_paragraph_share", "policy_paragraph_share", "<=", 0.4),
        Rule("max_filler_paragraph_share", "filler_paragraph_share", "<=", 0.0),
        Rule("min_mean_spaced_word_length", "mean_spaced_word_length", ">=", 3.0),
        Rule("max_mean_spaced_word_length", "mean_spaced_word_length", "<=", 10.0),
        Rule("max_unfinished_line_share", "unfinished_line_share", "<=", 0.85),
        Rule("max_trailing_line_share", "trailing_line_share", "<=", 0.3),
        Rule("min_stop_word_count", "stop_word_count", ">=", 2.0),
        Rule("min_alpha_spaced_word_share", "alpha_spaced_word_share", ">=", 0.8),
        Rule("min_unique_line_share", "unique_line_share", ">=", 0.7),
        Rule("min_unique_line_character_share", "unique_line_character_share", ">=", 0.8),
        Rule("min_unique_paragraph_share", "unique_paragraph_share", ">=", 0.7),
        Rule("min_unique_paragraph_character_share", "unique_paragraph_character_share", ">=", 0.8),
    ),
)
