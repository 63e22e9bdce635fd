"""Rules over a document's address, in the order of RefinedWeb: domain, hard words, soft words, part words.

A document without an address passes, and so does every document while no lists are named: they are settings of the
scorer ``url_rules``.
"""

from schemas.rule import Rule, RuleSet

url_quality = RuleSet(
    meaning="Addresses that no block list names: no listed domain, page or word, and fewer than two soft words.",
    source=(
        "Penedo et al. 2023, arXiv:2306.01116, section G.1; as in datatrove 0.10.1, pipeline/filters/url_filter.py."
    ),
    rules=(
        Rule("max_blocked_domain", "url_blocked_domain", "<=", 0.0),
        Rule("max_listed", "url_listed", "<=", 0.0),
        Rule("max_hard_words", "url_hard_words", "<=", 0.0),
        Rule("max_soft_words", "url_soft_words", "<=", 1.0),
        Rule("max_sub_words", "url_sub_words", "<=", 0.0),
    ),
)
