"""Clusters: stretches of a document where n-grams of the same evaluation items keep coming."""

from typing import Any

import numpy as np
from numba import njit

from tasks.decontaminate._index import row_of
from tasks.text.borrow import Array, Int, borrow


@njit(nogil=True, cache=True)
def find_clusters(
    grams: Array,
    gram_offsets: Array,
    gate: Array,
    keys: Array,
    rows: Array,
    offsets: Array,
    items: Array,
    weights: Array,
    count_of: Int,
    stride: Int,
    misses: Int,
) -> Any:
    """Probe every ``stride``-th n-gram of each document; follow a hit both ways for the items that it belongs to.

    There are ``count_of`` items. A cluster ends before ``misses`` n-grams in a row that belong to none of its own; a
    probe within the cluster of an item does not start another one of it. Returns (document, item, first, last, weight)
    per cluster and item found in it: int64 but the last; ``first`` and ``last`` are the item's own first and last
    n-gram (places in ``grams``), the weight counts each n-gram of the item once.
    """
    found = np.empty((4, 16), np.int64)
    heavy = np.empty(16, np.float64)
    gates, table, numbers, given = borrow(gate), borrow(keys), borrow(rows), borrow(grams)
    gate_mask, mask = np.int64(len(gate) - 1), np.int64(len(keys) - 1)
    reached = np.full(count_of, -1, np.int64)
    count = 0
    for document in range(len(gram_offsets) - 1):
        begin, end = gram_offsets[document], gram_offsets[document + 1]
        for place in range(begin, end, stride):
            row = row_of(given[place], gates, gate_mask, table, mask, numbers)
            if row < 0:
                continue
            active = items[offsets[row] : offsets[row + 1]]
            active = active[reached[active] < place]
            if len(active) == 0:
                continue
            first = _follow(grams, place, begin - 1, -1, misses, active, gate, keys, rows, offsets, items)
            last = _follow(grams, place, end, 1, misses, active, gate, keys, rows, offsets, items)
            reached[active] = last
            for item in active:
                if count == len(heavy):
                    found, heavy = np.concatenate((found, found), axis=1), np.append(heavy, heavy)
                low, high, weight = _weigh(grams, first, last, item, gate, keys, rows, offsets, items, weights)
                found[0, count], found[1, count], found[2, count], found[3, count] = document, item, low, high
                heavy[count] = weight
                count += 1
    return found[0, :count], found[1, :count], found[2, :count], found[3, :count], heavy[:count]


@njit(nogil=True, cache=True)
def _follow(
    grams: Array,
    place: Int,
    end: Int,
    step: Int,
    misses: Int,
    active: Array,
    gate: Array,
    keys: Array,
    rows: Array,
    offsets: Array,
    items: Array,
) -> Int:
    """Return the last n-gram of an active item that is met from ``place`` on, before too many misses or ``end``."""
    last, missed = place, 0
    place += step
    while place != end and missed < misses:
        row = row_of(grams[place], gate, len(gate) - 1, keys, len(keys) - 1, rows)
        missed += 1
        if row >= 0 and _common(active, items[offsets[row] : offsets[row + 1]]):
            last, missed = place, 0
        place += step
    return last


@njit(nogil=True, cache=True)
def _common(left: Array, right: Array) -> bool:
    for one in left:
        for other in right:
            if one == other:
                return True
    return False


@njit(nogil=True, cache=True)
def _weigh(
    grams: Array,
    first: Int,
    last: Int,
    item: Int,
    gate: Array,
    keys: Array,
    rows: Array,
    offsets: Array,
    items: Array,
    weights: Array,
) -> Any:
    """Return the item's first and last n-gram in the cluster and the weight of its distinct n-grams there.

    The weights are added in the order of the index, so that a whole item gives exactly its total.
    """
    seen = np.empty(last - first + 1, np.int64)
    count, low, high = 0, last, first
    for place in range(first, last + 1):
        row = row_of(grams[place], gate, len(gate) - 1, keys, len(keys) - 1, rows)
        if row >= 0:
            for posting in range(offsets[row], offsets[row + 1]):
                if items[posting] == item:
                    seen[count] = posting
                    count += 1
                    low, high = min(low, place), max(high, place)
    postings = np.unique(seen[:count])
    total = 0.0
    for posting in postings:
        total += weights[posting]
    return low, high, total
