"""Gopher's repetition rules, with the thresholds of table A1, as three tools read them.

The same names hide different measures: for duplicate 5-grams, one text of 17 words scores 0.30 in datatrove, 0.88 in
DCLM and 0.23 in Dolma. The first variant compares the scores of ``repetition``, ``dclm`` those of
``covered_repetition`` and ``dolma`` those of ``counted_repetition``, which has no paragraphs and allows more characters
in repeated lines.
"""

from schemas.rule import Rule, RuleSet

LINES = (
    ("max_duplicate_paragraph_share", 0.30),
    ("max_duplicate_paragraph_character_share", 0.20),
    ("max_duplicate_line_share", 0.30),
    ("max_duplicate_line_character_share", 0.20),
)
TOP = {2: 0.20, 3: 0.18, 4: 0.16}
DUPLICATE = {5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.10}


def _ngrams(top: str, duplicate: str) -> tuple[Rule, ...]:
    """The n-gram rules over scores of these names, ``#`` for n."""
    frequent = [Rule(f"max_top_{n}gram_share", top.replace("#", str(n)), "<=", limit) for n, limit in TOP.items()]
    again = [(f"max_duplicate_{n}gram_share", duplicate.replace("#", str(n)), limit) for n, limit in DUPLICATE.items()]
    return (*frequent, *(Rule(name, score, "<=", limit) for name, score, limit in again))


DATATROVE = (
    *(Rule(name, name.removeprefix("max_"), "<=", limit) for name, limit in LINES),
    *_ngrams("top_#gram_share", "duplicate_#gram_share"),
)
DCLM = (
    *(Rule(name, name.replace("max_duplicate", "recurring"), "<=", limit) for name, limit in LINES),
    *_ngrams("recurring_#gram_share", "covered_#gram_share"),
)
DOLMA = (
    Rule("max_duplicate_line_share", "counted_line_share", "<=", 0.30),
    Rule("max_counted_line_character_share", "counted_line_character_share", "<=", 0.30),
    *_ngrams("counted_#gram_share", "counted_#gram_share"),
)

gopher_repetition = RuleSet(
    meaning="Text that does not repeat itself: few repeated lines, paragraphs and word n-grams.",
    source=(
        "Rae et al. 2021, arXiv:2112.11446, table A1; "
        "as in datatrove 0.10.1, pipeline/filters/gopher_repetition_filter.py, "
        "in DCLM (arXiv:2406.11794), baselines/mappers/filters/content_filters.py, "
        "or in Dolma (arXiv:2402.00159), python/dolma/taggers/gopher.py with configs/dolma-v1_5/mixing."
    ),
    rules=DATATROVE,
    variants={"datatrove": DATATROVE, "dclm": DCLM, "dolma": DOLMA},
)
