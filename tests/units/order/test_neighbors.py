"""Neighbor search against brute force; the same for any slicing."""

import pickle

import numpy as np
import pytest

from tasks.order._neighbors import build, search, search_all, slices
from tasks.order._vectors import PPM, cosines, from_embeddings
from tests.units.order.made import nearest


def vectors(count: int, dimensions: int = 16, seed: int = 0):
    random = np.random.default_rng(seed)
    centers = random.normal(size=(40, dimensions)) * 2
    return from_embeddings(
        (centers[random.integers(0, 40, count)] + random.normal(size=(count, dimensions))).astype(np.float32)
    )


def test_exact_search_agrees_with_brute_force():
    made = vectors(500)
    ids, found = search_all(build(made, neighbors=5, candidates=20, seed=0))
    expected_ids, expected = nearest(made.dense.astype(np.float64), 20)
    # Candidates are sought by whole-number products, which differ from cosines by 0.1 %: only the last ones may differ.
    assert (ids[:, :15] == expected_ids[:, :15]).all()
    assert np.abs(found - expected)[:, :15].max() <= 1


def test_cells_reach_the_recall_they_state():
    made = vectors(5_000)
    index = build(made, neighbors=5, candidates=20, seed=0, exact_limit=100)
    ids, _ = search_all(index)
    truth, _ = search_all(build(made, neighbors=5, candidates=20, seed=0))
    hits = np.mean([np.isin(a[:5], b[:5]).mean() for a, b in zip(truth, ids, strict=True)])
    assert index.recall >= 0.95
    assert abs(hits - index.recall) < 0.03


@pytest.mark.parametrize("exact_limit", [100, 10_000])
def test_any_slicing_gives_the_same(exact_limit):
    index = build(vectors(3_000), neighbors=5, candidates=20, seed=0, exact_limit=exact_limit)
    whole = search_all(pickle.loads(pickle.dumps(index)))
    for start, stop in ((0, 1), (5, 300), (2_047, 2_049), (0, 3_000)):
        for part, all_ in zip(search(index, (start, stop)), whole, strict=True):
            assert (part == all_[start:stop]).all()


def test_slices_cover_everything():
    assert list(slices(0)) == []
    assert list(slices(2_049)) == [(0, 2_048), (2_048, 2_049)]


def test_exact_duplicates_are_each_others_neighbors_not_their_own():
    made = from_embeddings(np.ones((6, 4), np.float32))
    ids, found = search_all(build(made, neighbors=2, candidates=5, seed=0))
    assert (found == PPM).all()
    assert ids.tolist() == [[other for other in range(6) if other != own] for own in range(6)]
    assert (cosines(made, np.array([0]), np.array([5])) == 1).all()


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_documents(count):
    ids, found = search_all(build(vectors(count), neighbors=5, candidates=20, seed=0))
    assert ids.shape == found.shape == (count, 1)
    assert ids.ravel().tolist() == [[], [-1], [1, 0]][count]
