"""Nearest neighbors among embeddings: each compared with all of a cell (FAISS), and the centroids of cells."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from tasks.order._vectors import LENGTH, PPM
from tasks.order._words_index import Asking, Found, WordsIndex

ROUNDS = 8
Mapper = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]


def search_dense(indexes: Sequence[tuple[WordsIndex, NDArray[np.int64]]], asked: Asking, found: Found) -> None:
    """Put into ``found`` the nearest embeddings of those who ask, as ``search_words`` does for words."""
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)  # the cells are the parallelism
    try:
        for index, rows in indexes:
            if len(rows) and len(index.vectors):
                _search(index, asked, rows, found)
    finally:
        faiss.omp_set_num_threads(threads)


def _search(index: WordsIndex, asked: Asking, rows: NDArray[np.int64], found: Found) -> None:
    queries, dense = asked.vectors.dense[rows], index.vectors.dense
    wanted = min(found[0].shape[1] + 1, len(dense))
    products, places = faiss.knn(queries, dense, wanted, metric=faiss.METRIC_INNER_PRODUCT)
    ids = index.ranks[places]
    squares = (queries.astype(np.int64) ** 2).sum(axis=1, keepdims=True) * index.squares[places]
    cosines = np.where(squares > 0, products / np.sqrt(np.maximum(squares, 1)), 0.0)
    # Self need not come first (or at all) among exact duplicates: it is recognised by its id, never by its rank.
    ids = np.where(ids == asked.ranks[rows, None], -1, ids)
    ids = np.concatenate([found[0][rows], ids], axis=1)
    ppm = np.concatenate([found[1][rows], np.rint(cosines * PPM).astype(np.int32)], axis=1)
    order = np.lexsort((ids, np.where(ids < 0, 2 * PPM, -ppm)), axis=1)[:, : found[0].shape[1]]
    found[0][rows] = np.take_along_axis(ids, order, axis=1)
    found[1][rows] = np.where(found[0][rows] < 0, 0, np.take_along_axis(ppm, order, axis=1))


def centroids_of(sample: NDArray[np.float32], count: int, random: np.random.Generator) -> NDArray[np.float32]:
    """Spherical k-means in whole numbers: sums and products are exact, so the centroids are the same everywhere."""
    centroids = sample[np.sort(random.choice(len(sample), count, replace=False))]
    for _ in range(ROUNDS):
        nearest = np.argmax(sample @ centroids.T, axis=1)
        order = np.argsort(nearest, kind="stable")
        filled, starts = np.unique(nearest[order], return_index=True)
        sums = np.add.reduceat(sample[order].astype(np.float64), starts, axis=0)
        lengths = np.sqrt((sums * sums).sum(axis=1, keepdims=True))
        centroids[filled] = np.rint(sums * (LENGTH / np.maximum(lengths, 1.0)))
    return centroids
