"""Small helpers for scores that are shares."""

import numpy as np


def share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return ``part / whole`` as float64, 0 where the whole is 0.

    >>> share(np.array([1, 0]), np.array([4, 0])).tolist()
    [0.25, 0.0]
    """
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole != 0)


def per_document(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return the sum of ``values[offsets[i]:offsets[i + 1]]`` for every document: int64 (n,).

    >>> per_document(np.array([1, 2, 3]), np.array([0, 2, 2, 3])).tolist()
    [3, 0, 3]
    """
    sums = np.concatenate([[0], np.cumsum(values, dtype=np.int64)])
    return sums[offsets[1:]] - sums[offsets[:-1]]
