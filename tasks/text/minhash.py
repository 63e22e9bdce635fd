"""MinHash signatures of word n-grams, folded into one hash per band.

Source: Broder 1997, "On the resemblance and containment of documents". Each row takes the least value of ``(a * x +
b) mod 2**32`` over the document's n-grams, ``x`` being 32 bits of a well mixed hash and ``a`` odd. Two documents of
Jaccard similarity ``s`` agree in a row with probability ``s``, in a band of ``rows`` with ``s ** rows``, in some band
with ``1 - (1 - s ** rows) ** bands``.
"""

from typing import Any

import numpy as np
from numba import njit

from tasks.text.batch import TextBatch
from tasks.text.borrow import Array, Int
from tasks.text.hashing import START, absorb, finish
from tasks.text.shingles import base_hashes

_SHIFT = np.uint64(32)


def signatures(batch: TextBatch, ngram: int = 5, bands: int = 14, rows: int = 8, seed: int = 0) -> np.ndarray:
    """Return the band hashes of every document: uint64 (n, bands). The same seed and settings give the same hashes
    anywhere.

    Documents with fewer content words than ``ngram`` are compared as wholes (see ``tasks.text.shingles``).
    """
    if bands < 1 or rows < 1:
        raise ValueError(f"bands and rows: expected numbers from 1, got {bands} and {rows}")
    values, offsets = base_hashes(batch, ngram)
    random = np.random.default_rng(seed)
    multipliers = random.integers(0, 2**32, bands * rows, np.uint32) | np.uint32(1)
    shifts = random.integers(0, 2**32, bands * rows, np.uint32)
    return _bands(_least(values, offsets, multipliers, shifts), bands, rows)


@njit(nogil=True, cache=True)
def _least(values: Array, offsets: Array, multipliers: Array, shifts: Array) -> Any:
    rows = len(multipliers)
    result = np.empty((len(offsets) - 1, rows), np.uint32)
    least = np.empty(rows, np.uint32)
    for document in range(len(offsets) - 1):
        for row in range(rows):
            least[row] = np.uint32(0xFFFFFFFF)
        first, last = offsets[document], offsets[document + 1]
        # Four n-grams at a time: one pass over the rows loads and stores their least values once.
        while first + 4 <= last:
            x, y = np.uint32(values[first] >> _SHIFT), np.uint32(values[first + 1] >> _SHIFT)
            z, w = np.uint32(values[first + 2] >> _SHIFT), np.uint32(values[first + 3] >> _SHIFT)
            for row in range(rows):
                a, b = multipliers[row], shifts[row]
                left = min(np.uint32(a * x + b), np.uint32(a * y + b))
                right = min(np.uint32(a * z + b), np.uint32(a * w + b))
                least[row] = min(least[row], min(left, right))
            first += 4
        while first < last:
            x = np.uint32(values[first] >> _SHIFT)
            for row in range(rows):
                least[row] = min(least[row], np.uint32(multipliers[row] * x + shifts[row]))
            first += 1
        for row in range(rows):
            result[document, row] = least[row]
    return result


@njit(nogil=True, cache=True)
def _bands(least: Array, bands: Int, rows: Int) -> Any:
    hashes = np.empty((len(least), bands), np.uint64)
    for document in range(len(least)):
        for band in range(bands):
            state = START ^ np.uint64(band)
            for row in range(band * rows, (band + 1) * rows):
                state = absorb(state, np.uint64(least[document, row]))
            hashes[document, band] = finish(state)
    return hashes
