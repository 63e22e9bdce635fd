"""The temperature mixture against its formula, its limits and its cap."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import RecipeError
from tasks import units
from tasks.reweight.natural import natural
from tasks.reweight.temperature import temperature
from tests.units.reweight.laws import broken, domains, tokens


@given(tokens, st.floats(0, 3), st.floats(0.1, 10), st.floats(0.5, 8))
def test_laws(sizes, alpha, factor, max_epochs):
    budget = max(1, round(sum(sizes) * factor))
    mixed = temperature(domains(sizes), alpha=alpha, max_epochs=max_epochs, budget_tokens=budget)
    assert broken(mixed, sizes, budget, max_epochs) == []


@given(st.lists(st.integers(1, 10**9), min_size=2, max_size=6), st.floats(0, 2))
def test_without_a_cap_weights_are_powers_of_tokens(sizes, alpha):
    expected = np.array(sizes, float) ** alpha
    mixed = temperature(domains(sizes), alpha=alpha, max_epochs=None)
    assert mixed["weight"].to_numpy() == pytest.approx(expected / expected.sum())


def test_alpha_1_is_natural_and_alpha_0_is_uniform_over_domains_with_tokens():
    sizes = [0, 40, 60]
    expected = natural(domains(sizes))["weight"].to_pylist()
    assert temperature(domains(sizes), alpha=1)["weight"].to_pylist() == pytest.approx(expected)
    assert temperature(domains(sizes), alpha=0, max_epochs=None)["weight"].to_pylist() == [0, 0.5, 0.5]


def test_a_capped_domain_leaves_the_rest_to_the_others():
    mixed = temperature(domains([1, 100, 899]), alpha=0, max_epochs=4)
    assert mixed["epochs"].to_pylist() == pytest.approx([4, 4, (1000 - 404) / 899])


def test_a_huge_alpha_stays_finite():
    mixed = temperature(domains([1, 10**6, 10**12]), alpha=10_000)
    assert np.isfinite(mixed["weight"].to_numpy()).all()


@pytest.mark.parametrize("alpha", [-0.1, float("nan"), float("inf")])
def test_an_impossible_alpha_is_refused(alpha):
    with pytest.raises(RecipeError, match="alpha"):
        units.unit("reweight", "temperature").resolve({"alpha": alpha})
