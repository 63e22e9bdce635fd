"""Words and phrases of several classes counted in one pass over the words of a batch.

A phrase is a sequence of words as ``tasks.text.segment`` cuts them, in any case; phrases may overlap. Most words begin
no phrase: a set of 65,536 bits says so without a look-up.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numba import njit

from tasks.text.batch import TextBatch
from tasks.text.borrow import Array, Int, borrow
from tasks.text.hashing import START, absorb, finish, slots

_ONE, _LOW, _GATE = np.uint64(1), np.uint64(63), np.uint64(48)


class Phrases(NamedTuple):
    """Phrases by class. ``gate``: uint64 (1024), bits of the first words. ``keys``: uint64, an open-addressing table of
    the phrases' hashes, and ``members``: uint64, the classes that each is of, as bits. ``longest``: words.
    """

    classes: tuple[str, ...]
    gate: np.ndarray
    keys: np.ndarray
    members: np.ndarray
    longest: int


def phrases(classes: Mapping[str, Iterable[str]]) -> Phrases:
    """Prepare up to 64 classes of phrases; empty ones are left out."""
    if len(classes) > 64:
        raise ValueError(f"classes: expected at most 64, got {len(classes)}")
    members: dict[tuple[int, ...], int] = {}
    for number, given in enumerate(classes.values()):
        batch = TextBatch(pa.array(list(given), pa.large_string()))
        for first, last in zip(batch.words.offsets[:-1], batch.words.offsets[1:], strict=True):
            if last > first:
                key = tuple(batch.words.hashes[first:last].tolist())
                members[key] = members.get(key, 0) | 1 << number
    words = np.array([word for phrase in members for word in phrase], np.uint64)
    offsets = np.cumsum([0, *map(len, members)], dtype=np.int64)
    gate, keys, bits = _fill(words, offsets, np.array(list(members.values()), np.uint64))
    return Phrases(tuple(classes), gate, keys, bits, max(map(len, members), default=0))


@njit(nogil=True, cache=True)
def _fill(words: Array, offsets: Array, members: Array) -> Any:
    size = slots(max(len(members), 1))
    gate, keys, bits = np.zeros(1024, np.uint64), np.zeros(size, np.uint64), np.zeros(size, np.uint64)
    for phrase in range(len(members)):
        first = words[offsets[phrase]]
        gate[first >> np.uint64(54)] |= _ONE << ((first >> _GATE) & _LOW)
        key = START
        for word in range(offsets[phrase], offsets[phrase + 1]):
            key = absorb(key, words[word])
        key = finish(key)
        slot = np.int64(key & np.uint64(size - 1))
        while keys[slot] != 0:
            slot = (slot + 1) & (size - 1)
        keys[slot], bits[slot] = key, members[phrase]
    return gate, keys, bits


def count_phrases(batch: TextBatch, known: Phrases) -> np.ndarray:
    """Count the phrases of each class in every document: int64 (n, classes)."""
    words = batch.words
    return _count(words.hashes, words.offsets, known.gate, known.keys, known.members, known.longest, len(known.classes))


@njit(nogil=True, cache=True)
def _count(hashes: Array, offsets: Array, gate: Array, keys: Array, members: Array, longest: Int, classes: Int) -> Any:
    counts = np.zeros((len(offsets) - 1, classes), np.int64)
    words, gates, mask = borrow(hashes), borrow(gate), np.int64(len(keys) - 1)
    keys, members, cells = borrow(keys), borrow(members), borrow(counts.ravel())
    for document in range(len(counts)):
        last = offsets[document + 1]
        for word in range(offsets[document], last):
            first = words[word]
            if (gates[first >> np.uint64(54)] >> ((first >> _GATE) & _LOW)) & _ONE:
                _match(words, word, min(last, word + longest), keys, mask, members, cells, document * classes)
    return counts


@njit(nogil=True, cache=True)
def _match(words: Array, word: Int, last: Int, keys: Array, mask: Int, members: Array, cells: Array, row: Int) -> None:
    """Count the phrases that begin at ``word``."""
    key = START
    while word < last:
        key = absorb(key, words[word])
        word += 1
        whole = finish(key)
        slot = np.int64(whole) & mask
        while keys[slot] != 0 and keys[slot] != whole:
            slot = (slot + 1) & mask
        bits, cell = members[slot] if keys[slot] == whole else np.uint64(0), row
        while bits:
            cells[cell] += np.int64(bits & _ONE)
            bits >>= _ONE
            cell += 1
