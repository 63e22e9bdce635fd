"""Scores and decisions against datatrove 0.10.1, on passages changed in the ways that the rules look for.

``datatrove.json`` is written by ``passages.py``. Where ours differ by intent, ``differs_by_intent`` says why.
"""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tasks.check import scorer_of
from tasks.text.batch import TextBatch
from tasks.units import unit
from tests.benchmarks._agreement import kept
from tests.units.filter.passages import passages

EXPECTED = json.loads(Path(__file__).with_name("datatrove.json").read_text(encoding="utf-8"))
RULE_SETS = {name: unit("filter", name).call for name in next(iter(EXPECTED.values()))["decisions"]}
SCORES = sorted({rule.score for rule_set in RULE_SETS.values() for rule in rule_set.rules})


@pytest.fixture(scope="module")
def ours():
    batch = TextBatch(pa.array(passages().values(), pa.large_string()))
    found = {}
    for name in sorted({scorer_of()[score] for score in SCORES}):
        found |= unit("score", name).call(batch)
    return {score: dict(zip(passages(), np.asarray(found[score]).tolist(), strict=True)) for score in SCORES}


def differs_by_intent(score, name, value):
    """Whether a score is not meant to be datatrove's."""
    text = passages()[name]
    if score.startswith("top_"):
        return value == 0  # an n-gram that occurs once repeats nothing
    if score.startswith("duplicate_line_"):
        return text.startswith("\n") and text.endswith("\n")  # their empty ends are not two equal lines
    if score == "c4_sentences":
        return "[12]" in text  # a citation mark is deleted at the end of a line only, not inside one
    if score in ("content_words", "mean_word_length"):
        return "•" in text or "°" in text  # signs that its list of punctuation lacks, so that it counts them as words
    return False


@pytest.mark.parametrize("score", SCORES)
def test_a_score_has_the_value_that_datatrove_compares(ours, score):
    assert set(ours[score]) == set(EXPECTED)
    wrong = {
        name: (value, EXPECTED[name]["values"].get(score, 0))
        for name, value in ours[score].items()
        if value != pytest.approx(EXPECTED[name]["values"].get(score, 0), rel=1e-4, abs=1e-6)
        and not differs_by_intent(score, name, value)
    }
    assert wrong == {}


@pytest.mark.parametrize("rule_set", RULE_SETS)
def test_a_rule_set_keeps_the_documents_that_datatrove_keeps(ours, rule_set):
    scores = {rule.score for rule in RULE_SETS[rule_set].rules}
    for name, expected in EXPECTED.items():
        values = {score: ours[score][name] for score in scores}
        if not any(differs_by_intent(score, name, value) for score, value in values.items()):
            decision = all(kept(rule, values) for rule in RULE_SETS[rule_set].rules)
            assert decision == (expected["decisions"][rule_set] is True), name


def test_the_passages_fall_on_both_sides_of_every_rule_set():
    for rule_set in RULE_SETS:
        assert len({expected["decisions"][rule_set] is True for expected in EXPECTED.values()}) == 2
