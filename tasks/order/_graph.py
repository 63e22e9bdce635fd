"""The undirected graph of near, but not too near, documents."""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tasks.order._union import find, union
from tasks.order._vectors import PPM

LOW = (1 << 32) - 1


@dataclass(frozen=True)
class Graph:
    """Edges of n documents in compressed rows: document i is linked to ``targets[offsets[i]:offsets[i+1]]``.

    ``weights`` are similarities in parts per million. A row is sorted: heaviest first, ties by smaller target.
    """

    offsets: NDArray[np.int64]
    targets: NDArray[np.int32]
    weights: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def edges(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Each edge once as (smaller, larger) document, heaviest first, ties by the smaller documents."""
        sources = np.repeat(np.arange(len(self), dtype=np.int32), np.diff(self.offsets))
        once = np.flatnonzero(sources < self.targets)
        first, second = sources[once], self.targets[once]
        # Rows ascend, and within a row targets of one weight do: a stable sort by weight leaves ties in that order.
        order = np.argsort(-self.weights[once], kind="stable")
        return first[order], second[order]


def link(ids: NDArray[np.int32], similarities: NDArray[np.int32], *, neighbors: int, apart: int) -> Graph:
    """Link i and j if j is among the nearest ``neighbors`` of i or i among those of j.

    ``ids`` and ``similarities`` are (n, candidates), best first; an id of -1 or of the document itself is no neighbor.
    Similarities above ``apart`` (near-duplicates) and not above 0 are no neighbors either, and take no one's place.
    """
    kept = np.full((len(ids), min(neighbors, ids.shape[1])), -1, np.int64)
    degrees = np.zeros(len(ids) + 1, np.int64)
    _choose(ids, similarities, apart, kept, degrees)
    offsets = np.cumsum(degrees)
    keys = np.empty(offsets[-1], np.int64)
    keys = keys[: _fill(ids, similarities, kept, keys, offsets)]
    return Graph(offsets, (keys & LOW).astype(np.int32), (PPM - (keys >> 32)).astype(np.int32))


def duplicate_clusters(pairs: NDArray[np.int32], count: int) -> NDArray[np.int32]:
    """Label near-duplicates: of ``count`` documents those joined by ``pairs`` (m, 2) share a label, the others have -1.

    The label is the smallest document of the cluster.
    """
    labels = np.arange(count, dtype=np.int32)
    _join(np.ascontiguousarray(pairs), labels)
    sizes = np.bincount(labels, minlength=count)
    return np.where(sizes[labels] > 1, labels, -1).astype(np.int32)


@njit(nogil=True, cache=True)
def _choose(ids, similarities, apart, kept, degrees):  # type: ignore[no-untyped-def]
    for row in range(len(ids)):
        found = 0
        for column in range(ids.shape[1]):
            other, weight = ids[row, column], similarities[row, column]
            if found < kept.shape[1] and other >= 0 and other != row and 0 < weight <= apart:
                kept[row, found] = column
                found += 1
                degrees[row + 1] += 1
                degrees[other + 1] += 1


@njit(nogil=True, cache=True)
def _fill(ids, similarities, kept, keys, offsets):  # type: ignore[no-untyped-def]
    # One key per edge end: lightness above, target below, so that sorting a row gives the order of its neighbors.
    places = offsets[:-1].copy()
    for row in range(len(ids)):
        for column in kept[row]:
            if column >= 0:
                other, lightness = np.int64(ids[row, column]), np.int64(PPM - similarities[row, column])
                keys[places[row]] = (lightness << 32) | other
                keys[places[other]] = (lightness << 32) | row
                places[row] += 1
                places[other] += 1
    seen = np.full(len(ids), -1, np.int64)
    end = start = 0
    for row in range(len(ids)):
        stop = offsets[row + 1]
        # A pair that both sides chose is there twice: the heavier comes first and is the one that stays.
        for key in np.sort(keys[start:stop]):
            if seen[key & LOW] != row:
                seen[key & LOW] = row
                keys[end] = key
                end += 1
        offsets[row + 1] = end
        start = stop
    return end


@njit(nogil=True, cache=True)
def _join(pairs, parents):  # type: ignore[no-untyped-def]
    for row in range(len(pairs)):
        union(parents, pairs[row, 0], pairs[row, 1])
    for row in range(len(parents)):
        parents[row] = find(parents, row)
