"""Texts as datatrove compares them: lower case, every number 0, no punctuation, no marks over letters.

In this order: ``str.lower``; a run of decimal digits, with one separator and more digits, becomes ``0``; punctuation
and control characters become spaces; runs of white space become one space; what is left is decomposed (NFD) and loses
its marks (category Mn). Source: datatrove 0.10.1, ``utils/text.py`` (Hugging Face, Apache-2.0).

All but the numbers and the final sigma is decided character by character, so it is a table over code points.
Decomposition may also reorder marks that are not of category Mn (two musical stems on one note); that is not done.
"""

import string
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numba import njit

from tasks.text.borrow import Array, Int, borrow
from tasks.text.classes import points
from tasks.text.hashing import decode, decode_before

# Besides ASCII's: quotes, dashes and East Asian marks, but not the opening single quote.
BEYOND_ASCII = """
AB B4 BB 2013 2014 2019 201C 201D 201E 2026 2236 2501 25BA 3001 3002 3008-300D 3010 3011 FF01 FF05 FF08 FF09 FF0C FF0E
FF1A FF1B FF1F FF5E
"""
PUNCTUATION = frozenset(string.punctuation) | frozenset(map(chr, points(BEYOND_ASCII)))
CONTROLS = frozenset(map(chr, (*range(32), *range(127, 160))))
SEPARATORS = (0x2E, 0x2C, 0x60C, 0x66B, 0x2396, 0x2397, 0x2398)
SIGMA, FINAL_SIGMA, PLAIN_SIGMA = 0x3A3, 0x3C2, 0x3C3

# What becomes of a character.
COPIED, SPACED, NUMBER, MAPPED = range(4)
# How it bears on a capital sigma beside it.
CASED, IGNORED = 16, 32
_KIND = 15
_SPACE, _ZERO = 32, 48
_LAST_CASED = 0x1F000


@dataclass(frozen=True)
class Simplification:
    """``kinds``: uint8 per code point. ``firsts``: int32 (n + 1) into ``pool``, the UTF-8 of what replaces each."""

    kinds: np.ndarray
    firsts: np.ndarray
    pool: np.ndarray


@cache
def simplification() -> Simplification:
    """Return the tables, built once per process (about 0.3 s)."""
    kinds = np.zeros(0x110000, np.uint8)
    sizes = np.zeros(0x110000 + 1, np.int32)
    pool = bytearray()
    for point in (*range(0xD800), *range(0xE000, 0x323B0), *range(0xE0000, 0xE01F0)):
        character = chr(point)
        kind, replacement = _fate(character)
        if kind == MAPPED:
            encoded = replacement.encode()
            pool += encoded
            sizes[point + 1] = len(encoded)
        if point < _LAST_CASED:
            kind |= _beside_sigma(character)
        kinds[point] = kind
    return Simplification(kinds, np.cumsum(sizes).astype(np.int32), np.frombuffer(bytes(pool) or b"\0", np.uint8))


def _fate(character: str) -> tuple[int, str]:
    if unicodedata.category(character) == "Nd":
        return NUMBER, ""
    lower = character.lower()
    if lower in PUNCTUATION or lower in CONTROLS or lower.isspace():
        return SPACED, ""
    bare = "".join(c for c in unicodedata.normalize("NFD", lower) if unicodedata.category(c) != "Mn")
    return (COPIED, "") if bare == character else (MAPPED, bare)


def _beside_sigma(character: str) -> int:
    """Ask ``str.lower`` itself: a capital sigma is final after a cased letter, whatever is ignored between."""
    if (character + "Σ").lower().endswith("ς"):
        return CASED
    return IGNORED if ("A" + character + "Σ").lower().endswith("ς") else 0


@njit(nogil=True, cache=True)
def simplify(data: Array, offsets: Array, kinds: Array, firsts: Array, pool: Array) -> Any:
    """Simplify every text ``data[offsets[i]:offsets[i + 1]]``.

    Returns (data, offsets, origins): uint8, int64 (n + 1), and for each byte where the character that it stands for
    starts in the given data, int64, with one more item for the end.
    """
    # Nothing is replaced by more than three times its bytes; what is never written takes no memory.
    room = 3 * (offsets[-1] - offsets[0])
    found, origins = np.empty(room, np.uint8), np.empty(room + 1, np.int64)
    found_offsets = np.zeros(len(offsets), np.int64)
    given, kind_of, first_of, replaced = borrow(data), borrow(kinds), borrow(firsts), borrow(pool)
    count = np.int64(0)
    for document in range(len(offsets) - 1):
        stop = offsets[document + 1]
        count = _simplify(
            given, offsets[document], stop, kind_of, first_of, replaced, borrow(found), borrow(origins), count
        )
        found_offsets[document + 1] = count
    origins[count] = offsets[-1]
    return found[:count], found_offsets, origins[: count + 1]


@njit(nogil=True, cache=True)
def _simplify(
    data: Array,
    start: Int,
    stop: Int,
    kinds: Array,
    firsts: Array,
    pool: Array,
    found: Array,
    origins: Array,
    count: Int,
) -> Int:
    """Append one simplified text; return the new count of bytes."""
    begin = count
    place = start
    while place < stop:
        point, width = decode(data, place, stop)
        kind = np.int64(kinds[point]) & _KIND
        if kind == COPIED and point != SIGMA:
            for k in range(width):
                found[count], origins[count] = data[place + k], place
                count += 1
        elif kind == SPACED:
            if count > begin and found[count - 1] != _SPACE:
                found[count], origins[count] = _SPACE, place
                count += 1
        elif kind == NUMBER:
            found[count], origins[count] = _ZERO, place
            count += 1
            width = _number(data, place, stop, kinds) - place
        elif point == SIGMA:
            last = FINAL_SIGMA if _is_final(data, start, place, stop, kinds) else PLAIN_SIGMA
            found[count], found[count + 1] = 0xC0 | (last >> 6), 0x80 | (last & 0x3F)
            origins[count] = origins[count + 1] = place
            count += 2
        else:
            for k in range(firsts[point], firsts[point + 1]):
                found[count], origins[count] = pool[k], place
                count += 1
        place += width
    return count


@njit(nogil=True, cache=True)
def _number(data: Array, place: Int, stop: Int, kinds: Array) -> Int:
    """Return where the number ends that starts at ``place``: digits, or digits, one separator and digits."""
    end = _digits(data, place, stop, kinds)
    if end == stop:
        return end
    point, width = decode(data, end, stop)
    if point in SEPARATORS:
        further = _digits(data, end + width, stop, kinds)
        if further > end + width:
            return further
    return end


@njit(nogil=True, cache=True)
def _digits(data: Array, place: Int, stop: Int, kinds: Array) -> Int:
    while place < stop:
        point, width = decode(data, place, stop)
        if np.int64(kinds[point]) & _KIND != NUMBER:
            break
        place += width
    return place


@njit(nogil=True, cache=True)
def _is_final(data: Array, start: Int, place: Int, stop: Int, kinds: Array) -> bool:
    """Say whether the capital sigma at ``place`` ends a word, as Unicode's rule for lower case has it."""
    before = place
    cased = False
    while before > start and not cased:
        point, width = decode_before(data, before, start)
        kind = np.int64(kinds[point])
        before -= width
        cased = kind & CASED != 0
        if not cased and not kind & IGNORED:
            return False
    if not cased:
        return False
    after = place + 2
    while after < stop:
        point, width = decode(data, after, stop)
        kind = np.int64(kinds[point])
        if kind & CASED:
            return False
        if not kind & IGNORED:
            return True
        after += width
    return True
