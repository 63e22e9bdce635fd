"""From documents to an order: vectors, neighbors, graph, path, near-duplicates apart."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.errors import UnitError
from tasks.order._apart import keep_apart
from tasks.order._graph import Graph, duplicate_clusters, link
from tasks.order._greedy_edges import greedy_edges
from tasks.order._neighbors import SLICE, Index, Mapper, Table, build, nearest, search_all
from tasks.order._residual_degree import residual_degree
from tasks.order._vectors import PPM, Vectors, from_embeddings, from_words

LINK_CANDIDATES = 16


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


@dataclass(frozen=True)
class Path:
    """An order of documents numbered by ascending doc_id: its pieces before linking, and duplicates left close."""

    order: NDArray[np.int64]
    pieces: int
    unplaced: int


def vectors_of(documents: pa.Table, *, dimensions: int, seed: int, model: str | None = None) -> Vectors:
    """Make the vectors of ``documents`` from their hashed word counts, or from a model's embeddings."""
    if model is not None:
        return from_embeddings(_matrix(_flat(documents, "embedding")))
    buckets, counts = _flat(documents, "word_buckets"), _flat(documents, "word_counts")
    offsets = buckets.offsets.to_numpy().astype(np.int64)
    words, numbers = buckets.values.to_numpy(), counts.values.to_numpy()
    return from_words(offsets, words, numbers, dimensions=dimensions, seed=seed)


def relate(vectors: Vectors, *, neighbors: int, seed: int, mapper: Mapper = map) -> Related:
    """Find the nearest neighbors of all documents: four times as many as asked for, so that near-duplicates may go."""
    index = build(vectors, neighbors=neighbors, candidates=4 * neighbors, seed=seed)
    ids, similarities = search_all(index, mapper)
    return Related(vectors, ids, similarities, index.recall)


def relate_some(vectors: Vectors, rows: NDArray[np.int64], *, neighbors: int) -> Related:
    """Find the nearest neighbors of ``rows`` among all documents by comparing with each; the others get none."""
    index = Index(vectors, None, min(4 * neighbors, max(len(vectors) - 1, 1)), 1.0)
    ids = np.full((len(vectors), index.candidates), -1, np.int32)
    cosines = np.zeros((len(vectors), index.candidates), np.int32)
    for begin in range(0, len(rows), SLICE):
        some = rows[begin : begin + SLICE]
        ids[some], cosines[some] = nearest(index, some)
    return Related(vectors, ids, cosines, index.recall)


def arrange(
    related: Related,
    lengths: NDArray[np.int64],
    *,
    neighbors: int,
    traversal: str,
    apart: float,
    apart_tokens: int,
    seed: int,
    mapper: Mapper = map,
) -> Path:
    """Lay all documents on one path of related ones; ``lengths`` are in tokens."""
    limit = round(apart * PPM)
    graph = link(related.ids, related.similarities, neighbors=neighbors, apart=limit)
    if traversal == "greedy_edges":
        order, pieces = greedy_edges(graph, partial(_among, related.vectors, limit=limit, seed=seed, mapper=mapper))
    else:
        order, pieces = residual_degree(graph)
    clusters = duplicate_clusters(related.ids, related.similarities, apart=limit)
    order, unplaced = keep_apart(order, graph, clusters, lengths, tokens=apart_tokens, seed=seed)
    return Path(order, pieces, unplaced)


def _among(vectors: Vectors, rows: NDArray[np.int64], *, limit: int, seed: int, mapper: Mapper) -> Graph:
    index = build(vectors.take(rows), neighbors=LINK_CANDIDATES, candidates=LINK_CANDIDATES, seed=seed)
    table: Table = search_all(index, mapper)
    return link(*table, neighbors=LINK_CANDIDATES, apart=limit)


def _flat(documents: pa.Table, column: str) -> pa.ListArray:
    values = documents[column].combine_chunks()
    # A slice keeps the whole buffers: take copies, so that offsets start at 0.
    return values.take(pa.array(np.arange(len(values))))


def _matrix(rows: pa.ListArray) -> NDArray[np.float32]:
    widths = np.unique(np.diff(rows.offsets.to_numpy()))
    if len(widths) > 1:
        raise UnitError(f"in_context: embeddings of different lengths ({widths[0]} and {widths[-1]})")
    return rows.values.to_numpy().reshape(len(rows), -1) if len(rows) else np.zeros((0, 1), np.float32)
