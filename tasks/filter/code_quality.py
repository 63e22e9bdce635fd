"""StarCoder's filters of source files: no data written as code, no markup under a wrong name, no HTML of tags alone.

Thresholds are the defaults of its published program, which also asked for 1 to 80 % of comments in Python, Java and
JavaScript and for files of known endings; those depend on the language, so they are rules to add for some documents:
``{rule: "comment_line_share >= 0.01", where: "comment_marks == #"}``. HTML must show more than a fifth of itself,
and 100 characters.
"""

from schemas.rule import Rule, RuleSet

code_quality = RuleSet(
    meaning="Program text with lines of bounded length that is mostly words, and HTML with text to be seen.",
    source=(
        "Li et al. 2023, StarCoder, arXiv:2305.06161; "
        "as in bigcode-project/bigcode-dataset, preprocessing/filtering.py and arguments.py."
    ),
    rules=(
        Rule("max_mean_line_characters", "mean_line_characters", "<=", 100.0),
        Rule("max_longest_line_characters", "longest_line_characters", "<=", 1000.0),
        Rule("min_alphanumeric_share", "alphanumeric_share", ">=", 0.25),
        Rule("no_xml_marker", "xml_marker", "==", 0.0),
        Rule("min_html_visible_share", "html_visible_share", ">", 0.2),
    ),
)
