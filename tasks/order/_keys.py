"""Seeded noise from identities: an order drawn this way does not depend on how its rows arrive."""

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
