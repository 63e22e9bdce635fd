"""The natural mixture sees every token equally often."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import RecipeError
from tasks import units
from tasks.reweight.natural import natural
from tests.units.reweight.laws import broken, domains, tokens


@given(tokens, st.floats(0.1, 10), st.floats(0.5, 8))
def test_laws(sizes, factor, max_epochs):
    budget = max(1, round(sum(sizes) * factor))
    assert broken(natural(domains(sizes), max_epochs=max_epochs, budget_tokens=budget), sizes, budget, max_epochs) == []


def test_all_domains_have_the_same_epochs():
    mixed = natural(domains([5, 50, 500]), budget_tokens=1110)
    assert mixed["epochs"].to_pylist() == pytest.approx([2, 2, 2])
    assert mixed["weight"].to_pylist() == pytest.approx(mixed["natural_share"].to_pylist())


def test_a_budget_beyond_the_cap_is_reported_as_missing():
    mixed = natural(domains([30, 70]), max_epochs=2, budget_tokens=300)
    assert mixed["epochs"].to_pylist() == [2, 2]
    assert mixed["shortfall_tokens"].to_pylist() == pytest.approx([30, 70])


def test_one_domain_and_no_cap():
    assert natural(domains([10]), max_epochs=None, budget_tokens=1000)["epochs"].to_pylist() == [100]


@pytest.mark.parametrize("settings", [{"budget_tokens": 0}, {"max_epochs": 0}, {"max_epochs": float("nan")}])
def test_impossible_settings_are_refused(settings):
    with pytest.raises(RecipeError, match=next(iter(settings))):
        units.unit("reweight", "natural").resolve(settings)
