"""Kernels over the characters and lines of program text: classes of characters, nesting, comments, visible HTML."""

from typing import Any

import numpy as np
from numba import njit

from tasks.text.borrow import Array, Int, borrow
from tasks.text.classes import ALPHA, MARK, SPACE, SYMBOL
from tasks.text.hashing import decode

# Columns of `count_characters_of_code`.
ALPHABETIC, ALPHANUMERIC, DIGITS, SPACELESS, WORDS, BRACKETS = range(6)
# Families of comments, in the order of `comment_lines`.
SIGN, SLASH, DASH, SEMICOLON, PERCENT = range(5)
FAMILIES = 5
MOST_INDENTS = 256
# Counts of ASCII are kept in one number: letters, other numbers, digits, characters that are no space; and brackets.
_BITS, _FLUSH, _FILLED, _OPENS = 10, 1023, 30, 50


@njit(nogil=True, cache=True)
def count_code_characters(data: Array, offsets: Array, classes: Array) -> Any:
    """Count letters, letters and numbers, digits 0 to 9, characters and words without white space: int64 (n, 6).

    The last column is how deep brackets open inside each other.
    """
    table = _packed(classes)
    data, classes = borrow(data), borrow(classes)
    counts = np.zeros((len(offsets) - 1, 6), np.int64)
    for document in range(len(counts)):
        place, stop = offsets[document], offsets[document + 1]
        words = deepest = inside = np.int64(0)
        depth: Any = 0
        while place < stop:
            # Ten-bit fields hold the counts of so many characters.
            end, packed = min(place + _FLUSH, stop), np.int64(0)
            while place < end and data[place] < 0x80:
                value = table[data[place]]
                filled = (value >> _FILLED) & 1
                words += filled & ~inside
                inside = filled
                packed += value
                if value >> _OPENS:
                    depth = depth + 1 if (value >> _OPENS) & 1 else max(depth - 1, 0)
                    deepest = max(deepest, depth)
                place += 1
            for field in range(4):
                counts[document, field] += (packed >> (_BITS * field)) & _FLUSH
            while place < stop and data[place] >= 0x80:
                point, width = decode(data, place, stop)
                kind = np.int64(classes[point])
                place += width
                filled = np.int64(kind & SPACE == 0)
                words += filled & ~inside
                inside = filled
                counts[document, 0] += filled & (kind & ALPHA != 0)
                counts[document, 1] += filled & (kind & (ALPHA | SYMBOL | MARK) == 0)
                counts[document, 3] += filled
        counts[document, 1] += counts[document, 0]
        counts[document, 4], counts[document, 5] = words, deepest
    return counts


@njit(nogil=True, cache=True)
def _packed(classes: Array) -> Array:
    """Return what each character of ASCII adds to the counts: int64 (128), fields of ten bits."""
    table = np.zeros(128, np.int64)
    for point in range(128):
        kind = np.int64(classes[point])
        if kind & SPACE:
            continue
        number, digit = kind & (ALPHA | SYMBOL | MARK) == 0, point >= 48 and point <= 57
        letters = (kind & ALPHA != 0) | (number << _BITS) | (digit << (2 * _BITS)) | (1 << _FILLED)
        opens, closes = point == 40 or point == 91 or point == 123, point == 41 or point == 93 or point == 125
        table[point] = letters | (opens << _OPENS) | (closes << (_OPENS + 1))
    return table


@njit(nogil=True, cache=True)
def _indent(data: Array, start: Int, stop: Int) -> tuple[Int, Int]:
    """Return (columns, place) of the first byte of a line that is neither space nor tab; a tab goes to the next 8."""
    columns: Any = 0
    while start < stop and (data[start] == 32 or data[start] == 9 or data[start] == 13):
        columns = columns + 8 - columns % 8 if data[start] == 9 else columns + 1
        start += 1
    return columns, start


@njit(nogil=True, cache=True)
def nest_indents(data: Array, starts: Array, stops: Array, line_offsets: Array) -> Any:
    """Return how many indents stand inside each other at most in every document, blank lines left out: int64 (n,)."""
    data = borrow(data)
    deepest = np.zeros(len(line_offsets) - 1, np.int64)
    stack = np.zeros(MOST_INDENTS, np.int64)
    for document in range(len(deepest)):
        depth = 0
        for line in range(line_offsets[document], line_offsets[document + 1]):
            columns, place = _indent(data, starts[line], stops[line])
            if place == stops[line]:
                continue
            while depth > 0 and stack[depth - 1] >= columns:
                depth -= 1
            if columns > 0 and depth < MOST_INDENTS:
                stack[depth] = columns
                depth += 1
            deepest[document] = max(deepest[document], depth)
    return deepest


