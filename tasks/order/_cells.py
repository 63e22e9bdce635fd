"""Documents in coarse cells, kept in files: what a task of the neighbor search reads is bounded by a cell's size.

Three passes, each over slices that workers take: ``take_in`` reads the measured words (or embeddings) of one source,
``place`` weighs them and finds the cells nearest to each document, ``gather`` brings the documents of one cell
together, by ascending doc_id, with the index to search it. Cells are Voronoi cells of centroids, learnt from a seeded
sample; one that holds more than twice ``CELL`` documents is kept as several pages, each with the documents of one range
of doc_ids. None of it depends on how the sources are cut: numbers are summed exactly and documents are known by rank.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tasks.order import _shelf
from tasks.order._basis import basis
from tasks.order._features import matrix
from tasks.order._neighbors import centroids_of
from tasks.order._vectors import Vectors, from_embeddings, of_dense, projected, rarity, spans, weighed
from tasks.order._words_index import WordsIndex, words_index

CELL = 1 << 17
SAMPLE = 4_096
MOST_NEAR = 32
Source = Any  # the path of a Parquet file, or a table


@dataclass(frozen=True)
class Corpus:
    """Documents whose neighbors are sought: their number and the folder where everything about them is kept."""

    folder: Path
    count: int
    worded: bool
    sources: int
    seed: int
    dimensions: int
    cell: int

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return -(-self.count // self.cell)

    @property
    def near(self) -> int:
        """How many cells each document knows, its own first."""
        return min(self.cells, MOST_NEAR)


@dataclass(frozen=True)
class Page:
    """The documents of a cell whose rank lies in one of ``pages`` equal ranges; most cells are one page."""

    cell: int
    page: int
    pages: int

    @property
    def name(self) -> str:
        """What its folder is called."""
        return f"cell-{self.cell}-{self.page}"


def take_in(corpus: Corpus, number: int, source: Source) -> None:
    """Read what was measured of the documents of one source that are in the corpus."""
    _shelf.put_once(corpus.folder / f"taken-{number}", lambda: _taken(corpus, source))


def _taken(corpus: Corpus, source: Source) -> _shelf.Arrays:
    names = ["word_buckets", "word_counts"] if corpus.worded else ["embedding"]
    table = pq.read_table(source, columns=["doc_id", *names]) if isinstance(source, str) else source
    known = _shelf.one(corpus.folder / "documents" / "doc_id.npy")
    doc_ids = table["doc_id"].to_numpy().astype(np.uint64)
    places = np.minimum(np.searchsorted(known, doc_ids), len(known) - 1)
    rows = np.flatnonzero(known[places] == doc_ids)
    taken = {name: table[name].combine_chunks().take(pa.array(rows)) for name in names}
    ranks = places[rows].astype(np.int32)
    if not corpus.worded:
        return {"ranks": ranks, "dense": from_embeddings(matrix(taken["embedding"])).dense.astype(np.int16)}
    buckets = taken["word_buckets"].values.to_numpy()
    words, times = np.unique(buckets, return_counts=True)
    return {
        "ranks": ranks,
        "offsets": taken["word_buckets"].offsets.to_numpy().astype(np.int64),
        "buckets": buckets,
        "counts": taken["word_counts"].values.to_numpy(),
        "words": words,
        "times": times,
    }


def count_words(corpus: Corpus) -> None:
    """Sum up in how many documents of the corpus each word occurs."""
    _shelf.put_once(corpus.folder / "words", lambda: _counted(corpus))


def _counted(corpus: Corpus) -> _shelf.Arrays:
    words, times = np.zeros(0, np.int32), np.zeros(0, np.int64)
    for number in range(corpus.sources if corpus.worded else 0):
        found = _shelf.get(corpus.folder / f"taken-{number}", "words", "times")
        words, inverse = np.unique(np.concatenate([words, found["words"]]), return_inverse=True)
        times = np.bincount(inverse, np.concatenate([times, found["times"]]), len(words)).astype(np.int64)
    return {"words": words, "times": times}


def frequencies(folder: Path, words: NDArray[np.int32]) -> NDArray[np.int64]:
    """In how many documents of the corpus each of these words occurs."""
    found = _shelf.get(folder / "words")
    return found["times"][np.searchsorted(found["words"], words)]


def learn_cells(corpus: Corpus) -> None:
    """Find the centroids of the cells, and the directions to compare documents with them, from a seeded sample."""
    _shelf.put_once(corpus.folder / "cells", lambda: _learnt(corpus))


def _learnt(corpus: Corpus) -> _shelf.Arrays:
    if corpus.cells == 1:
        return {}
    random = np.random.Generator(np.random.PCG64(corpus.seed))
    size = min(corpus.count, max(SAMPLE, 32 * corpus.cells))
    drawn = np.sort(random.choice(corpus.count, size, replace=False)).astype(np.int32)
    ranks, parts = [], []
    for number in range(corpus.sources):
        taken = _shelf.get(corpus.folder / f"taken-{number}")
        rows = np.flatnonzero(np.isin(taken["ranks"], drawn))
        ranks.append(taken["ranks"][rows])
        parts.append(_vectors(corpus, taken, rows))
    sample = _joined(parts).take(np.argsort(np.concatenate(ranks)))
    if not corpus.worded:
        return {"centroids": centroids_of(sample.dense, corpus.cells, random)}
    some = sample.take(np.arange(min(len(sample), SAMPLE)))
    directions = basis(some.offsets, some.buckets, some.weights, corpus.dimensions)
    return {"directions": directions, "centroids": centroids_of(projected(sample, directions), corpus.cells, random)}


def _vectors(corpus: Corpus, taken: _shelf.Arrays, rows: NDArray[np.int64]) -> Vectors:
    if not corpus.worded:
        return of_dense(taken["dense"][rows].astype(np.float32))
    offsets, places = spans(taken["offsets"], rows)
    buckets = taken["buckets"][places]
    known, words = np.unique(buckets, return_inverse=True)
    weigh = rarity(frequencies(corpus.folder, known), corpus.count)[words]
    return weighed(offsets, buckets, taken["counts"][places], weigh)


def _joined(parts: list[Vectors]) -> Vectors:
    sizes = np.concatenate([np.diff(part.offsets) for part in parts])
    return Vectors(
        np.concatenate([part.dense for part in parts]),
        np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        np.concatenate([part.buckets for part in parts]),
        np.concatenate([part.weights for part in parts]),
    )


def place(corpus: Corpus, number: int) -> NDArray[np.int64]:
    """Make the vectors of one source and sort them by cell; returns how many documents of it each cell has."""
    folder = corpus.folder / f"placed-{number}"
    _shelf.put_once(folder, lambda: _placed(corpus, number))
    return np.diff(_shelf.one(folder / "bounds.npy"))


def _placed(corpus: Corpus, number: int) -> _shelf.Arrays:
    taken = _shelf.get(corpus.folder / f"taken-{number}")
    vectors = _vectors(corpus, taken, np.arange(len(taken["ranks"])))
    near = _nearest_cells(corpus, vectors)
    order = np.lexsort((taken["ranks"], near[:, 0]))
    bounds = np.searchsorted(near[order, 0], np.arange(corpus.cells + 1))
    return {"ranks": taken["ranks"][order], "near": near[order], "bounds": bounds, **_arrays(vectors.take(order))}


def _nearest_cells(corpus: Corpus, vectors: Vectors) -> NDArray[np.int32]:
    near = np.zeros((len(vectors), corpus.near), np.int32)
    if corpus.cells == 1:
        return near
    learnt = _shelf.get(corpus.folder / "cells")
    for start in range(0, len(vectors), SAMPLE):
        some = vectors.take(np.arange(start, min(start + SAMPLE, len(vectors))))
        dense = projected(some, learnt["directions"]) if corpus.worded else some.dense
        closeness = dense @ learnt["centroids"].T
        near[start : start + SAMPLE] = np.argsort(-closeness, axis=1, kind="stable")[:, : corpus.near]
    return near


def _arrays(vectors: Vectors) -> dict[str, Any]:
    dense = vectors.dense.astype(np.int16)
    return {"dense": dense, "offsets": vectors.offsets, "buckets": vectors.buckets, "weights": vectors.weights}


def of_arrays(arrays: _shelf.Arrays) -> Vectors:
    """The vectors that a folder holds."""
    return Vectors(arrays["dense"].astype(np.float32), arrays["offsets"], arrays["buckets"], arrays["weights"])


def pages(corpus: Corpus, sizes: NDArray[np.int64]) -> list[Page]:
    """The pages of all cells, given how many documents each cell has."""
    counts = np.maximum(-(-sizes // (2 * corpus.cell)), 1)
    return [Page(cell, page, int(n)) for cell, n in enumerate(counts) for page in range(n) if sizes[cell]]


def gather(corpus: Corpus, page: Page) -> int:
    """Bring the documents of a page together, by rank, with the index of their words; returns how many there are."""
    folder = corpus.folder / page.name
    _shelf.put_once(folder, lambda: _gathered(corpus, page))
    return len(_shelf.one(folder / "ranks.npy"))


def _gathered(corpus: Corpus, page: Page) -> _shelf.Arrays:
    ranks, near, parts = [], [], []
    for number in range(corpus.sources):
        placed = _shelf.get(corpus.folder / f"placed-{number}")
        start, stop = placed["bounds"][page.cell : page.cell + 2]
        rank = placed["ranks"][start:stop]
        rows = start + np.flatnonzero(rank.astype(np.int64) * page.pages // corpus.count == page.page)
        ranks.append(placed["ranks"][rows])
        near.append(placed["near"][rows])
        offsets, places = spans(placed["offsets"], rows)
        dense = placed["dense"][rows].astype(np.float32)
        parts.append(Vectors(dense, offsets, placed["buckets"][places], placed["weights"][places]))
    order = np.argsort(np.concatenate(ranks))
    return indexed(np.concatenate(ranks)[order], np.concatenate(near)[order], _joined(parts).take(order))


def indexed(ranks: NDArray[np.int32], near: NDArray[np.int32], vectors: Vectors) -> _shelf.Arrays:
    """What the folder of a page holds."""
    index = words_index(ranks, vectors)
    lists = {"terms": index.terms, "starts": index.starts, "documents": index.documents, "heavy": index.heavy}
    return {"ranks": ranks, "near": near, "squares": index.squares, **lists, **_arrays(vectors)}


@lru_cache(maxsize=16)
def page_at(folder: Path) -> tuple[WordsIndex, NDArray[np.int32]]:
    """A page that was gathered, mapped into memory, and the cells near its documents."""
    found = _shelf.get(folder)
    lists = (found["terms"], found["starts"], found["documents"], found["heavy"])
    return WordsIndex(found["ranks"], of_arrays(found), found["squares"], *lists), found["near"]
