"""Sorted batches: the same contexts, in groups that a plain sort gives, and less idling than in any order."""

from collections import Counter
from statistics import fmean, pstdev

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import RecipeError
from tasks import units
from tasks.transform._pieces import context_lengths, pieces
from tasks.transform.sorted_batches import figures, sorted_batches

SIZES = st.lists(st.integers(1, 30), max_size=40)


def contexts(sizes: list[int]) -> pa.Table:
    """A context of each size, of two documents where it can be."""
    rows = [
        (i, j, part) for i, size in enumerate(sizes) for j, part in enumerate([size // 2, size - size // 2]) if part
    ]
    return pieces(
        context_id=np.array([row[0] for row in rows], np.int64),
        position=np.array([j if sizes[i] > 1 else 0 for i, j, _ in rows], np.int32),
        doc_id=pa.array([100 * i + j for i, j, _ in rows], pa.uint64()),
        copy=np.zeros(len(rows), np.int32),
        start=np.zeros(len(rows), np.int64),
        stop=np.array([row[2] for row in rows], np.int64),
    )


def held(table: pa.Table) -> list[tuple[int, ...]]:
    found: dict[int, tuple[int, ...]] = {}
    for row in table.to_pylist():
        found[row["context_id"]] = (*found.get(row["context_id"], ()), row["doc_id"])
    return [found[i] for i in range(len(found))]


@settings(deadline=None)
@given(SIZES, st.integers(1, 9), st.integers(0, 9))
def test_groups_are_those_of_a_sort_and_no_context_is_lost(sizes: list[int], group_size: int, seed: int) -> None:
    made = sorted_batches(contexts(sizes), seed=seed, group_size=group_size)
    assert Counter(held(made)) == Counter(held(contexts(sizes)))
    found = context_lengths(made).tolist()
    groups = [found[i : i + group_size] for i in range(0, len(found), group_size)]
    falling = sorted(sizes, reverse=True)
    assert sorted(groups, reverse=True) == [falling[i : i + group_size] for i in range(0, len(found), group_size)]
    assert all(len(group) == group_size for group in groups[:-1])


@settings(deadline=None)
@given(SIZES.filter(bool), st.integers(1, 9))
def test_figures_are_those_of_their_definitions(sizes: list[int], group_size: int) -> None:
    groups = [sizes[i : i + group_size] for i in range(0, len(sizes), group_size)]
    assert figures(contexts(sizes), group_size=group_size) == pytest.approx(
        {
            "length_variation": fmean(pstdev(group) / fmean(group) for group in groups),
            "idle_share": fmean(1 - fmean(group) / max(group) for group in groups),
        }
    )


def test_batches_idle_less_and_come_in_an_order_of_the_seed() -> None:
    sizes = np.random.default_rng(0).lognormal(7, 1, 2000).astype(int).tolist()
    before = figures(contexts(sizes), group_size=8)
    orders = [sorted_batches(contexts(sizes), seed=seed) for seed in (0, 1)]
    after = figures(orders[0], group_size=8)
    assert before["idle_share"] > 0.5 and after["idle_share"] < 0.02
    assert after["length_variation"] < before["length_variation"] / 20
    assert held(orders[0]) != held(orders[1])
    means = context_lengths(orders[0]).reshape(-1, 8).mean(1)
    assert abs(np.corrcoef(means[:-1], means[1:])[0, 1]) < 0.2  # groups are shuffled


def test_a_group_has_at_least_one() -> None:
    with pytest.raises(RecipeError, match=r"group_size.*got 0"):
        units.unit("transform", "sorted_batches").resolve({"group_size": 0})
