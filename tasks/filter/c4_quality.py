"""C4's document rules, over the lines that survive its line rules.

A line survives when it ends in terminal punctuation, has at least 3 words, none over 1,000 characters, and names
neither JavaScript nor a usage policy. C4 also rewrites the document to these lines; a rule set only decides.
"""

from schemas.rule import Rule, RuleSet

c4_quality = RuleSet(
    meaning="Text with at least five sentences in well-formed lines, without placeholder text or curly brackets.",
    source="Raffel et al. 2020, JMLR 21(140), section 2.2; as in datatrove 0.10.1, pipeline/filters/c4_filters.py.",
    rules=(
        Rule("max_lorem_ipsum", "c4_lorem_ipsum", "<=", 0.0),
        Rule("max_curly_brackets", "c4_curly_brackets", "<=", 0.0),
        Rule("min_sentences", "c4_sentences", ">=", 5.0),
    ),
)
