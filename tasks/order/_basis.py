"""The directions in which a corpus's words vary most (latent semantic analysis), found by a randomized range finder.

Sources: Deerwester et al. 1990 (latent semantic analysis); Halko et al. 2011, arXiv:0909.4061, algorithm 4.3.
Products are sums of whole numbers and the factorisation runs in a fixed order: the same basis on every machine.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

FOLDED = 1 << 16
SCALE = 1 << 18
SIGNS = 8
RIDGE = 1e-10


def basis(
    offsets: NDArray[np.int64], buckets: NDArray[np.int32], weights: NDArray[np.int16], dimensions: int
) -> NDArray[np.int32]:
    """Find about the ``dimensions`` strongest directions of documents given by their word weights.

    Returns int32 (65,536, dimensions): orthonormal columns times 2^18, one row per word bucket modulo 65,536 (zeros for
    those that occur in fewer than two documents). It spans A^T A S for the documents A and random signs S, 8 each.
    """
    buckets = buckets & np.int32(FOLDED - 1)
    sketch = np.zeros((len(offsets) - 1, dimensions))
    _project(offsets, buckets, weights, _signs(dimensions), sketch)
    spread = np.zeros((FOLDED, dimensions))
    _spread(offsets, buckets, weights, sketch, spread)
    shared = np.flatnonzero(np.bincount(buckets, minlength=FOLDED) > 1)
    columns = spread[shared] / max(float(np.abs(spread).max(initial=0.0)), 1.0)
    gram = np.zeros((dimensions, dimensions))
    _gram(columns, gram)
    _orthonormalise(columns, gram + np.eye(dimensions) * max(RIDGE * float(np.trace(gram)) / dimensions, 1e-300))
    out = np.zeros((FOLDED, dimensions), np.int32)
    out[shared] = np.rint(columns * SCALE)
    return out


def _signs(dimensions: int) -> NDArray[np.int32]:
    """For each bucket 8 entries: a dimension, or its complement where the sign is negative."""
    with np.errstate(over="ignore"):
        noise = np.arange(1, FOLDED * SIGNS + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        noise = (noise ^ (noise >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        noise = (noise ^ (noise >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    place = ((noise >> np.uint64(32)) % np.uint64(dimensions)).astype(np.int32)
    return np.where(noise & np.uint64(1 << 20), place, ~place).reshape(FOLDED, SIGNS)


@njit(nogil=True, cache=True)
def _project(offsets, buckets, weights, signs, sums):  # type: ignore[no-untyped-def]
    for document in range(len(offsets) - 1):
        for place in range(offsets[document], offsets[document + 1]):
            for target in signs[buckets[place]]:
                if target >= 0:
                    sums[document, target] += weights[place]
                else:
                    sums[document, ~target] -= weights[place]


@njit(nogil=True, cache=True)
def _spread(offsets, buckets, weights, sketch, spread):  # type: ignore[no-untyped-def]
    for document in range(len(offsets) - 1):
        for place in range(offsets[document], offsets[document + 1]):
            bucket = buckets[place]
            weight = np.float64(weights[place])
            for column in range(sketch.shape[1]):
                spread[bucket, column] += weight * sketch[document, column]


@njit(nogil=True, cache=True)
def _gram(columns, gram):  # type: ignore[no-untyped-def]
    for row in columns:
        for first in range(len(row)):
            for second in range(first + 1):
                gram[first, second] += row[first] * row[second]
    for first in range(len(gram)):
        for second in range(first):
            gram[second, first] = gram[first, second]


@njit(nogil=True, cache=True)
def _orthonormalise(columns, gram):  # type: ignore[no-untyped-def]
    # Cholesky: gram = L L^T; then every row r of columns becomes r L^-T. Outer-product forms keep the order fixed.
    size = len(gram)
    for pivot in range(size):
        gram[pivot, pivot] = np.sqrt(max(gram[pivot, pivot], 1e-300))
        for row in range(pivot + 1, size):
            gram[row, pivot] /= gram[pivot, pivot]
        for row in range(pivot + 1, size):
            for column in range(pivot + 1, row + 1):
                gram[row, column] -= gram[row, pivot] * gram[column, pivot]
    upper = gram.T.copy()
    for row in columns:
        for pivot in range(size):
            row[pivot] /= upper[pivot, pivot]
            for column in range(pivot + 1, size):
                row[column] -= row[pivot] * upper[pivot, column]
