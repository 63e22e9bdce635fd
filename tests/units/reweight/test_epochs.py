"""Epoch caps, effective tokens and copies, against published figures and a brute-force projection."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from schemas.errors import UnitError
from tasks.reweight._epochs import capped, checked, copies, effective_tokens

shares = st.lists(st.floats(0.001, 1), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("epochs", "worth"),
    [(1, 1.0), (2, 1.968), (3, 2.875), (4, 3.726), (5, 4.522), (8, 6.624), (16, 10.58), (40, 15.17)],
)
def test_epochs_are_worth_what_muennighoff_et_al_fitted(epochs, worth):
    assert effective_tokens(1.0, epochs) == pytest.approx(worth, abs=0.006)


def test_under_one_epoch_every_token_counts():
    assert effective_tokens([100.0, 100.0], [0.0, 0.25]).tolist() == [0.0, 25.0]


@given(shares, st.data())
def test_capped_shares_keep_to_their_limits_and_the_free_ones_keep_their_ratios(raw, data):
    wanted = np.array(raw) / sum(raw)
    limits = np.array(data.draw(st.lists(st.floats(0.01, 2), min_size=len(raw), max_size=len(raw))))
    drawn = capped(wanted, limits)
    assert (drawn <= limits + 1e-12).all()
    assert drawn.sum() == pytest.approx(min(1.0, limits.sum()))
    assert drawn == pytest.approx(_projection(wanted, limits), abs=1e-9)


def _projection(wanted, limits):
    """The same projection by root finding: min(limit, level x share) with the level at which the sum is 1."""
    if limits.sum() <= 1:
        return limits
    level = brentq(lambda x: np.minimum(limits, x * wanted).sum() - 1, 0, 2 * (limits / wanted).max(), xtol=1e-14)
    return np.minimum(limits, level * wanted)


def test_copies_are_the_whole_part_and_a_fraction_on_average():
    ids = np.arange(200_000, dtype=np.uint64)
    counts = copies(ids, 2.3, seed=1)
    assert set(counts.tolist()) == {2, 3}
    assert counts.mean() == pytest.approx(2.3, abs=4 * (0.3 * 0.7 / len(ids)) ** 0.5)


@given(st.permutations(range(50)), st.integers(0, 2**63))
def test_copies_do_not_depend_on_the_order_of_documents(order, seed):
    ids = np.arange(50, dtype=np.uint64) * np.uint64(2**58)
    rates = np.linspace(0, 3, 50)
    assert (copies(ids, rates, seed)[list(order)] == copies(ids[list(order)], rates[list(order)], seed)).all()


def test_copies_grow_with_epochs_and_change_with_the_seed():
    ids = np.arange(10_000, dtype=np.uint64)
    counts = [copies(ids, rate, seed=0) for rate in (0.0, 0.2, 0.9, 1.0, 1.5, 4.0)]
    assert all((later >= earlier).all() for earlier, later in pairwise(counts))
    assert counts[0].sum() == 0 and (counts[3] == 1).all() and (counts[5] == 4).all()
    agreement = (copies(ids, 0.5, seed=0) == copies(ids, 0.5, seed=1)).mean()
    assert agreement == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("rate", [-0.1, float("nan"), float("inf")])
def test_impossible_epochs_are_refused(rate):
    with pytest.raises(UnitError, match="epochs"):
        copies(np.array([1], np.uint64), rate, seed=0)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"domain": ["a"], "documents": [1]}, "missing: tokens"),
        ({"domain": ["a", None], "documents": [1, 1], "tokens": [1, 1]}, "null"),
        ({"domain": ["a", "a"], "documents": [1, 1], "tokens": [1, 1]}, "listed twice: a"),
        ({"domain": ["a"], "documents": [1], "tokens": [-1]}, "domains with tokens"),
        ({"domain": ["a"], "documents": [1], "tokens": [0]}, "domains with tokens"),
        ({"domain": [], "documents": [], "tokens": []}, "domains with tokens"),
    ],
)
def test_domains_that_cannot_be_mixed_are_refused(columns, message):
    with pytest.raises(UnitError, match=message):
        checked(pa.table(columns))
