"""Union-find over documents: which ones hang together."""

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(nogil=True, cache=True)
def find(parents: NDArray[np.int32], member: int) -> int:
    """The root of ``member``'s set; halves the way there for the next call."""
    while parents[member] != member:
        parents[member] = parents[parents[member]]
        member = parents[member]
    return member


@njit(nogil=True, cache=True)
def union(parents: NDArray[np.int32], first: int, second: int) -> bool:
    """Join two sets under the smaller root; say whether they were apart."""
    one, other = find(parents, first), find(parents, second)
    if one == other:
        return False
    parents[max(one, other)] = min(one, other)
    return True
