"""The rank-frequency law of texts: how steeply the frequency of their words falls with its rank."""

from typing import Any

import numpy as np
from numba import njit

from tasks.text.borrow import Array, Int, borrow
from tasks.text.hashing import slots
from tasks.text.segment import SYMBOLS


@njit(nogil=True, cache=True)
def rank_slopes(hashes: Array, flags: Array, offsets: Array, window: Int) -> Any:
    """Fit log f = b - z log r by least squares in every full window of ``window`` content words.

    Returns (sum of z over the windows float64, windows int64), one per document. A window of one distinct word, or of
    words that are all as frequent, has z = 0.
    """
    documents = len(offsets) - 1
    sums, windows = np.zeros(documents), np.zeros(documents, np.int64)
    size = slots(window)
    keys, counts = np.zeros(size, np.uint64), np.zeros(size, np.int64)
    used, by_count = np.empty(window, np.int64), np.zeros(window + 1, np.int64)
    logs = np.zeros(window + 1)
    for i in range(1, window + 1):
        logs[i] = np.log(i)
    hashes, flags = borrow(hashes), borrow(flags)
    for document in range(documents):
        words, distinct = 0, 0
        for word in range(offsets[document], offsets[document + 1]):
            if flags[word] & SYMBOLS:
                continue
            slot = np.int64(hashes[word]) & (size - 1)
            while counts[slot] and keys[slot] != hashes[word]:
                slot = (slot + 1) & (size - 1)
            if not counts[slot]:
                keys[slot] = hashes[word]
                used[distinct] = slot
                distinct += 1
            counts[slot] += 1
            words += 1
            if words == window:
                sums[document] += _slope(counts, used, distinct, by_count, logs)
                windows[document] += 1
                words, distinct = 0, _clear(counts, used, distinct)
        _clear(counts, used, distinct)
    return sums, windows


@njit(nogil=True, cache=True)
def _clear(counts: Array, used: Array, distinct: Int) -> Int:
    for i in range(distinct):
        counts[used[i]] = 0
    return 0


@njit(nogil=True, cache=True)
def _slope(counts: Array, used: Array, distinct: Int, by_count: Array, logs: Array) -> float:
    """Return z of the window; ``by_count`` is zero before and after."""
    largest = smallest = counts[used[0]]
    for i in range(distinct):
        by_count[counts[used[i]]] += 1
        largest, smallest = max(largest, counts[used[i]]), min(smallest, counts[used[i]])
    xs, ys, xx, xy = 0.0, 0.0, 0.0, 0.0
    rank = 0
    for count in range(largest, 0, -1):
        for _ in range(by_count[count]):
            rank += 1
            xs += logs[rank]
            ys += logs[count]
            xx += logs[rank] * logs[rank]
            xy += logs[rank] * logs[count]
        by_count[count] = 0
    if largest == smallest:
        return 0.0
    return -(distinct * xy - xs * ys) / (distinct * xx - xs * xs)
