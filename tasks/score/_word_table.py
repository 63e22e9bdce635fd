"""Lists of words as tables that kernels look a word's hash up in."""

from collections.abc import Iterable

import numpy as np
from numba import njit

from tasks.text.borrow import Array
from tasks.text.hashing import slots
from tasks.text.specials import hash_exact


def hash_word(word: str) -> np.uint64:
    """Return the hash of a word as ``tasks.text.segment`` gives it for a word as written."""
    data = np.frombuffer(word.encode(), np.uint8)
    return np.uint64(hash_exact(data, 0, len(data)))


def word_table(words: Iterable[str]) -> np.ndarray:
    """Return an open-addressing table (uint64, a power of two, 0 for a free slot) for ``tasks.text.specials.find``."""
    return _table(np.array(sorted({hash_word(word) for word in words}), np.uint64))


@njit(nogil=True, cache=True)
def _table(keys: Array) -> Array:
    size = slots(max(len(keys), 1))
    table = np.zeros(size, np.uint64)
    for key in keys:
        slot = np.int64(key & np.uint64(size - 1))
        while table[slot] != 0:
            slot = (slot + 1) & (size - 1)
        table[slot] = key
    return table
