"""The readings of Gopher's rules by DCLM and Dolma, against what these tools computed; see ``variants``."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from schemas.errors import RecipeError
from schemas.rule import Rule, RuleSet
from tasks.check import scorer_of
from tasks.text.batch import TextBatch
from tasks.units import unit, units
from tests.benchmarks._agreement import kept
from tests.units.filter.variants import GOLDEN, texts

TOOLS = ("dolma", "dclm")
# fastText, whose words DCLM counts, takes ASCII white space only to end a word.
WIDE_SPACES = "\u2028\u00a0\u2029\u0085"


def expected(tool: str) -> dict[str, dict]:
    return json.loads(Path(__file__).with_name(f"{tool}.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def ours() -> dict[str, dict[str, float]]:
    names = {score for tool in TOOLS for line in expected(tool).values() for score in line["values"]}
    batch = TextBatch(pa.array(texts().values(), pa.large_string()))
    columns = {}
    for scorer in sorted({scorer_of()[name] for name in names}):
        columns |= unit("score", scorer).call(batch)
    return {text: {name: float(np.asarray(columns[name])[row]) for name in names} for row, text in enumerate(texts())}


@pytest.mark.parametrize("tool", TOOLS)
def test_a_score_has_the_value_that_the_tool_compares(tool: str, ours: dict[str, dict[str, float]]) -> None:
    reference = expected(tool)
    assert set(reference) == set(texts())
    scores = {score for line in reference.values() for score in line["values"]}
    wrong = {
        (name, score): (ours[name][score], line["values"].get(score, 0))
        for name, line in reference.items()
        for score in scores
        if ours[name][score] != pytest.approx(line["values"].get(score, 0), abs=2e-6)
        and not (score == "begun_words" and set(texts()[name]) & set(WIDE_SPACES))
    }
    assert not wrong


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("name", ["gopher_quality", "gopher_repetition"])
def test_a_variant_decides_like_the_tool(tool: str, name: str, ours: dict[str, dict[str, float]]) -> None:
    rules = unit("filter", name).call.variants[tool]
    decisions = {text: all(kept(rule, ours[text]) for rule in rules) for text in texts()}
    assert decisions == {text: line["decisions"][name] for text, line in expected(tool).items()}
    assert set(decisions.values()) == {True, False}


def test_c4_with_five_words_per_line_keeps_the_lines_that_dclm_keeps() -> None:
    batch = TextBatch(pa.array(texts().values(), pa.large_string()))
    found = unit("score", "c4_long_lines").call(batch)
    dropped = found["c4_long_line_lorem_ipsum"] + found["c4_long_line_curly_brackets"] > 0
    reference = expected("dclm")
    wrong = [
        (name, reference[name]["c4"], lines)
        for name, lines, drop in zip(texts(), found["c4_long_kept_lines"].tolist(), dropped.tolist(), strict=True)
        # A citation mark is deleted at the end of a line only, not inside one.
        if reference[name]["c4"] != (False if drop else lines) and "[12]" not in texts()[name]
    ]
    assert not wrong
    kinds = {type(line["c4"]) for line in reference.values()}
    assert kinds == {bool, int} and max(line["c4"] for line in reference.values()) > 3


def test_one_text_has_three_shares_of_duplicate_5grams(ours: dict[str, dict[str, float]]) -> None:
    (first,) = unit("score", "repetition").call(TextBatch(pa.array([GOLDEN])))["duplicate_5gram_share"]
    found = (first, ours["golden"]["covered_5gram_share"], ours["golden"]["counted_5gram_share"])
    assert found == pytest.approx((10 / 33, 15 / 17, 0.23077), abs=1e-5)


# Variants of any rule set

WITH_VARIANTS = [found for found in units("filter") if found.call.variants]


@pytest.mark.parametrize("found", WITH_VARIANTS, ids=lambda found: found.name)
def test_rules_of_one_name_have_one_threshold_and_the_first_variant_is_the_default(found) -> None:
    rule_set: RuleSet = found.call
    assert len({(rule.name, rule.operator, rule.threshold) for rule in rule_set.every_rule}) == len(
        {rule.name for rule in rule_set.every_rule}
    )
    assert rule_set.chosen(found.resolve(None)) == rule_set.rules == next(iter(rule_set.variants.values()))
    assert {rule.score for rule in rule_set.every_rule} <= {*scorer_of(), "characters"}


def test_a_variant_is_a_setting() -> None:
    found = unit("filter", "gopher_quality")
    resolved = found.resolve({"variant": "dolma", "max_mark_word_ratio": 0.2})
    chosen = {rule.name: resolved[rule.name] for rule in found.call.chosen(resolved)}
    assert chosen["max_mark_word_ratio"] == 0.2 and "max_hash_word_ratio" not in chosen
    with pytest.raises(RecipeError, match=r"'variant' of gopher_quality: .*'datatrove', 'dclm' or 'dolma'"):
        found.resolve({"variant": "gopher"})


def test_a_threshold_of_another_variant_is_refused() -> None:
    with pytest.raises(RecipeError, match="'max_hash_word_ratio' of gopher_quality: its variant dolma has no such"):
        unit("filter", "gopher_quality").resolve({"variant": "dolma", "max_hash_word_ratio": 0.2})


def test_a_rule_set_without_variants_has_no_such_setting() -> None:
    rule_set = RuleSet("Long.", "Gristmill.", (Rule("min_words", "words", ">=", 50),))
    assert set(rule_set.settings) == {"min_words", "inverse"} and rule_set.chosen({}) == rule_set.rules
