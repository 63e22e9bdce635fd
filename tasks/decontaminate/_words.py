"""The words that n-grams are made of, by variant: hashes with the span of each in the texts as given.

``plain``: the text engine's words but those of symbols alone, case-folded.
``datatrove``: the texts simplified as datatrove does, cut into words by the rules of spaCy's English tokenizer with its
contractions that are spelled without an apostrophe, and without cutting runs of a script that has no spaces.
``janitor``: what white space separates, lower case in ASCII, without ASCII punctuation; punctuation alone stays a word
that equals no word of an item, so that nothing is found across it. Sources: lm-evaluation-harness ``janitor.py``
(EleutherAI, MIT); Brown et al. 2020, arXiv:2005.14165, appendix C.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numba import njit

from tasks.decontaminate._english import classes, contractions, measures
from tasks.decontaminate._simplify import simplification, simplify
from tasks.text.batch import TextBatch
from tasks.text.borrow import Array, Int, borrow
from tasks.text.classes import SPACE, tables
from tasks.text.hashing import START, absorb, decode, finish, hash_bytes
from tasks.text.segment import SYMBOLS, segment
from tasks.text.specials import candidate, find, hash_exact, specials

Variant = Literal["plain", "datatrove", "janitor"]
NOTHING = np.uint64(0)  # hash of a word of punctuation alone in ``janitor``


@dataclass(frozen=True)
class Found:
    """Words of a batch: ``hashes`` uint64; ``starts``, ``stops`` int64, bytes into its data; ``offsets`` as there."""

    hashes: np.ndarray
    starts: np.ndarray
    stops: np.ndarray
    offsets: np.ndarray


def words_of(batch: TextBatch, variant: Variant) -> Found:
    """Return the words of a batch by a variant's rules."""
    if variant == "datatrove":
        return _simplified(batch)
    if variant == "janitor":
        return Found(*_separated(batch.data, batch.offsets, tables().classes))
    words = batch.words
    kept = np.flatnonzero((words.flags & SYMBOLS) == 0)
    offsets = np.searchsorted(kept, words.offsets)
    return Found(words.hashes[kept], words.starts[kept], words.stops[kept], offsets)


def _simplified(batch: TextBatch) -> Found:
    tables_of = simplification()
    data, offsets, origins = simplify(batch.data, batch.offsets, tables_of.kinds, tables_of.firsts, tables_of.pool)
    unit_keys, _, unit_gate = measures()
    room = np.empty((2, len(data) + 1), np.int64)
    starts, stops, firsts, _ = segment(data, offsets, classes(), *specials(), unit_keys, unit_gate, room)
    hashes, starts, stops, firsts = _contracted(data, starts, stops, firsts, *contractions())
    ends = np.repeat(batch.offsets[1:], np.diff(firsts))
    return Found(hashes, origins[starts], np.minimum(origins[stops], ends), firsts)


@njit(nogil=True, cache=True)
def _contracted(data: Array, starts: Array, stops: Array, offsets: Array, keys: Array, cuts: Array, gate: Array) -> Any:
    """Hash the words, as (hashes, starts, stops, offsets), with those that are contractions cut into their pieces."""
    room = len(starts) + np.int64(len(starts))
    hashes = np.empty(room, np.uint64)
    found_starts, found_stops = np.empty(room, np.int64), np.empty(room, np.int64)
    found = np.zeros(len(offsets), np.int64)
    text, table, gates, mask = borrow(data), borrow(keys), borrow(gate), np.int64(len(keys) - 1)
    count = 0
    for document in range(len(offsets) - 1):
        for word in range(offsets[document], offsets[document + 1]):
            start, stop = starts[word], stops[word]
            slot = np.int64(-1)
            if candidate(text, start, stop, gates):
                slot = find(table, mask, hash_exact(text, start, stop))
            piece = 0
            while start < stop:
                end = stop if slot < 0 else start + np.int64(cuts[slot, piece])
                hashes[count] = hash_bytes(text, start, end)
                found_starts[count], found_stops[count] = start, end
                count += 1
                piece += 1
                start = end
        found[document + 1] = count
    return hashes[:count], found_starts[:count], found_stops[:count], found


@njit(nogil=True, cache=True)
def _separated(data: Array, offsets: Array, classes: Array) -> Any:
    """Return (hashes, starts, stops, offsets) of what white space separates, as ``janitor`` compares it."""
    room = np.int64(len(data)) // 2 + len(offsets)
    hashes = np.empty(room, np.uint64)
    starts, stops = np.empty(room, np.int64), np.empty(room, np.int64)
    found = np.zeros(len(offsets), np.int64)
    text, kinds = borrow(data), borrow(classes)
    count = 0
    for document in range(len(offsets) - 1):
        place, stop = offsets[document], offsets[document + 1]
        while place < stop:
            start, state, empty = place, START, True
            width = 0
            while place < stop:
                point, width = decode(text, place, stop)
                if np.int64(kinds[point]) & SPACE:
                    break
                if point >= 0x80 or _is_alphanumeric(point):
                    state = absorb(state, np.uint64(point + 32 if 65 <= point <= 90 else point))
                    empty = False
                place += width
                width = 0
            if place > start:
                starts[count], stops[count] = start, place
                hashes[count] = NOTHING if empty else finish(state)
                count += 1
            place += width
        found[document + 1] = count
    return hashes[:count], starts[:count], stops[:count], found


@njit(nogil=True, cache=True)
def _is_alphanumeric(point: Int) -> bool:
    """Say whether ``string.punctuation`` leaves this ASCII character: letters, digits and controls."""
    return (48 <= point <= 57) or (65 <= point <= 90) or (97 <= point <= 122) or point < 32 or point == 127
