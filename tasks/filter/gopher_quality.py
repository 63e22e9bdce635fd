"""Gopher's document quality rules, with its thresholds, as three tools read them.

In the first variant words are those of the text engine, punctuation included, so ``alpha_word_share`` is stricter than
a count of whitespace words: a full stop is a word without a letter. The stop words count once each and as written
("The" is not one). The paper's symbol rule covers hash signs and ellipses apart. DCLM and Dolma take the words between
white space and count a stop word each time, DCLM in any case; Dolma takes the median of the lengths.
"""

from schemas.rule import Rule, RuleSet


def _rules(
    words: str, length: str, marks: tuple[tuple[str, str], ...], bullets: str, ellipses: str, alpha: str, stops: str
) -> tuple[Rule, ...]:
    """The rules over scores of these names."""
    return (
        Rule("min_words", words, ">=", 50.0),
        Rule("max_words", words, "<=", 100_000.0),
        Rule("min_mean_word_length", length, ">=", 3.0),
        Rule("max_mean_word_length", length, "<=", 10.0),
        *(Rule(name, score, "<=", 0.1) for name, score in marks),
        Rule("max_bullet_line_share", bullets, "<=", 0.9),
        Rule("max_ellipsis_line_share", ellipses, "<=", 0.3),
        Rule("min_alpha_word_share", alpha, ">=", 0.8),
        Rule("min_stop_words", stops, ">=", 2.0),
    )


DATATROVE = _rules(
    "content_words",
    "mean_word_length",
    (("max_hash_word_ratio", "hash_word_ratio"), ("max_ellipsis_word_ratio", "ellipsis_word_ratio")),
    "bullet_line_share",
    "ellipsis_line_share",
    "alpha_word_share",
    "stop_words",
)
DCLM = _rules(
    "begun_words",
    "mean_spaced_word_length",
    (("max_mark_word_ratio", "mark_word_ratio"),),
    "listed_line_share",
    "trailing_line_share",
    "alpha_spaced_word_share",
    "folded_stop_word_count",
)
DOLMA = _rules(
    "spaced_words",
    "median_spaced_word_length",
    (("max_mark_word_ratio", "marked_word_share"),),
    "star_line_share",
    "ellipsis_sign_line_share",
    "alpha_spaced_word_share",
    "stop_word_count",
)

gopher_quality = RuleSet(
    meaning="Text that reads like prose: enough words, of plausible length, few symbols, bullets and ellipses.",
    source=(
        "Rae et al. 2021, arXiv:2112.11446, appendix A.1.1 (Quality filtering); "
        "as in datatrove 0.10.1, pipeline/filters/gopher_quality_filter.py, "
        "in DCLM (arXiv:2406.11794), baselines/baselines_configs/refinedweb.yaml, "
        "or in Dolma (arXiv:2402.00159), python/dolma/taggers/gopher.py with configs/dolma-v1_5/mixing."
    ),
    rules=DATATROVE,
    variants={"datatrove": DATATROVE, "dclm": DCLM, "dolma": DOLMA},
)
