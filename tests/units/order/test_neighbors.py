"""Neighbors by words and by embeddings against brute force."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.order._neighbors import centroids_of
from tasks.order._related import relate, relate_some, vectors_of
from tasks.order._vectors import LENGTH, PPM, from_embeddings, similarities
from tasks.order._words_index import asking, nothing_found, search_words, words_index
from tests.units.order.made import documents, nearest


def embedded(count: int, dimensions: int = 16, seed: int = 0):
    random = np.random.default_rng(seed)
    centers = random.normal(size=(40, dimensions)) * 2
    return from_embeddings(
        (centers[random.integers(0, 40, count)] + random.normal(size=(count, dimensions))).astype(np.float32)
    )


def compared(vectors, count: int):
    """The nearest by comparing all with all: positive cosines only, ties by the smaller document."""
    rows = np.arange(len(vectors))
    cosines = similarities(vectors, rows, np.tile(rows, (len(vectors), 1)))
    np.fill_diagonal(cosines, -PPM)
    ids = np.argsort(-cosines, axis=1, kind="stable")[:, :count]
    found = np.take_along_axis(cosines, ids, axis=1)
    return np.where(found > 0, ids, -1), np.where(found > 0, found, 0)


@settings(deadline=None, max_examples=20)
@given(st.integers(2, 150), st.integers(0, 100))
def test_words_find_what_comparing_all_finds(count, seed):
    vectors = vectors_of(documents(count, seed))
    related = relate(vectors, neighbors=10)
    ids, cosines = compared(vectors, related.ids.shape[1])
    assert (related.similarities == cosines).all()
    # Sums of products rank those who are compared: only ties at the very end may differ.
    assert (related.ids == ids)[:, : max(count - 2, 1) // 2].all()
    assert related.recall == 1.0


def test_a_small_budget_finds_most_and_never_anything_wrong():
    vectors = vectors_of(documents(3_000, topics=60))
    index = words_index(np.arange(3_000, dtype=np.int32), vectors)
    asked = asking(index.ranks, vectors, lambda words: np.diff(index.starts)[np.searchsorted(index.terms, words)])
    truth, some = nothing_found(3_000, 20), nothing_found(3_000, 20)
    search_words([(index, np.arange(3_000))], asked, truth)
    search_words([(index, np.arange(3_000))], asked, some, budget=1_500)
    shares = [np.isin(a[a >= 0], b).mean() for a, b in zip(truth[0][:, :10], some[0], strict=True)]
    assert 0.8 < np.mean(shares) < 1.0
    rows = np.arange(3_000)
    assert (np.where(some[0] < 0, 0, similarities(vectors, rows, some[0])) == some[1]).all()


def test_embeddings_find_what_comparing_all_finds():
    vectors = embedded(500)
    related = relate(vectors, neighbors=5)
    expected_ids, expected = nearest(vectors.dense.astype(np.float64), 20)
    # Candidates are sought by whole-number products, which differ from cosines by 0.1 %: only the last ones may differ.
    assert (related.ids[:, :15] == expected_ids[:, :15]).all()
    assert np.abs(related.similarities - expected)[:, :15].max() <= 1


@pytest.mark.parametrize("made", [lambda: embedded(300), lambda: vectors_of(documents(300))], ids=["dense", "words"])
def test_some_documents_find_what_all_find(made):
    vectors = made()
    rows = np.array([3, 44, 299])
    some, every = relate_some(vectors, rows, neighbors=5), relate(vectors, neighbors=5)
    assert (some.ids[rows] == every.ids[rows]).all() and (some.ids[rows] >= 0).any()
    assert (np.delete(some.ids, rows, axis=0) == -1).all()


def test_exact_duplicates_are_each_others_neighbors_not_their_own():
    related = relate(from_embeddings(np.ones((6, 4), np.float32)), neighbors=2)
    assert (related.similarities == PPM).all()
    assert related.ids.tolist() == [[other for other in range(6) if other != own] for own in range(6)]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_documents(count):
    for vectors in (embedded(count), vectors_of(documents(count))):
        related = relate(vectors, neighbors=5)
        assert related.ids.shape == related.similarities.shape == (count, 1)
        assert related.ids.ravel().tolist() in ([], [-1], [1, 0], [-1, -1])


def test_centroids_are_whole_numbers_and_split_what_is_apart():
    dense = np.rint(np.repeat(np.eye(4, dtype=np.float32), 30, axis=0) * LENGTH)
    found = centroids_of(dense, 4, np.random.default_rng(3))
    assert (found == np.rint(found)).all()
    assert np.isin(np.argmax(dense @ found.T, axis=1).reshape(4, 30).std(axis=1), 0).all()
