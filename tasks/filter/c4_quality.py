"""C4's document rules, over the lines that survive its line rules, as two tools read them.

A line survives when it ends in terminal punctuation, has at least 3 words (5 in the variant ``dclm``), none over 1,000
characters, and names neither JavaScript nor a usage policy. The document then needs 5 sentences (3 in ``dclm``, which
also refuses documents of more than 190,000 characters). C4 also rewrites the document to these lines; a rule set only
decides.
"""

from schemas.rule import Rule, RuleSet

DATATROVE = (
    Rule("max_lorem_ipsum", "c4_lorem_ipsum", "<=", 0.0),
    Rule("max_curly_brackets", "c4_curly_brackets", "<=", 0.0),
    Rule("min_sentences", "c4_sentences", ">=", 5.0),
)
DCLM = (
    Rule("max_characters", "characters", "<=", 190_000.0),
    Rule("max_lorem_ipsum", "c4_long_line_lorem_ipsum", "<=", 0.0),
    Rule("max_curly_brackets", "c4_long_line_curly_brackets", "<=", 0.0),
    Rule("min_long_line_sentences", "c4_long_line_sentences", ">=", 3.0),
)

c4_quality = RuleSet(
    meaning="Text with a few sentences in well-formed lines, without placeholder text or curly brackets.",
    source=(
        "Raffel et al. 2020, JMLR 21(140), section 2.2; as in datatrove 0.10.1, pipeline/filters/c4_filters.py, "
        "or in DCLM (arXiv:2406.11794), baselines/baselines_configs/c4.yaml."
    ),
    rules=DATATROVE,
    variants={"datatrove": DATATROVE, "dclm": DCLM},
)
