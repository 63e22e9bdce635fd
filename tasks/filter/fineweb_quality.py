"""FineWeb's own rules, found by comparing the statistics of better and worse crawls.

FineWeb runs them last: after both Gopher rule sets and after C4's rules without the one about terminal punctuation.
The paper's text says 0.1 for repeated lines, its table and its code 0.01. The newline rule is in the code only.
"""

from schemas.rule import Rule, RuleSet

fineweb_quality = RuleSet(
    meaning="Text in sentences rather than in lists: lines end in punctuation, are long enough and do not repeat.",
    source=(
        "Penedo et al. 2024, arXiv:2406.17557, section 3.6; "
        "as in datatrove 0.10.1, pipeline/filters/fineweb_quality_filter.py."
    ),
    rules=(
        Rule("min_terminal_line_share", "terminal_line_share", ">=", 0.12),
        Rule("max_short_line_share", "short_line_share", "<=", 0.67),
        Rule("max_duplicate_line_characters", "duplicate_line_characters", "<=", 0.01),
        Rule("max_newline_word_ratio", "newline_word_ratio", "<=", 0.3),
    ),
)