@njit(nogil=True, cache=True)
def _family(data: Array, place: Int, stop: Int) -> Int:
    """Return the family of comments that begins at ``place``, -1 for none; a block counts as SLASH."""
    first = data[place]
    second = data[place + 1] if place + 1 < stop else np.uint8(0)
    if first == 35 and second != 33 and second != 123 and second != 91:
        return SIGN
    if first == 47 and (second == 47 or second == 42):
        return SLASH
    if first == 45 and second == 45 and not (place + 2 < stop and data[place + 2] == 45):
        return DASH
    if first == 59:
        return SEMICOLON
    if first == 37:
        return PERCENT
    return -1


@njit(nogil=True, cache=True)
def comment_lines(data: Array, starts: Array, stops: Array, characters: Array, line_offsets: Array) -> Any:
    """Return (lines, characters) of the lines that are comments, per document and family: int64 (n, 5) each.

    A line from ``/*`` on is one until ``*/``.
    """
    data = borrow(data)
    lines = np.zeros((len(line_offsets) - 1, FAMILIES), np.int64)
    sizes = np.zeros((len(line_offsets) - 1, FAMILIES), np.int64)
    for document in range(len(lines)):
        block = False
        for line in range(line_offsets[document], line_offsets[document + 1]):
            _, place = _indent(data, starts[line], stops[line])
            if place == stops[line]:
                continue
            family = SLASH if block else _family(data, place, stops[line])
            if family < 0:
                continue
            lines[document, family] += 1
            sizes[document, family] += characters[line]
            if block or (family == SLASH and data[place + 1] == 42):
                block = not _closes(data, place if block else place + 2, stops[line])
    return lines, sizes


@njit(nogil=True, cache=True)
def _closes(data: Array, place: Int, stop: Int) -> bool:
    while place + 1 < stop:
        if data[place] == 42 and data[place + 1] == 47:
            return True
        place += 1
    return False


@njit(nogil=True, cache=True)
def _matches(data: Array, place: Int, stop: Int, letters: Array) -> bool:
    """Say whether the lower-case ``letters`` stand at ``place``, in any case."""
    if stop - place < len(letters):
        return False
    for k in range(len(letters)):
        byte = data[place + k]
        if (byte | 32 if byte >= 65 and byte <= 90 else byte) != letters[k]:
            return False
    return True


@njit(nogil=True, cache=True)
def _behind(data: Array, place: Int, stop: Int, letters: Array) -> Int:
    """Return the place behind the next ``letters``, or ``stop``."""
    while place < stop:
        if data[place] == letters[0] and _matches(data, place, stop, letters):
            return place + len(letters)
        place += 1
    return stop


@njit(nogil=True, cache=True)
def visible_characters(data: Array, offsets: Array, wanted: Array, marks: tuple[Array, ...]) -> Any:
    """Count the characters of the ``wanted`` documents that are neither in tags, comments, scripts nor styles.

    ``marks``: the letters of ``<!--``, ``-->``, ``<script``, ``</script``, ``<style`` and ``</style``.
    """
    data = borrow(data)
    counts = np.zeros(len(offsets) - 1, np.int64)
    for document in range(len(counts)):
        place, stop = offsets[document], offsets[document + 1]
        while wanted[document] and place < stop:
            if data[place] != 60:
                counts[document] += (data[place] & 0xC0) != 0x80
                place += 1
                continue
            behind = _skip_tag(data, place, stop, marks)
            counts[document] += behind == place
            place = max(behind, place + 1)
    return counts


@njit(nogil=True, cache=True)
def _skip_tag(data: Array, place: Int, stop: Int, marks: tuple[Array, ...]) -> Int:
    """Return the place behind the tag, comment, script or style at ``place``; ``place`` itself if there is none."""
    if _matches(data, place, stop, marks[0]):
        return _behind(data, place, stop, marks[1])
    if _matches(data, place, stop, marks[2]):
        place = _behind(data, place, stop, marks[3])
        return _tag_end(data, place - 1, stop, place)
    if _matches(data, place, stop, marks[4]):
        place = _behind(data, place, stop, marks[5])
        return _tag_end(data, place - 1, stop, place)
    second = data[place + 1] if place + 1 < stop else np.uint8(0)
    letter = (second | 32) >= 97 and (second | 32) <= 122
    return _tag_end(data, place, stop, place) if letter or second == 47 or second == 33 or second == 63 else place


@njit(nogil=True, cache=True)
def _tag_end(data: Array, place: Int, stop: Int, otherwise: Int) -> Int:
    """Return the place behind the next ``>``; ``otherwise`` if another ``<`` or the end comes first."""
    place += 1
    while place < stop and data[place] != 60:
        if data[place] == 62:
            return place + 1
        place += 1
    return otherwise
