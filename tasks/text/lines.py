"""Lines, paragraphs, sentences and characters of a batch.

Lines end at ``\\n`` only. Paragraphs are separated by one or more empty lines (not by blank ones that hold spaces),
after white space at both ends of the text is left out. A sentence ends at a word that is a sentence ender alone (the
segmentation keeps abbreviations, initials, numbers and ellipses whole), together with the punctuation that follows.
"""

from typing import Any

import numpy as np
from numba import njit

from tasks.text.borrow import Array, Int, borrow
from tasks.text.classes import ENDER, SPACE
from tasks.text.hashing import decode, decode_before, hash_bytes
from tasks.text.segment import PUNCTUATION, TERMINATOR

# Flags of a line.
BLANK = 1  # nothing but white space
TERMINAL = 2  # its last character ends a sentence
BULLET = 4  # its first character that is no white space is a bullet or a hyphen
ELLIPSIS = 8  # it ends in an ellipsis, before white space

_BULLET, _ELLIPSIS = 0x2022, 0x2026


@njit(nogil=True, cache=True)
def split_lines(data: Array, offsets: Array, classes: Array) -> Any:
    """Return (starts, stops, hashes, characters, flags, line offsets) of the lines of every document."""
    data, classes = borrow(data), borrow(classes)
    count = np.int64(len(offsets))
    for place in range(offsets[0], offsets[-1]):
        count += data[place] == 10
    starts, stops = np.empty(count, np.int64), np.empty(count, np.int64)
    hashes, characters = np.empty(count, np.uint64), np.empty(count, np.int32)
    flags = np.empty(count, np.uint8)
    line_offsets = np.zeros(len(offsets), np.int64)
    line = 0
    for document in range(len(offsets) - 1):
        start, stop = offsets[document], offsets[document + 1]
        while start < stop:
            end = start
            length = 0
            while end < stop and data[end] != 10:
                length += (data[end] & 0xC0) != 0x80
                end += 1
            starts[line], stops[line], characters[line] = start, end, length
            hashes[line] = hash_bytes(data, start, end)
            flags[line] = _line_flags(data, start, end, classes)
            line += 1
            start = end + 1
        line_offsets[document + 1] = line
    return starts[:line], stops[:line], hashes[:line], characters[:line], flags[:line], line_offsets


@njit(nogil=True, cache=True)
def _line_flags(data: Array, start: Int, stop: Int, classes: Array) -> Int:
    last, _ = decode_before(data, stop, start)
    flags = TERMINAL if stop > start and np.int64(classes[last]) & ENDER else 0
    start, stop = strip(data, start, stop, classes)
    if start == stop:
        return flags | BLANK
    first, _ = decode(data, start, stop)
    last, _ = decode_before(data, stop, start)
    if first == _BULLET or first == 45:
        flags |= BULLET
    dots = stop - start >= 3 and data[stop - 1] == 46 and data[stop - 2] == 46 and data[stop - 3] == 46
    return flags | (ELLIPSIS if dots or last == _ELLIPSIS else 0)


@njit(nogil=True, cache=True)
def strip(data: Array, start: Int, stop: Int, classes: Array) -> tuple[Int, Int]:
    """Return (start, stop) without the white space at both ends."""
    while start < stop:
        point, width = decode(data, start, stop)
        if not np.int64(classes[point]) & SPACE:
            break
        start += width
    while start < stop:
        point, width = decode_before(data, stop, start)
        if not np.int64(classes[point]) & SPACE:
            break
        stop -= width
    return start, stop


@njit(nogil=True, cache=True)
def split_paragraphs(
    data: Array, offsets: Array, line_starts: Array, line_stops: Array, line_offsets: Array, classes: Array
) -> Any:
    """Return (starts, stops, hashes, characters, flags, paragraph offsets) of the paragraphs of every document."""
    data, classes = borrow(data), borrow(classes)
    most = len(line_starts)
    starts, stops = np.empty(most, np.int64), np.empty(most, np.int64)
    hashes, characters = np.empty(most, np.uint64), np.empty(most, np.int32)
    paragraph_offsets = np.zeros(len(offsets), np.int64)
    count = 0
    for document in range(len(offsets) - 1):
        text, stop = strip(data, offsets[document], offsets[document + 1], classes)
        opened = False
        for line in range(line_offsets[document], line_offsets[document + 1]):
            first, last = max(line_starts[line], text), min(line_stops[line], stop)
            if last <= first:
                opened = False
            elif opened:
                stops[count - 1] = last
            else:
                starts[count], stops[count] = first, last
                count += 1
                opened = True
        paragraph_offsets[document + 1] = count
    for paragraph in range(count):
        hashes[paragraph] = hash_bytes(data, starts[paragraph], stops[paragraph])
        characters[paragraph] = characters_between(data, starts[paragraph], stops[paragraph])
    return (
        starts[:count],
        stops[:count],
        hashes[:count],
        characters[:count],
        np.zeros(count, np.uint8),
        paragraph_offsets,
    )


@njit(nogil=True, cache=True)
def characters_between(data: Array, start: Int, stop: Int) -> Int:
    """Return the characters (code points) in ``data[start:stop]``."""
    length = 0
    for place in range(start, stop):
        length += (data[place] & 0xC0) != 0x80
    return length


@njit(nogil=True, cache=True)
def count_characters(data: Array, offsets: Array) -> Any:
    """Return the characters of every document: int64 (n,)."""
    data = borrow(data)
    counts = np.zeros(len(offsets) - 1, np.int64)
    for document in range(len(counts)):
        counts[document] = characters_between(data, offsets[document], offsets[document + 1])
    return counts


@njit(nogil=True, cache=True)
def count_sentences(flags: Array, word_offsets: Array) -> Any:
    """Return the sentences of every document: int64 (n,)."""
    counts = np.zeros(len(word_offsets) - 1, np.int64)
    for document in range(len(counts)):
        counts[document] = sentences_between(flags, word_offsets[document], word_offsets[document + 1])
    return counts


@njit(nogil=True, cache=True)
def sentences_between(flags: Array, first: Int, last: Int) -> Int:
    """Return the sentences in the words from ``first`` to ``last``."""
    count = 1 if last > first else 0
    ended = False
    for word in range(first, last):
        if flags[word] & TERMINATOR:
            ended = True
        elif ended and not flags[word] & PUNCTUATION:
            count += 1
            ended = False
    return count
