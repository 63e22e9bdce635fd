"""Vectors against scikit-learn's tf-idf, and exactness of their products."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import TruncatedSVD
from sklearn.metrics.pairwise import cosine_similarity

from tasks.order._basis import basis
from tasks.order._vectors import PPM, Vectors, cosines, from_embeddings, from_words, projected, similarities
from tests.units.order.made import documents


def made(count: int = 300) -> tuple[Vectors, np.ndarray]:
    table = documents(count)
    buckets, counts = table["word_buckets"].combine_chunks(), table["word_counts"].combine_chunks()
    offsets = buckets.offsets.to_numpy().astype(np.int64)
    vectors = from_words(offsets, buckets.values.to_numpy(), counts.values.to_numpy())
    known, words = np.unique(buckets.values.to_numpy(), return_inverse=True)
    matrix = np.zeros((count, len(known)))
    rows = np.repeat(np.arange(count), np.diff(offsets))
    matrix[rows, words] = 1 + np.log(counts.values.to_numpy())
    frequency = (matrix > 0).sum(axis=0)
    return vectors, matrix * np.log((count + 1) / (frequency + 0.5))


def sketches(vectors: Vectors, dimensions: int = 32) -> np.ndarray:
    return projected(vectors, basis(vectors.offsets, vectors.buckets, vectors.weights, dimensions))


def test_cosines_are_those_of_weighted_words():
    vectors, expected = made()
    rows = np.arange(len(vectors))
    found = similarities(vectors, rows, np.tile(rows, (len(vectors), 1))) / PPM
    assert np.abs(found - cosine_similarity(expected)).max() < 0.001


def test_directions_keep_as_much_as_a_singular_value_decomposition():
    vectors, expected = made()
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    best = cosine_similarity(TruncatedSVD(12, random_state=0).fit_transform(expected))
    made_of = cosine_similarity(sketches(vectors))
    upper = np.triu_indices(len(vectors), 1)
    assert np.corrcoef(best[upper], made_of[upper])[0, 1] > 0.9


def test_products_are_whole_numbers_that_float32_holds():
    dense = sketches(made()[0])
    assert (dense == np.rint(dense)).all()
    assert (np.abs(dense.astype(np.int64)) @ np.abs(dense.astype(np.int64)).T).max() < 1 << 24
    exact = dense.astype(np.int64) @ dense.astype(np.int64).T
    assert (dense @ dense.T == exact).all()
    assert (dense[::-1, ::-1] @ dense[:, ::-1].T == exact[::-1]).all()


@given(st.integers(1, 40), st.integers(0, 5))
@settings(deadline=None)
def test_embeddings_keep_their_cosines(dimensions, seed):
    embeddings = np.random.default_rng(seed).normal(size=(8, dimensions)).astype(np.float32)
    embeddings[3] = 0
    vectors = from_embeddings(embeddings)
    found = cosines(vectors, np.arange(7), np.arange(1, 8))
    assert np.abs(found - np.diag(cosine_similarity(embeddings), 1)).max() < 0.001 * max(1, dimensions**0.5 / 4)


def test_take_keeps_rows():
    vectors, _ = made(40)
    rows = np.array([7, 3, 3, 39])
    part = vectors.take(rows)
    assert (cosines(part, np.array([0, 1]), np.array([3, 2])) == cosines(vectors, rows[[0, 1]], rows[[3, 2]])).all()


def test_no_words_at_all():
    vectors = from_words(np.zeros(4, np.int64), np.zeros(0, np.int32), np.zeros(0, np.uint8))
    assert (sketches(vectors) == 0).all()
    assert (cosines(vectors, np.array([0]), np.array([1])) == 0).all()
