"""What a recipe's words mean: comparisons, quantiles, tolerances."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import RecipeError, unknown
from schemas.recipe import Recipe, inline_rule


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("language_score >= 0.65", ("language_score", ">=", 0.65, None)),
        ("  words<5 ", ("words", "<", 5.0, None)),
        ("words == -1e3", ("words", "==", -1000.0, None)),
        ("words != 3", ("words", "!=", 3.0, None)),
        ("words <= q0.9", ("words", "<=", 0.0, 0.9)),
        ("words > q.25", ("words", ">", 0.0, 0.25)),
        ("words >= q1", ("words", ">=", 0.0, 1.0)),
        ("language == en", ("language", "==", "en", None)),
        ('language != "en"', ("language", "!=", "en", None)),
        ("license == CC BY 4.0", ("license", "==", "CC BY 4.0", None)),
        ("language in [en, de]", ("language", "in", "en|de", None)),
        ("language in ('en', \"de\")", ("language", "in", "en|de", None)),
        ("language not in en,de", ("language", "not in", "en|de", None)),
        ("created >= '2020'", ("created", ">=", "2020", None)),
        ("created < 2020-06-01", ("created", "<", "2020-06-01", None)),
    ],
)
def test_a_rule_is_read_as_it_is_written(text: str, expected: tuple[object, ...]) -> None:
    found = inline_rule(text)
    assert (found.rule.score, found.rule.operator, found.rule.threshold, found.quantile) == expected
    assert found.rule.name == text.strip()


@pytest.mark.parametrize(
    "text", ["", "words", "words >=", ">= 5", "words = 5", "words => 5", "words === 5", "a b >= 5"]
)
def test_what_is_no_comparison_is_refused(text: str) -> None:
    with pytest.raises(RecipeError, match="cannot read rule"):
        inline_rule(text)


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([">=", ">", "<=", "<", "==", "!="]))
def test_a_number_is_compared_with_exactly_that_number(value: float, operator: str) -> None:
    rule = inline_rule(f"words {operator} {value!r}").rule
    assert (rule.threshold, rule.operator) == (value, operator)


@given(st.text(max_size=30))
def test_any_text_is_a_rule_or_refused(text: str) -> None:
    try:
        assert inline_rule(text).rule.name == text.strip()
    except RecipeError as error:
        assert repr(text) in str(error)


@pytest.mark.parametrize(
    ("tolerance", "records", "allowed"),
    [
        (0, 10, 0),
        (3, 10, 3),
        (3, 1, 3),
        (0.1, 10, 1),
        (0.1, 9, 0),
        ("10%", 19, 1),
        ("0.1%", 999, 0),
        (1.0, 7, 7),
        (0.0, 7, 0),
    ],
)
def test_a_tolerance_is_a_count_or_a_share(tolerance: object, records: int, allowed: int) -> None:
    recipe = Recipe.model_validate({"name": "x", "sources": {"a": {"path": "a"}}, "tolerance": tolerance})
    assert recipe.tolerated(records) == allowed


def test_the_nearest_right_name_is_told_or_all_of_them() -> None:
    assert unknown("rule", "gopher", ["gopher_quality", "size"]).endswith("did you mean 'gopher_quality'?")
    assert unknown("rule", "zzz", ["b", "a"]) == "unknown rule 'zzz'; known: a, b"
    assert unknown("rule", "zzz", []) == "unknown rule 'zzz'; known: none"
