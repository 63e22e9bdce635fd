"""Made documents and neighbor tables for the tests of ordering."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tasks.order._features import word_counts
from tasks.order._vectors import PPM

Table = tuple[NDArray[np.int32], NDArray[np.int32]]


def documents(count: int, seed: int = 0, topics: int = 12, words: int = 40) -> pa.Table:
    """Documents of random words, most of them from the vocabulary of one topic."""
    random = np.random.default_rng(seed)
    topic = random.integers(0, topics, (count, 1))
    own = topic * 200 + random.integers(0, 60, (count, words))
    words_of = np.where(random.random((count, words)) < 0.7, own, random.integers(10_000, 10_500, (count, words)))
    doc_ids = random.permutation(count).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    tokens = random.integers(5, 400, count)
    return table(words_of.astype(np.uint64).ravel(), np.arange(count + 1) * words, doc_ids, tokens)


def table(
    hashes: NDArray[np.uint64], offsets: NDArray[np.int64], doc_ids: NDArray[np.uint64], tokens: NDArray[np.int64]
) -> pa.Table:
    """The table an orderer gets, from word hashes."""
    buckets, counts = word_counts(hashes, offsets, 256)
    names = ["doc_id", "tokens", "word_buckets", "word_counts"]
    return pa.table([pa.array(doc_ids), pa.array(tokens), buckets, counts], names=names)


def nearest(vectors: NDArray[np.float64], count: int) -> Table:
    """The ``count`` nearest by cosine, compared with all: ids and parts per million, best first, ties by id."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = np.rint(unit @ unit.T * PPM).astype(np.int64)
    np.fill_diagonal(cosines, -2 * PPM)
    ids = np.argsort(-cosines, axis=1, kind="stable")[:, :count]
    return ids.astype(np.int32), np.take_along_axis(cosines, ids, axis=1).astype(np.int32)


def random_table(count: int, width: int, seed: int) -> Table:
    """Neighbors drawn at random, with the padding, self-references and ties that a search may give.

    The similarity of a pair is the same from both sides.
    """
    random = np.random.default_rng(seed)
    pairs = random.integers(-3, 20, (count, count))
    pairs = np.minimum(pairs, pairs.T)
    ids = np.array([random.permutation(count)[:width] for _ in range(count)]).reshape(count, min(width, count))
    weights = np.take_along_axis(pairs, ids, axis=1) * 50_000
    order = np.lexsort((ids, -weights), axis=1)
    ids, weights = np.take_along_axis(ids, order, axis=1), np.take_along_axis(weights, order, axis=1)
    ids[random.random(ids.shape) < 0.1] = -1
    return ids.astype(np.int32), weights.astype(np.int32)
