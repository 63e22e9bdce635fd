"""Small hash functions shared by the kernels.

Words are hashed code point by code point (multiply, fold the high half down), then finished with the 64-bit finaliser
of MurmurHash3 (public domain, Appleby 2011). The functions are fixed: a stored signature stays comparable between
versions.
"""

import numpy as np
from numba import njit

from tasks.text.borrow import Array, Int

MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
START = np.uint64(0x243F6A8885A308D3)
_MIX_1 = np.uint64(0xFF51AFD7ED558CCD)
_MIX_2 = np.uint64(0xC4CEB9FE1A85EC53)
_33 = np.uint64(33)
_32 = np.uint64(32)
_8 = np.uint64(8)


@njit(nogil=True, cache=True, inline="always")
def absorb(state: np.uint64, value: np.uint64) -> np.uint64:
    """Return the hash state after one more value (a code point or a word's hash), both uint64."""
    state = (state ^ value) * MULTIPLIER
    return state ^ (state >> _32)


@njit(nogil=True, cache=True, inline="always")
def finish(state: np.uint64) -> np.uint64:
    """Return a well mixed 64-bit hash of a state; a bijection."""
    state = (state ^ (state >> _33)) * _MIX_1
    state = (state ^ (state >> _33)) * _MIX_2
    return state ^ (state >> _33)


@njit(nogil=True, cache=True)
def hash_bytes(data: Array, start: Int, stop: Int) -> np.uint64:
    """Return a 64-bit hash of ``data[start:stop]``, eight bytes at a time."""
    state = START ^ np.uint64(stop - start)
    while start + 8 <= stop:
        block = np.uint64(0)
        for k in range(8):
            block |= np.uint64(data[start + k]) << np.uint64(8 * k)
        state = absorb(state, block)
        start += 8
    block = np.uint64(0)
    while start < stop:
        block = (block << _8) | np.uint64(data[start])
        start += 1
    return finish(absorb(state, block))


@njit(nogil=True, cache=True)
def decode(data: Array, place: Int, stop: Int) -> tuple[Int, Int]:
    """Return (code point, bytes) of the UTF-8 character at ``place``; a truncated one counts as a byte of its own."""
    first = np.int64(data[place])
    if first < 0x80:
        return first, 1
    if first < 0xE0 and place + 1 < stop:
        return ((first & 0x1F) << 6) | (np.int64(data[place + 1]) & 0x3F), 2
    if first < 0xF0 and place + 2 < stop:
        middle = (np.int64(data[place + 1]) & 0x3F) << 6
        return ((first & 0x0F) << 12) | middle | (np.int64(data[place + 2]) & 0x3F), 3
    if place + 3 < stop:
        high = ((first & 0x07) << 18) | ((np.int64(data[place + 1]) & 0x3F) << 12)
        low = ((np.int64(data[place + 2]) & 0x3F) << 6) | (np.int64(data[place + 3]) & 0x3F)
        return min(high | low, 0x10FFFF), 4
    return first, 1


@njit(nogil=True, cache=True)
def decode_before(data: Array, place: Int, start: Int) -> tuple[Int, Int]:
    """Return (code point, bytes) of the character that ends just before ``place``; (0, 0) at ``start``."""
    if place <= start:
        return np.int64(0), 0
    first = place - 1
    while first > start and place - first < 4 and (data[first] & 0xC0) == 0x80:
        first -= 1
    point, width = decode(data, first, place)
    if width != place - first:
        return np.int64(data[place - 1]), 1
    return point, width


@njit(nogil=True, cache=True)
def slots(count: Int) -> Int:
    """Return the size of an open-addressing table for ``count`` keys: a power of two, at most half full."""
    size = 16
    while size < 2 * count:
        size *= 2
    return size
