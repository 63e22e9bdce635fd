"""Curricula: permutations that a score decides; each mode against a plain reading of what it says."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau

from schemas.errors import RecipeError
from tasks import units
from tasks.order.curriculum import curriculum

MODES = ("ascending", "descending", "folding", "pacing", "interleave")
ROWS = st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(-3, 3)), unique_by=lambda row: row[0])


def table(rows):
    return pa.table(
        {"doc_id": pa.array([row[0] for row in rows], pa.uint64()), "s": pa.array([row[1] for row in rows], pa.int64())}
    )


def many(count: int) -> pa.Table:
    """Documents whose score is their number."""
    return table([(i * 7919, i) for i in range(count)])


@given(ROWS, st.sampled_from(MODES), st.integers(1, 4), st.integers(0, 9))
@settings(deadline=None)
def test_it_is_a_permutation_that_no_order_of_rows_changes(rows, mode, parts, seed):
    asked = {"seed": seed, "score": "s", "mode": mode, "folds": parts, "bins": parts}
    found = curriculum(table(rows), **asked)
    assert sorted(found.tolist()) == list(range(len(rows)))
    turned = [rows[i] for i in np.random.default_rng(len(rows)).permutation(len(rows))]
    assert [turned[i] for i in curriculum(table(turned), **asked)] == [rows[i] for i in found]


@given(ROWS, st.integers(0, 9))
@settings(deadline=None)
def test_sorted_is_sorted(rows, seed):
    scores = [rows[i][1] for i in curriculum(table(rows), seed=seed, score="s")]
    assert scores == sorted(scores)
    scores = [rows[i][1] for i in curriculum(table(rows), seed=seed, score="s", mode="descending")]
    assert scores == sorted(scores, reverse=True)


@given(ROWS, st.integers(1, 5), st.integers(0, 9))
@settings(deadline=None)
def test_folds_are_every_so_manyth_of_the_sorted_list(rows, folds, seed):
    ascending = curriculum(table(rows), seed=seed, score="s").tolist()
    expected = [row for fold in range(folds) for row in ascending[fold::folds]]
    assert curriculum(table(rows), seed=seed, score="s", mode="folding", folds=folds).tolist() == expected


@given(ROWS, st.integers(1, 6), st.integers(0, 9))
@settings(deadline=None)
def test_every_turn_has_one_of_each_bin_from_the_lowest(rows, bins, seed):
    rank = np.argsort(curriculum(table(rows), seed=seed, score="s"))
    found = curriculum(table(rows), seed=seed, score="s", mode="interleave", bins=bins)
    places = [int(rank[row]) * bins // len(rows) for row in found]
    begin, held = 0, [sorted(places).count(part) for part in range(bins)]
    for turn in range(max(held, default=0)):
        expected = [part for part in range(bins) if held[part] > turn]
        assert places[begin : begin + len(expected)] == expected
        begin += len(expected)


def test_pacing_draws_evenly_from_what_it_has_reached():
    count, start, power = 4000, 0.2, 2.0
    found = np.array([curriculum(many(count), seed=seed, score="s", mode="pacing", start=start) for seed in range(20)])
    reached = start + (1 - start) * (np.arange(count) / count) ** (1 / power)
    assert (found <= np.ceil(reached * count)).all()
    first = found[:, :100].ravel() / count  # hardly anything is taken yet: even over what is reached
    assert first.mean() == pytest.approx(reached[:100].mean() / 2, rel=0.05) and first.max() > 0.9 * reached[100]
    assert len(np.unique(found[:, 0])) > 15


def test_how_strongly_each_mode_follows_the_score():
    def tau(**asked):
        return kendalltau(np.arange(1200), curriculum(many(1200), seed=0, score="s", **asked)).statistic

    assert tau() == 1 and tau(mode="descending") == -1
    assert tau(mode="folding", folds=3) == pytest.approx(1 / 3, abs=0.01)
    assert tau(mode="interleave") == pytest.approx(0, abs=0.05)
    assert 0.2 < tau(mode="pacing", start=0.1) < 0.9
    assert tau(mode="pacing", start=1.0) == pytest.approx(0, abs=0.05)
    assert tau(mode="pacing", start=0.0, power=0.5) == 1  # never more than one to choose from


def test_equal_scores_are_shuffled_by_the_seed_and_not_by_identity():
    rows = [(i, 0) for i in range(2000)]
    orders = [curriculum(table(rows), seed=seed, score="s") for seed in (0, 1)]
    assert not np.array_equal(*orders)
    assert all(abs(kendalltau(np.arange(2000), order).statistic) < 0.05 for order in orders)


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_missing_scores_are_refused(missing):
    documents = pa.table({"doc_id": pa.array([3, 4], pa.uint64()), "s": [1.0, missing]})
    with pytest.raises(RecipeError, match=r"'s' is missing for 1 of 2 documents .the first: doc_id 4"):
        curriculum(documents, seed=0, score="s")


def test_what_cannot_be_is_said():
    with pytest.raises(RecipeError, match="did you mean 'quality'"):
        curriculum(pa.table({"doc_id": [1], "quality": [1.0]}), seed=0, score="qualty")
    for asked, said in [
        ({"folds": 0}, "'folds' of curriculum"),
        ({"bins": 0}, "'bins' of curriculum"),
        ({"start": 1.1}, "'start' of curriculum"),
        ({"power": 0.0}, "'power' of curriculum"),
    ]:
        with pytest.raises(RecipeError, match=said):
            units.unit("order", "curriculum").resolve({"score": "s", **asked})
