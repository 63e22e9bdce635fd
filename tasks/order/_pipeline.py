"""From documents to an order: cells in files, neighbors, graph, path, near-duplicates apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tasks.order import _shelf
from tasks.order._apart import keep_apart
from tasks.order._cells import CELL, Corpus, Source
from tasks.order._graph import Graph, duplicate_clusters, link
from tasks.order._greedy_edges import greedy_edges
from tasks.order._neighbors import Mapper
from tasks.order._related import Related, relate, relate_some, vectors_of
from tasks.order._residual_degree import residual_degree
from tasks.order._search import Asked, Cells, Effort, Neighbors, among, calibrated, in_cells, search
from tasks.order._vectors import PPM
from tasks.order._words_index import EVERYTHING

__all__ = ["Related", "Settings", "Way", "arrange", "neighbors_of", "relate", "relate_some", "vectors_of"]

LINK_CANDIDATES = 16
DENSE_CELL = 1 << 13
SLICE = 1 << 16


@dataclass(frozen=True)
class Settings:
    """What ``in_context`` was asked for."""

    neighbors: int
    traversal: str
    apart: float
    apart_tokens: int
    dimensions: int
    seed: int
    cell: int | None = None


@dataclass(frozen=True)
class Way:
    """An order of documents numbered by ascending doc_id: its pieces before linking, and duplicates left close."""

    order: NDArray[np.int64]
    pieces: int
    unplaced: int
    recall: float
    effort: Effort


def arrange(
    documents: pa.Table, sources: Sequence[Source], folder: Path, settings: Settings, mapper: Mapper, worded: bool
) -> Way:
    """Lay all documents (by ascending doc_id, with tokens) on one path of related ones.

    ``sources`` hold what was measured of them; everything on the way is kept in ``folder``.
    """
    cells = neighbors_of(documents["doc_id"].to_numpy(), sources, folder, settings, mapper, worded)
    limit = round(settings.apart * PPM)
    candidates = min(4 * settings.neighbors, max(cells.corpus.count - 1, 1))
    effort, recall = calibrated(cells, neighbors=settings.neighbors, candidates=candidates, mapper=mapper)
    found = search(cells, Asked(settings.neighbors, candidates, limit, effort), mapper)
    graph = link(found.ids, found.cosines, neighbors=settings.neighbors, apart=limit)
    if settings.traversal == "greedy_edges":
        ends = _Linked(cells, effort, limit, mapper)
        order, pieces = greedy_edges(graph, ends, chained(cells, found))
    else:
        order, pieces = residual_degree(graph)
    clusters = duplicate_clusters(found.twins, len(graph))
    lengths = documents["tokens"].to_numpy().astype(np.int64)
    order, unplaced = keep_apart(order, graph, clusters, lengths, tokens=settings.apart_tokens, seed=settings.seed)
    return Way(order, pieces, unplaced, recall, effort)


def neighbors_of(
    doc_ids: NDArray[np.uint64],
    sources: Sequence[Source],
    folder: Path,
    settings: Settings,
    mapper: Mapper,
    worded: bool,
) -> Cells:
    """Put the documents with these ids (ascending) into cells in ``folder``, ready to be searched."""
    _shelf.put_once(folder / "documents", lambda: {"doc_id": doc_ids.astype(np.uint64)})
    cell = settings.cell or (CELL if worded else DENSE_CELL)
    corpus = Corpus(folder, len(doc_ids), worded, len(sources), settings.seed, settings.dimensions, cell)
    return in_cells(corpus, sources, mapper)


def sliced(documents: pa.Table) -> list[Source]:
    """A table in memory as sources, a bounded number of rows each."""
    return [documents.slice(start, SLICE) for start in range(0, len(documents), SLICE)]


@dataclass
class _Linked:
    """New neighbors for the ends of fragments, among the ends alone."""

    cells: Cells
    effort: Effort
    limit: int
    mapper: Mapper
    rounds: int = 0

    def __call__(self, rows: NDArray[np.int64]) -> Graph:
        self.rounds += 1
        some = among(self.cells, rows, self.cells.corpus.folder / f"round-{self.rounds}", self.mapper)
        # The words of the few are as much rarer among themselves as there are fewer of them.
        budget = min(self.effort.budget * self.cells.corpus.count // len(rows), EVERYTHING)
        effort = Effort(budget, min(2 * self.effort.probes, some.corpus.near))
        asked = Asked(LINK_CANDIDATES, LINK_CANDIDATES, self.limit, effort)
        found = search(some, asked, self.mapper)
        return link(found.ids, found.cosines, neighbors=LINK_CANDIDATES, apart=self.limit)


def chained(cells: Cells, found: Neighbors) -> NDArray[np.int64]:
    """All documents cell after cell, each cell followed by the nearest that is left, and by rank within one."""
    if cells.corpus.cells == 1:
        return np.arange(cells.corpus.count)
    centroids = _shelf.one(cells.corpus.folder / "cells" / "centroids.npy")
    left = np.ones(len(centroids), np.bool_)
    place = np.zeros(len(centroids), np.int64)
    current = 0
    for turn in range(len(centroids)):
        left[current], place[current] = False, turn
        current = int(np.argmax(np.where(left, centroids @ centroids[current], -np.inf)))
    return np.argsort(place[found.cells], kind="stable")
