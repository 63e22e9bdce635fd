"""Counts over the characters of every document: what kinds there are, and how many belong to web addresses."""

from functools import cache
from typing import Any

import numpy as np
from numba import njit

from tasks.text.borrow import Array, Int, borrow
from tasks.text.hashing import decode

KINDS = ("plain", "blank", "bracket", "other")
_ANGLES = (0x27E8, 0x27E9)
_BITS, _FLUSH = 10, 1023


@cache
def kinds_of_ascii() -> np.ndarray:
    """Return a number for each ASCII character: uint64 (128), ten bits for each of ``KINDS`` that it is one of."""
    found = np.zeros(128, np.uint64)
    for point in range(128):
        character = chr(point)
        kinds = (
            character.isalnum() or character in "\n?!,.",
            character in "\t\n\r\b ",
            character in "{}[]()",
            False,
        )
        found[point] = sum(1 << (_BITS * field) for field, kind in enumerate(kinds) if kind)
    return found


@njit(nogil=True, cache=True)
def count_kinds(data: Array, offsets: Array, ascii_kinds: Array) -> Any:
    """Count the characters of each of ``KINDS`` in every document: int64 (n, 4).

    Plain: letters and digits of ASCII, line feeds and ``? ! , .``; blank: tabs, line ends, backspaces and spaces;
    bracket: ``{}[]()⟨⟩``; other: not ASCII.
    """
    counts = np.zeros((len(offsets) - 1, len(KINDS)), np.int64)
    data, kinds = borrow(data), borrow(ascii_kinds)
    for document in range(len(counts)):
        place, stop = offsets[document], offsets[document + 1]
        while place < stop:
            # Ten-bit fields hold the counts of so many characters.
            end, packed = min(place + _FLUSH, stop), np.uint64(0)
            while place < end and data[place] < 0x80:
                packed += kinds[data[place]]
                place += 1
            for field in range(3):
                counts[document, field] += np.int64(packed >> np.uint64(_BITS * field)) & _FLUSH
            while place < stop and data[place] >= 0x80:
                point, width = decode(data, place, stop)
                counts[document, 2] += point in _ANGLES
                counts[document, 3] += 1
                place += width
    return counts


@cache
def address_bytes() -> np.ndarray:
    """Say of each byte whether it may stand in a web address: uint8 (256), 1 or 0."""
    found = np.zeros(256, np.uint8)
    letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789$-_@.&+/:=?#~!*(),"
    found[np.frombuffer(letters, np.uint8)] = 1
    return found


@njit(nogil=True, cache=True)
def count_address_characters(data: Array, offsets: Array, allowed: Array) -> Any:
    """Count the characters of ``http://`` and ``https://`` addresses in every document: int64 (n,)."""
    counts = np.zeros(len(offsets) - 1, np.int64)
    data, allowed = borrow(data), borrow(allowed)
    for document in range(len(counts)):
        place, stop = offsets[document], offsets[document + 1]
        free = place
        while place + 3 < stop:
            if data[place] != 58 or data[place + 1] != 47 or data[place + 2] != 47:
                place += 1
                continue
            start = _scheme(data, free, place)
            place += 3
            if start < 0:
                continue
            end = _address_end(data, place, stop, allowed)
            if end > place:
                counts[document] += end - start
                place = free = end
    return counts


@njit(nogil=True, cache=True)
def _scheme(data: Array, first: Int, place: Int) -> Int:
    """Return where the ``http`` or ``https`` before ``place`` begins, or -1."""
    stop = place - 1 if place > first and data[place - 1] == 115 else place
    if stop - first < 4 or data[stop - 1] != 112 or data[stop - 2] != 116 or data[stop - 3] != 116:
        return np.int64(-1)
    return stop - 4 if data[stop - 4] == 104 else np.int64(-1)


@njit(nogil=True, cache=True)
def _address_end(data: Array, place: Int, stop: Int, allowed: Array) -> Int:
    while place < stop:
        if allowed[data[place]] != 0:
            place += 1
        elif data[place] == 37 and place + 2 < stop and _is_hex(data[place + 1]) and _is_hex(data[place + 2]):
            place += 3
        else:
            break
    return place


@njit(nogil=True, cache=True)
def _is_hex(byte: Int) -> bool:
    return 48 <= byte <= 57 or 65 <= byte <= 70 or 97 <= byte <= 102


@njit(nogil=True, cache=True)
def count_unfinished(data: Array, starts: Array, stops: Array, flags: Array, offsets: Array, blank: Int) -> Any:
    """Count the lines that do not end in ``. ? ! " '`` before white space of ASCII, blank ones left out: int64 (n,)."""
    counts = np.zeros(len(offsets) - 1, np.int64)
    data = borrow(data)
    for document in range(len(counts)):
        for line in range(offsets[document], offsets[document + 1]):
            if flags[line] & blank:
                continue
            stop = stops[line]
            while stop > starts[line] and data[stop - 1] <= 32:
                stop -= 1
            last = data[stop - 1]
            counts[document] += not (last == 46 or last == 63 or last == 33 or last == 34 or last == 39)
    return counts
