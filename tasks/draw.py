"""Random numbers that belong to documents: the same for a doc_id and a seed, however its rows arrive."""

import numpy as np
from numpy.typing import NDArray


def noise(values: NDArray[np.uint64], seed: int) -> NDArray[np.uint64]:
    """Mix each value with ``seed`` (splitmix64, Steele et al. 2014): distinct values give distinct numbers."""
    with np.errstate(over="ignore"):
        key = np.uint64(0x9E3779B97F4A7C15)
        mixed = values + (np.uint64(seed % (1 << 64)) + np.uint64(1)) * key
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)) * 2:
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
        return mixed ^ (mixed >> np.uint64(31))


def uniform(values: NDArray[np.uint64], seed: int) -> NDArray[np.float64]:
    """Return a number in the open interval (0, 1) for each value.

    >>> bool((uniform(np.arange(3, dtype=np.uint64), 7) == uniform(np.arange(5, dtype=np.uint64), 7)[:3]).all())
    True
    """
    return ((noise(values, seed) >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
