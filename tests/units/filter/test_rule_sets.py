"""Laws of every published rule set."""

import operator

import pytest

from schemas.rule import RuleSet
from tasks.check import scorer_of
from tasks.units import units

RULE_SETS = units("filter")
KEPT = {">=": operator.ge, "<=": operator.le, "==": operator.eq}
NAMED = {">=": "min_", ">": "min_", "<=": "max_", "==": "no_"}


@pytest.mark.parametrize("unit", RULE_SETS, ids=lambda unit: unit.name)
def test_a_rule_set_is_data_with_a_meaning_a_citation_and_distinct_rule_names(unit):
    rules = unit.call
    assert isinstance(rules, RuleSet)
    assert rules.meaning.endswith(".") and len(rules.meaning) < 120
    assert any(place in rules.source for place in ("arXiv", "JMLR", "github.com"))
    assert len({rule.name for rule in rules.rules}) == len(rules.rules) > 0


@pytest.mark.parametrize("unit", RULE_SETS, ids=lambda unit: unit.name)
def test_a_rule_is_named_for_the_side_it_keeps(unit):
    for rule in unit.call.rules:
        assert rule.name.startswith(NAMED[rule.operator])


@pytest.mark.parametrize("unit", RULE_SETS, ids=lambda unit: unit.name)
def test_every_rule_compares_a_score_that_a_scorer_gives(unit):
    assert {rule.score for rule in unit.call.rules} <= set(scorer_of())


@pytest.mark.parametrize("unit", RULE_SETS, ids=lambda unit: unit.name)
def test_a_value_at_the_threshold_is_kept(unit):
    for rule in unit.call.rules:
        assert rule.operator == ">" or KEPT[rule.operator](rule.threshold, rule.threshold)


def test_a_changed_threshold_is_a_setting_of_the_rule_set():
    gopher = next(unit for unit in RULE_SETS if unit.name == "gopher_quality")
    assert gopher.resolve({"min_words": 20})["min_words"] == 20
    assert gopher.resolve({})["min_alpha_word_share"] == 0.8
