"""From a 64-bit hash to a value: open-addressing tables made once, when a unit is fitted, and read by kernels.

A table is two arrays: the keys by slot (0: free) and, by the same slot, what belongs to them. Its layout depends on the
set of keys only, not on the order in which they were met.
"""

from typing import Any

import numpy as np
from numba import njit

from tasks.text.borrow import Array, Int
from tasks.text.hashing import slots


def lookup(keys: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (keys by slot, uint64, and values by slot) for distinct ``keys`` and the value of each.

    >>> found, values = lookup(np.array([7, 9], np.uint64), np.array([0.5, 0.25]))
    >>> [float(values[find(found, len(found) - 1, np.uint64(key))]) for key in (9, 7)]
    [0.25, 0.5]
    """
    order = np.argsort(keys)
    placed, places = _fill(np.maximum(keys[order], np.uint64(1)), slots(len(keys)))
    by_slot = np.zeros((len(placed), *values.shape[1:]), values.dtype)
    by_slot[places] = values[order]
    return placed, by_slot


@njit(nogil=True, cache=True)
def _fill(keys: Array, size: Int) -> Any:
    placed, places = np.zeros(size, np.uint64), np.empty(len(keys), np.int64)
    for i in range(len(keys)):
        slot = np.int64(keys[i]) & (size - 1)
        while placed[slot] != 0:
            slot = (slot + 1) & (size - 1)
        placed[slot], places[i] = keys[i], slot
    return placed, places


@njit(nogil=True, cache=True)
def find(keys: Array, mask: Int, key: np.uint64) -> Int:
    """Return the slot of ``key`` in a table of ``mask + 1`` slots, or -1."""
    if key == 0:
        key = np.uint64(1)
    slot = np.int64(key) & mask
    while keys[slot] != 0:
        if keys[slot] == key:
            return slot
        slot = (slot + 1) & mask
    return -1
