"""Runs of word characters and runs of other characters, on texts in lower case, and the buckets of their n-grams.

The pieces are those of ``\\w+|[^\\w\\s]+`` by Python's ``re`` (NLTK's WordPunctTokenizer; since its version 3.10 that
takes combining marks for word characters, which cuts Indic and Thai scripts elsewhere). Two hashes put n-grams into
buckets: the engine's own, and SHA-256 of the n-gram's text (pieces joined by one space), which others use. SHA-256
costs 64 rounds per n-gram; a cache of the n-grams seen lately answers most of them.
"""

from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
from numba import njit

from tasks.text.batch import TextBatch
from tasks.text.borrow import Array, Int, borrow
from tasks.text.classes import CODE_POINTS
from tasks.text.hashing import START, absorb, decode, finish, hash_bytes
from tasks.text.sha256 import digest_modulo

_WORD, _SPACE = 1, 2
_CACHED = 1 << 17
_32 = np.uint64(32)


@cache
def _kinds() -> np.ndarray:
    kinds = np.zeros(CODE_POINTS, np.uint8)
    for start, stop in ((0, 0x323B0), (0xE0000, 0xE01F0)):
        points = map(chr, range(start, stop))
        kinds[start:stop] = [
            _WORD if c.isalnum() or c == "_" else _SPACE if c.isspace() else 0 for c in points
        ]  # fmt: skip
    return kinds


def bucketed(batch: TextBatch, ngram: int, buckets: int, sha256: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Put the n-grams (n from 1 to ``ngram``) of every document into ``buckets``.

    Returns (bucket of each n-gram int64, offsets int64 (n + 1), pieces of each document int64 (n,)).
    """
    # str.lower knows the two rules that look at more than one character; it reads 1 GB/s where texts are ASCII.
    lower = TextBatch(pa.array([text.lower() for text in batch.texts.to_pylist()], pa.large_string()))
    starts, stops, offsets = _pieces(lower.data, lower.offsets, _kinds())
    found, ends = _buckets(lower.data, starts, stops, offsets, ngram, buckets, sha256)
    return found, ends, np.diff(offsets)


@njit(nogil=True, cache=True)
def _pieces(data: Array, offsets: Array, kinds: Array) -> Any:
    most = offsets[-1] - offsets[0]
    first, last = np.empty(most, np.int64), np.empty(most, np.int64)
    text, table, starts, stops = borrow(data), borrow(kinds), borrow(first), borrow(last)
    ends = np.zeros(len(offsets), np.int64)
    count = 0
    for document in range(len(offsets) - 1):
        place, stop = offsets[document], offsets[document + 1]
        before = _SPACE
        while place < stop:
            point, width = np.int64(text[place]), 1
            if point >= 0x80:
                point, width = decode(text, place, stop)
            kind = table[point]
            if kind != before:
                if before != _SPACE:
                    stops[count] = place
                    count += 1
                if kind != _SPACE:
                    starts[count] = place
                before = kind
            place += width
        if before != _SPACE:
            stops[count] = stop
            count += 1
        ends[document + 1] = count
    return first[:count].copy(), last[:count].copy(), ends


@njit(nogil=True, cache=True)
def _buckets(data: Array, starts: Array, stops: Array, offsets: Array, ngram: Int, buckets: Int, sha256: bool) -> Any:
    found = np.empty(len(starts) * ngram, np.int64)
    hashes = np.empty(len(starts), np.uint64)
    for piece in range(len(starts)):
        hashes[piece] = hash_bytes(data, starts[piece], stops[piece])
    seen = np.zeros(_CACHED if sha256 else 1, np.uint64)
    answers = np.empty(len(seen), np.int64)
    ends = np.zeros(len(offsets), np.int64)
    count = 0
    for document in range(len(offsets) - 1):
        for n in range(1, ngram + 1):
            for piece in range(offsets[document], offsets[document + 1] - n + 1):
                state = START
                for k in range(n):
                    state = absorb(state, hashes[piece + k])
                key = finish(state)
                if not sha256:
                    found[count] = np.int64(((key >> _32) * np.uint64(buckets)) >> _32)
                else:
                    slot = np.int64(key) & (_CACHED - 1)
                    if seen[slot] != key:
                        seen[slot] = key
                        answers[slot] = digest_modulo(_joined(data, starts, stops, piece, n), buckets)
                    found[count] = answers[slot]
                count += 1
        ends[document + 1] = count
    return found[:count].copy(), ends


@njit(nogil=True, cache=True)
def _joined(data: Array, starts: Array, stops: Array, first: Int, n: Int) -> Array:
    """Return the bytes of ``n`` pieces with a space between them."""
    size = n - 1
    for piece in range(first, first + n):
        size += stops[piece] - starts[piece]
    text = np.empty(size, np.uint8)
    place = 0
    for piece in range(first, first + n):
        for source in range(starts[piece], stops[piece]):
            text[place] = data[source]
            place += 1
        if place < size:
            text[place] = 32
            place += 1
    return text


@njit(nogil=True, cache=True)
def sum_buckets(found: Array, offsets: Array, weights: Array) -> Any:
    """Add up the weight of every document's n-grams, in order: float64 (n,)."""
    sums = np.zeros(len(offsets) - 1)
    buckets, values = borrow(found), borrow(weights)
    for document in range(len(sums)):
        total = 0.0
        for i in range(offsets[document], offsets[document + 1]):
            total += values[buckets[i]]
        sums[document] = total
    return sums
