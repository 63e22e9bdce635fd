"""Nearest neighbors with FAISS: exact for small corpora, by coarse cells beyond, the same however sliced."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from tasks.order._vectors import LENGTH, Vectors, similarities

EXACT_LIMIT = 10_000
SLICE = 2_048
SAMPLE = 256
ROUNDS = 4
WANTED_RECALL = 0.95

Slice = tuple[int, int]
Table = tuple[NDArray[np.int32], NDArray[np.int32]]
Mapper = Callable[[Callable[[Slice], Table], Iterable[Slice]], Iterable[Table]]


@dataclass(frozen=True)
class Index:
    """What a search needs: the vectors, the cells over them (None: compare with all), and how well they find.

    ``recall`` is the share of the true nearest ``neighbors`` that the search found for a seeded sample of documents.
    """

    vectors: Vectors
    cells: Any
    candidates: int
    recall: float


def build(vectors: Vectors, *, neighbors: int, candidates: int, seed: int, exact_limit: int = EXACT_LIMIT) -> Index:
    """Make ready to search ``vectors`` for ``candidates`` per document, of which ``neighbors`` matter.

    Up to ``exact_limit`` documents are compared with all; more are put in about 2.3 sqrt(n) cells (k-means), and the
    number of cells to look into is raised by thirds until 95 % of the true neighbors of the sample are found.
    """
    whole = Index(vectors, None, min(candidates, max(len(vectors) - 1, 1)), 1.0)
    if len(vectors) <= exact_limit:
        return whole
    random = np.random.Generator(np.random.PCG64(seed))
    cells = _cells(vectors.dense, round(2.3 * len(vectors) ** 0.5), random)
    sample = np.sort(random.choice(len(vectors), SAMPLE, replace=False))
    truth = nearest(whole, sample)[0][:, :neighbors]
    recall = 0.0
    cells.nprobe = 3
    while recall < WANTED_RECALL and cells.nprobe < cells.nlist:
        cells.nprobe += (cells.nprobe + 2) // 3
        found = nearest(Index(vectors, cells, whole.candidates, 0.0), sample)[0][:, :neighbors]
        recall = _overlap(truth, found)
    return Index(vectors, cells, whole.candidates, recall)


def search(index: Index, rows: Slice) -> Table:
    """The candidates of the documents ``rows[0]`` to ``rows[1]``: their ids and cosines, each (m, candidates).

    Ids are int32, -1 where there is none; cosines are int32 parts per million. A document is not its own candidate.
    Best first, ties by the smaller id.
    """
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)  # the slices are the parallelism
    try:
        return nearest(index, np.arange(*rows))
    finally:
        faiss.omp_set_num_threads(threads)


def search_all(index: Index, mapper: Mapper = map) -> Table:
    """Search for all documents, slice by slice; ``mapper`` may run the slices anywhere, in the order given."""
    parts = list(mapper(partial(search, index), slices(len(index.vectors))))
    width = index.candidates
    ids = [part[0] for part in parts] or [np.empty((0, width), np.int32)]
    cosines = [part[1] for part in parts] or [np.empty((0, width), np.int32)]
    return np.concatenate(ids), np.concatenate(cosines)


def slices(count: int) -> Iterator[Slice]:
    """Split ``count`` documents into slices whose size does not depend on who searches them."""
    return ((start, min(start + SLICE, count)) for start in range(0, count, SLICE))


def nearest(index: Index, rows: NDArray[np.int64]) -> Table:
    """The candidates of the documents ``rows``, as ``search`` gives them."""
    wanted = min(index.candidates + 1, len(index.vectors))
    found = _raw(index, index.vectors.dense[rows], wanted)
    # Self need not come first (or at all) among exact duplicates: it is recognised by its id, never by its rank.
    found[found == rows[:, None]] = -1
    cosines = similarities(index.vectors, rows, found)
    order = np.lexsort((found, -cosines), axis=1)[:, : index.candidates]
    ids = np.take_along_axis(found, order, axis=1).astype(np.int32)
    return _padded(ids, index.candidates, -1), _padded(np.take_along_axis(cosines, order, axis=1), index.candidates, 0)


def _raw(index: Index, queries: NDArray[np.float32], wanted: int) -> NDArray[np.int64]:
    if index.cells is None:
        return faiss.knn(queries, index.vectors.dense, wanted, metric=faiss.METRIC_INNER_PRODUCT)[1]
    return index.cells.search(queries, wanted)[1]


def _padded(values: NDArray[np.int32], width: int, filler: int) -> NDArray[np.int32]:
    return np.pad(values, ((0, 0), (0, width - values.shape[1])), constant_values=filler)


def _overlap(truth: NDArray[np.int32], found: NDArray[np.int32]) -> float:
    hits = (truth[:, :, None] == found[:, None, :]).any(axis=2)
    return float(hits[truth >= 0].mean()) if (truth >= 0).any() else 1.0


def _cells(dense: NDArray[np.float32], count: int, random: np.random.Generator) -> Any:
    sample = dense[np.sort(random.choice(len(dense), min(len(dense), 32 * count), replace=False))]
    quantizer = faiss.IndexFlatIP(dense.shape[1])
    quantizer.add(_centroids(sample, count, random))
    kind = faiss.ScalarQuantizer.QT_fp16
    cells = faiss.IndexIVFScalarQuantizer(quantizer, dense.shape[1], count, kind, faiss.METRIC_INNER_PRODUCT, False)
    cells.is_trained = True
    cells.add(dense)
    return cells


def _centroids(sample: NDArray[np.float32], count: int, random: np.random.Generator) -> NDArray[np.float32]:
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
