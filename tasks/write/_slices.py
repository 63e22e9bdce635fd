"""Copies many slices of one array, one after the other."""

import numpy as np
from numba import njit

from tasks.pack._segments import Integers


@njit(nogil=True, cache=True)
def gathered(values: Integers, begin: Integers, size: Integers) -> Integers:
    """Return ``values[begin[i] : begin[i] + size[i]]`` of every i, joined."""
    joined = np.empty(size.sum(), values.dtype)
    at = 0
    for i in range(len(begin)):
        joined[at : at + size[i]] = values[begin[i] : begin[i] + size[i]]
        at += size[i]
    return joined
