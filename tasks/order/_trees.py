"""Trees of documents: grown over a table of neighbors, and laid down in one order or another."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tasks.draw import noise
from tasks.order._words_search import Grown
from tasks.text.borrow import Array, Int

Integers = NDArray[np.int64]


def grow_among(
    ids: NDArray[np.int32], roots: Integers, tokens: Integers, *, branches: int, context_length: int
) -> Grown:
    """Grow trees over documents whose neighbors are known: ``ids`` (n, candidates), best first, -1 pads.

    ``roots`` are all documents, in the order in which they may begin a tree. A document brings its first ``branches``
    neighbors that no tree has yet. A tree ends where its tokens fill a context; while nothing is found the next of
    ``roots`` is one more root of it.
    """
    sequence, parents, trees = np.zeros((3, len(roots)), np.int64)
    _grow(ids, roots, tokens, branches, context_length, sequence, parents, trees)
    return Grown(sequence, parents, trees)


def laid_down(grown: Grown, doc_ids: NDArray[np.uint64], *, inside: str, seed: int) -> Integers:
    """Lay every tree down: ``breadth`` first as it grew, that ``reversed``, ``depth`` first, or at ``random``."""
    places = np.arange(len(grown.sequence))
    if inside == "reversed":
        places = np.lexsort((-places, grown.trees))
    elif inside == "random":
        places = np.lexsort((noise(doc_ids[grown.sequence].astype(np.uint64), seed), grown.trees))
    elif inside == "depth":
        places = _depth_first(grown.parents, grown.trees)
    return grown.sequence[places]


@njit(nogil=True, cache=True)
def _depth_first(parents: Array, trees: Array) -> Array:
    # Children stand after their parents, in the order in which they were found: linked last to first, heads come first.
    count = len(parents)
    child, sibling = np.full(count, -1, np.int64), np.full(count, -1, np.int64)
    for place in range(count - 1, -1, -1):
        if parents[place] >= 0:
            sibling[place] = child[parents[place]]
            child[parents[place]] = place
    order, stack = np.empty(count, np.int64), np.empty(count, np.int64)
    end = 0
    for root in range(count):
        if parents[root] >= 0:
            continue
        depth = 1
        stack[0] = root
        while depth > 0:
            place = stack[depth - 1]
            depth -= 1
            order[end] = place
            end += 1
            if sibling[place] >= 0:
                stack[depth] = sibling[place]
                depth += 1
            if child[place] >= 0:
                stack[depth] = child[place]
                depth += 1
    return order


@njit(nogil=True, cache=True)
def _grow(
    ids: Array,
    roots: Array,
    tokens: Array,
    branches: Int,
    context_length: Int,
    sequence: Array,
    parents: Array,
    trees: Array,
) -> None:
    free = np.ones(len(roots), np.bool_)
    filled, limit = np.int64(0), np.int64(context_length)
    head = tree = root = placed = 0
    while placed < len(roots):
        if filled >= limit:
            limit = (filled // context_length + 1) * context_length
            tree, head = tree + 1, placed
        if head == placed:
            while not free[roots[root]]:
                root += 1
            sequence[placed], parents[placed], trees[placed] = roots[root], -1, tree
            free[roots[root]] = False
            filled += tokens[roots[root]]
            placed += 1
            continue
        found = 0
        for other in ids[sequence[head]]:
            if found == branches or filled >= limit:
                break
            if other >= 0 and free[other]:
                sequence[placed], parents[placed], trees[placed] = other, head, tree
                free[other] = False
                filled += tokens[other]
                placed, found = placed + 1, found + 1
        head += 1
