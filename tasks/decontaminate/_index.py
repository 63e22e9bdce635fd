"""What is looked for: hashes of pieces of evaluation items, each with the items that hold it, as flat arrays.

A piece is an n-gram or a paragraph. The arrays go to the workers in one file and are shared by all texts:

``gate``: uint8, 16 bits or more per piece; nearly every piece of a clean text is turned away by it.
``keys``, ``rows``: uint64 and int32, an open-addressing table from a piece's hash to its row (keys of 0 are free).
``offsets``, ``items``, ``weights``: int64 (rows + 1), int32 and float64, the items of each row and its weight in them.
``totals``: float64, the weights of all pieces of each item; 0 for an item that holds no piece long enough.
"""

from typing import Any

import numpy as np
from numba import njit

from tasks.text.borrow import Array, Int, borrow
from tasks.text.hashing import finish, slots

# A phrase that many items share says little about each: it is reported for the first of them only, and counts only
# in those. Without a bound, one document with a prompt of a benchmark gives a row for every item of it.
MOST_ITEMS = 16
_BASE = np.uint64(0x9E3779B97F4A7C15)
_7, _3 = np.uint64(7), np.uint64(3)


def build(keys: np.ndarray, items: np.ndarray, count: int, weights: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Return the arrays for pieces ``keys`` (uint64) of ``items`` (int, from 0 to ``count``), in any order.

    A piece that an item holds several times counts once. ``weights`` (float64) are 1 if not given; those of the same
    piece are the same.
    """
    weights = np.ones(len(keys)) if weights is None else weights
    keys = np.where(keys == 0, np.uint64(1), keys)
    order = np.lexsort((items, keys))
    keys, items, weights = keys[order], items[order], weights[order]
    fresh = _changes(keys) | _changes(items)
    keys, items, weights = keys[fresh], items[fresh], weights[fresh]
    starts = np.flatnonzero(_changes(keys))
    rank = np.arange(len(keys)) - np.repeat(starts, np.diff(np.append(starts, len(keys))))
    few = rank < MOST_ITEMS
    keys, items, weights = keys[few], items[few], weights[few]
    starts = np.flatnonzero(_changes(keys))
    table, rows, gate = _table(keys[starts])
    return {
        "gate": gate,
        "keys": table,
        "rows": rows,
        "offsets": np.append(starts, len(keys)).astype(np.int64),
        "items": items.astype(np.int32),
        "weights": weights.astype(np.float64),
        "totals": np.bincount(items, weights, count).astype(np.float64),
    }


def _changes(values: np.ndarray) -> np.ndarray:
    changed = np.ones(len(values), np.bool_)
    changed[1:] = values[1:] != values[:-1]
    return changed


@njit(nogil=True, cache=True)
def _table(keys: Array) -> Any:
    size = slots(len(keys))
    table, rows = np.zeros(size, np.uint64), np.zeros(size, np.int32)
    gate = np.zeros(size, np.uint8)
    for row in range(len(keys)):
        key = keys[row]
        slot = np.int64(key & np.uint64(size - 1))
        while table[slot] != 0:
            slot = (slot + 1) & (size - 1)
        table[slot], rows[slot] = key, row
        bit = key >> np.uint64(32)
        gate[np.int64((bit >> _3) & np.uint64(len(gate) - 1))] |= np.uint8(1 << np.int64(bit & _7))
    return table, rows, gate


@njit(nogil=True, cache=True)
def row_of(key: np.uint64, gate: Array, gate_mask: Int, keys: Array, mask: Int, rows: Array) -> Int:
    """Return the row of a piece, or -1. The masks are the sizes of ``gate`` and ``keys`` less one."""
    bit = key >> np.uint64(32)
    if not (np.int64(gate[np.int64(bit >> _3) & gate_mask]) >> np.int64(bit & _7)) & 1:
        return np.int64(-1)
    slot = np.int64(key) & mask
    while keys[slot] != 0:
        if keys[slot] == key:
            return np.int64(rows[slot])
        slot = (slot + 1) & mask
    return np.int64(-1)


@njit(nogil=True, cache=True)
def gram_hashes(hashes: Array, offsets: Array, n: Int) -> Any:
    """Return (keys, offsets): the hashes of the n-grams of words of every document in order, uint64, and int64."""
    found = np.zeros(len(offsets), np.int64)
    for document in range(len(offsets) - 1):
        found[document + 1] = found[document] + max(offsets[document + 1] - offsets[document] - n + 1, 0)
    keys = np.empty(found[-1], np.uint64)
    words, grams = borrow(hashes), borrow(keys)
    oldest = power(n)
    for document in range(len(offsets) - 1):
        first = offsets[document]
        state = np.uint64(0)
        for word in range(first, offsets[document + 1]):
            state = state * _BASE + words[word]
            if word - first >= n:
                state -= words[word - n] * oldest
            if word - first >= n - 1:
                key = finish(state)
                grams[found[document] + word - first - n + 1] = key if key != 0 else np.uint64(1)
    return keys, found


@njit(nogil=True, cache=True)
def power(n: Int) -> np.uint64:
    """Return what the hash of the word that leaves an n-gram is multiplied by."""
    result = np.uint64(1)
    for _ in range(n):
        result *= _BASE
    return result


@njit(nogil=True, cache=True)
def find_pieces(pieces: Array, gate: Array, keys: Array, rows: Array) -> Any:
    """Return (places, rows) of those ``pieces`` (uint64) that are in the index, int64 both."""
    places, found = np.empty(64, np.int64), np.empty(64, np.int64)
    gates, table, numbers, given = borrow(gate), borrow(keys), borrow(rows), borrow(pieces)
    gate_mask, mask = np.int64(len(gate) - 1), np.int64(len(keys) - 1)
    count = 0
    for place in range(len(pieces)):
        row = row_of(given[place], gates, gate_mask, table, mask, numbers)
        if row >= 0:
            if count == len(places):
                places, found = np.append(places, places), np.append(found, found)
            places[count], found[count] = place, row
            count += 1
    return places[:count].copy(), found[:count].copy()
