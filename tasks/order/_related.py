"""Neighbors of documents whose vectors are at hand in memory: for figures of an order and for small corpora."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tasks.order._features import flat, matrix
from tasks.order._neighbors import Mapper, search_dense
from tasks.order._search import SAMPLE, overlap
from tasks.order._vectors import Vectors, from_embeddings, from_words
from tasks.order._words_index import EVERYTHING, Found, WordsIndex, asking, nothing_found, search_words, words_index

SLICE = 2_048
BUDGET = 1 << 16


@dataclass(frozen=True)
class Related:
    """Documents, by ascending doc_id, with their nearest neighbors.

    ``ids`` and ``similarities`` (parts per million) are (n, candidates), best first. ``recall`` is the share of true
    neighbors that the search found for a sample.
    """

    vectors: Vectors
    ids: NDArray[np.int32]
    similarities: NDArray[np.int32]
    recall: float


def vectors_of(documents: pa.Table, *, dimensions: int = 0, seed: int = 0, model: str | None = None) -> Vectors:
    """Make the vectors of ``documents`` from their hashed word counts, or from a model's embeddings.

    ``dimensions`` and ``seed`` are for callers that place documents in cells with the same settings; nothing here is
    drawn or projected.
    """
    if model is not None:
        return from_embeddings(matrix(flat(documents, "embedding")))
    buckets, counts = flat(documents, "word_buckets"), flat(documents, "word_counts")
    return from_words(buckets.offsets.to_numpy().astype(np.int64), buckets.values.to_numpy(), counts.values.to_numpy())


def relate(vectors: Vectors, *, neighbors: int, seed: int = 0, mapper: Mapper = map) -> Related:
    """Find the nearest neighbors of all documents: four times as many as asked for, so that near-duplicates may go."""
    index = _index(vectors)
    candidates = min(4 * neighbors, max(len(vectors) - 1, 1))
    slices = [np.arange(s, min(s + SLICE, len(vectors))) for s in range(0, len(vectors), SLICE)]
    parts = list(mapper(partial(_nearest, index, candidates, BUDGET), slices))
    nothing = nothing_found(0, candidates)
    ids, cosines = (np.concatenate([n, *(part[i] for part in parts)]) for i, n in enumerate(nothing))
    random = np.random.Generator(np.random.PCG64(seed))
    drawn = np.sort(random.choice(len(vectors), min(SAMPLE, len(vectors)), replace=False))
    truth = _nearest(index, candidates, EVERYTHING, drawn)[0][:, :neighbors]
    return Related(vectors, ids, cosines, overlap(truth, ids[drawn, :neighbors]))


def relate_some(vectors: Vectors, rows: NDArray[np.int64], *, neighbors: int) -> Related:
    """Find the nearest neighbors of ``rows`` among all documents by comparing with each; the others get none."""
    candidates = min(4 * neighbors, max(len(vectors) - 1, 1))
    ids, cosines = nothing_found(len(vectors), candidates)
    ids[rows], cosines[rows] = _nearest(_index(vectors), candidates, EVERYTHING, rows)
    return Related(vectors, ids, cosines, 1.0)


def _index(vectors: Vectors) -> WordsIndex:
    return words_index(np.arange(len(vectors), dtype=np.int32), vectors)


def _nearest(index: WordsIndex, candidates: int, budget: int, rows: NDArray[np.int64]) -> Found:
    found = nothing_found(len(rows), candidates)
    ranks, own = rows.astype(np.int32), index.vectors.take(rows)
    every = [(index, np.arange(len(rows)))]
    asked = asking(ranks, own, lambda words: np.diff(index.starts)[np.searchsorted(index.terms, words)])
    if index.vectors.worded:
        search_words(every, asked, found, budget=budget)
    else:
        search_dense(every, asked, found)
    return found
