"""UniMax against its published algorithm worked by hand, and against max-min fairness."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.reweight.temperature import temperature
from tasks.reweight.unimax import unimax
from tests.units.reweight.laws import broken, domains, tokens


@given(tokens, st.floats(0.1, 10), st.floats(0.5, 8))
def test_laws(sizes, factor, max_epochs):
    budget = max(1, round(sum(sizes) * factor))
    assert broken(unimax(domains(sizes), max_epochs=max_epochs, budget_tokens=budget), sizes, budget, max_epochs) == []


def test_small_domains_stop_at_the_cap_and_the_others_share_evenly():
    mixed = unimax(domains([1, 10, 100]), max_epochs=4, budget_tokens=60)
    assert (mixed["weight"].to_numpy() * 60).tolist() == pytest.approx([4, 28, 28])
    assert mixed["epochs"].to_pylist() == pytest.approx([4, 2.8, 0.28])


def test_one_epoch_of_all_tokens_is_the_natural_mixture():
    mixed = unimax(domains([3, 20, 77]), max_epochs=1)
    assert mixed["weight"].to_pylist() == pytest.approx([0.03, 0.2, 0.77])


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=8), st.floats(0.2, 4), st.floats(1, 8))
def test_it_is_the_uniform_mixture_under_water_filling(sizes, factor, max_epochs):
    budget = max(1, round(sum(sizes) * factor))
    uniform = temperature(domains(sizes), alpha=0, max_epochs=max_epochs, budget_tokens=budget)
    mixed = unimax(domains(sizes), max_epochs=max_epochs, budget_tokens=budget)
    assert mixed["weight"].to_numpy() == pytest.approx(uniform["weight"].to_numpy())


@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=6).filter(any), st.permutations(range(6)))
def test_the_order_of_domains_does_not_matter(sizes, order):
    table = domains(sizes)
    shuffled = table.take([i for i in order if i < len(sizes)])
    assert unimax(shuffled).equals(unimax(table))


def test_weights_are_plain_numbers():
    assert np.isfinite(unimax(domains([0, 1, 10**15]))["effective_tokens"].to_numpy()).all()
