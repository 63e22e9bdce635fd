"""SHA-256 (FIPS 180-4) inside kernels, for buckets that must be those of other tools."""

import numpy as np
from numba import njit

from tasks.text.borrow import Array, Int

_FULL = np.uint64(0xFFFFFFFF)


def _roots(power: int, count: int) -> np.ndarray:
    """Return the first 32 bits of the fractions of the square or cube roots of the first primes."""
    primes = [n for n in range(2, 312) if all(n % d for d in range(2, n))][:count]
    return np.array([_root(prime << (32 * power), power) & 0xFFFFFFFF for prime in primes], np.uint64)


def _root(value: int, power: int) -> int:
    low, high = 0, 1 << 64
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**power <= value else (low, middle)
    return low


_START, _ROUND = _roots(2, 8), _roots(3, 64)


@njit(nogil=True, cache=True, inline="always")
def _turn(word: np.uint64, by: Int) -> np.uint64:
    """Return a 32-bit word rotated to the right."""
    return ((word >> np.uint64(by)) | (word << np.uint64(32 - by))) & _FULL


@njit(nogil=True, cache=True)
def digest(message: Array) -> Array:
    """Return the digest of ``message`` (uint8) as eight 32-bit words, uint64 (8,)."""
    size = len(message)
    blocks = (size + 8) // 64 + 1
    padded = np.zeros(64 * blocks, np.uint8)
    padded[:size] = message
    padded[size] = 0x80
    for k in range(8):
        padded[64 * blocks - 1 - k] = np.uint8((8 * size >> (8 * k)) & 0xFF)
    state, words = _START.copy(), np.empty(64, np.uint64)
    for block in range(blocks):
        for i in range(16):
            words[i] = 0
            for k in range(4):
                words[i] = (words[i] << np.uint64(8)) | np.uint64(padded[64 * block + 4 * i + k])
        _absorb(state, words)
    return state


@njit(nogil=True, cache=True)
def _absorb(state: Array, words: Array) -> None:
    for i in range(16, 64):
        x, y = words[i - 15], words[i - 2]
        low = _turn(x, 7) ^ _turn(x, 18) ^ (x >> np.uint64(3))
        high = _turn(y, 17) ^ _turn(y, 19) ^ (y >> np.uint64(10))
        words[i] = (words[i - 16] + low + words[i - 7] + high) & _FULL
    a, b, c, d, e, f, g, h = state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]
    for i in range(64):
        mixed = _turn(e, 6) ^ _turn(e, 11) ^ _turn(e, 25)
        first = (h + mixed + ((e & f) ^ ((e ^ _FULL) & g)) + _ROUND[i] + words[i]) & _FULL
        mixed = _turn(a, 2) ^ _turn(a, 13) ^ _turn(a, 22)
        second = mixed + ((a & b) ^ (a & c) ^ (b & c))
        a, b, c, d, e, f, g, h = (first + second) & _FULL, a, b, c, (d + first) & _FULL, e, f, g
    for i, word in enumerate((a, b, c, d, e, f, g, h)):
        state[i] = (state[i] + word) & _FULL


@njit(nogil=True, cache=True)
def digest_modulo(message: Array, modulus: Int) -> Int:
    """Return the digest, read as a number of 256 bits, modulo ``modulus`` (below 2^31)."""
    rest = np.uint64(0)
    for word in digest(message):
        rest = ((rest << np.uint64(32)) | word) % np.uint64(modulus)
    return np.int64(rest)
