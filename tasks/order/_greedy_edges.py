"""A path over all documents from the heaviest edges first (the greedy matching heuristic for the longest tour).

Edges are taken from the heaviest down as long as no document gets a third and no ring closes. What remains are
fragments; their ends are then given new neighbors among the ends alone and linked by the same rule, at most 16 times.
"""

from collections.abc import Callable

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tasks.order._graph import Graph
from tasks.order._union import union

ROUNDS = 16
LinkEnds = Callable[[NDArray[np.int64]], Graph]


class Fragments:
    """Paths under construction over ``count`` documents; at first each document is a path of its own."""

    def __init__(self, count: int) -> None:
        self.links = np.full((count, 2), -1, np.int32)
        self._parents = np.arange(count, dtype=np.int32)

    def add(self, first: NDArray[np.int32], second: NDArray[np.int32]) -> int:
        """Take the edges in the given order where they fit; say how many did."""
        return int(_accept(first, second, self.links, self._parents))

    def ends(self) -> NDArray[np.int64]:
        """The documents that can still be linked, ascending."""
        return np.flatnonzero(self.links[:, 1] < 0)

    def order(self, turns: NDArray[np.int64]) -> NDArray[np.int64]:
        """All documents, fragment after fragment, each from the end that comes first in ``turns``."""
        order = np.empty(len(self.links), np.int64)
        _follow(self.links, turns, order)
        return order


def greedy_edges(
    graph: Graph, link_ends: LinkEnds | None = None, turns: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.int64], int]:
    """Cover all documents by heavy edges; returns the order and the number of fragments it is made of.

    ``link_ends`` gives the graph among the documents it is handed (numbered by their place in what it is handed).
    Fragments that nothing links follow each other as their ends do in ``turns`` (all documents; by default ascending).
    Costs O(edges log edges), and as much again for the ends, of which each round leaves a fraction.
    """
    fragments = Fragments(len(graph))
    left = len(graph) - fragments.add(*graph.edges())
    for _ in range(ROUNDS):
        if link_ends is None or left < 2:
            break
        ends = fragments.ends()
        first, second = link_ends(ends).edges()
        added = fragments.add(ends[first].astype(np.int32), ends[second].astype(np.int32))
        left -= added
        if not added:
            break
    return fragments.order(np.arange(len(graph)) if turns is None else turns), left


@njit(nogil=True, cache=True)
def _accept(first, second, links, parents):  # type: ignore[no-untyped-def]
    taken = 0
    for edge in range(len(first)):
        one, other = first[edge], second[edge]
        if links[one, 1] < 0 and links[other, 1] < 0 and union(parents, one, other):
            links[one, 0 if links[one, 0] < 0 else 1] = other
            links[other, 0 if links[other, 0] < 0 else 1] = one
            taken += 1
    return taken


@njit(nogil=True, cache=True)
def _follow(links, turns, order):  # type: ignore[no-untyped-def]
    visited = np.zeros(len(links), np.bool_)
    place = 0
    for start in turns:
        if visited[start] or links[start, 1] >= 0:
            continue
        document, previous = np.int32(start), np.int32(-1)
        while document >= 0:
            order[place] = document
            place += 1
            visited[document] = True
            following = links[document, 0] if links[document, 0] != previous else links[document, 1]
            previous, document = document, following
