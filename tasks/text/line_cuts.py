"""Cuts of whole lines, white space around them and marks in them: what is left is the kept lines joined by ``\\n``.

Lines end where ``str.splitlines`` ends them. Rows of cuts are int64 (document, start, stop, whether a line break is
put there, reason); they may overlap, and what two of them ask for is the union. Neighbouring lines that are cut for the
same reason share a row, blank ones between them as well.
"""

import unicodedata
from functools import cache
from typing import Any

import numpy as np
from numba import njit

from tasks.text.borrow import Array, Int, borrow
from tasks.text.classes import CODE_POINTS, ENDER, SPACE, tables
from tasks.text.hashing import decode
from tasks.text.lines import strip
from tasks.text.web_lines import FEW, LONG, POLICY, SCRIPT, is_finished, phrases_in, words_wrong

# What a character is, beside its classes.
SYMBOL, NUMERAL, CAPITAL, FIGURE, OUTSIDE = 1, 2, 4, 8, 16

BLANK, SPACES, UNFINISHED, SHORT, ENDLESS, SCRIPTS, POLICIES, CITATION, BREAK, SYMBOLS = range(10)
REASONS = (
    *("blank_line", "white_space", "no_sentence_end", "few_words", "long_word", "javascript", "policy", "citation"),
    *("line_break", "symbols"),
)
_OTHER_SYMBOLS = "«´»–—’“”„…∶━►、〈〉《》「」【】％（），１：；～"


@cache
def kinds() -> np.ndarray:
    """Return what each character is: uint8 (code points,), a sum of the constants of this module."""
    found = np.zeros(CODE_POINTS, np.uint8)
    for start, stop in ((0, 0x323B0), (0xE0000, 0xE01F0)):
        found[start:stop] = [_kind(chr(point)) for point in range(start, stop)]
    found[0x323B0:0xE0000] = found[0xE01F0:] = OUTSIDE
    found[np.flatnonzero(tables().classes & ENDER)] |= SYMBOL
    symbols = [*range(9), *range(11, 48), *range(58, 65), *range(91, 97), *range(123, 160)]
    found[[*symbols, *map(ord, _OTHER_SYMBOLS)]] |= SYMBOL
    return found


def _kind(character: str) -> int:
    return (
        (NUMERAL if unicodedata.category(character) == "Nd" else 0)
        | (CAPITAL if character.isupper() else 0)
        | (FIGURE if character.isdigit() else 0)
        | (0 if character.isalnum() or character == "_" else OUTSIDE)
    )


@njit(nogil=True, cache=True)
def put(rows: Array, count: Int, document: Int, start: Int, stop: Int, joins: Int, reason: Int) -> Any:
    """Return (rows, count) with one more row, unless it is empty; ``rows`` grows as it must."""
    if stop <= start:
        return rows, count
    if count == len(rows):
        grown = np.empty((2 * len(rows), 5), np.int64)
        grown[:count] = rows
        rows = grown
    rows[count, 0], rows[count, 1], rows[count, 2], rows[count, 3], rows[count, 4] = (
        document,
        start,
        stop,
        joins,
        reason,
    )
    return rows, count + 1


@njit(nogil=True, cache=True)
def put_line(rows: Array, count: Int, document: Int, start: Int, stop: Int, reason: Int) -> Any:
    """Return (rows, count) with a whole line cut, in the row of the line before if the reasons agree."""
    if count and rows[count - 1, 0] == document and rows[count - 1, 2] == start and rows[count - 1, 3] == 0:
        before = rows[count - 1, 4]
        if before == reason or before == BLANK or reason == BLANK:
            rows[count - 1, 2] = stop
            rows[count - 1, 4] = reason if before == BLANK else before
            return rows, count
    return put(rows, count, document, start, stop, 0, reason)


@njit(nogil=True, cache=True)
def line_end(data: Array, place: Int, stop: Int) -> tuple[Int, Int]:
    """Return where the line from ``place`` on ends, and where the next one begins."""
    while place < stop:
        byte = data[place]
        if byte < 32:
            if byte == 10 or byte == 11 or byte == 12 or (byte >= 28 and byte <= 30):
                return place, place + 1
            if byte == 13:
                return place, place + (2 if place + 1 < stop and data[place + 1] == 10 else 1)
        elif byte == 0xC2 and place + 1 < stop and data[place + 1] == 0x85:
            return place, place + 2
        elif byte == 0xE2 and place + 2 < stop and data[place + 1] == 0x80 and data[place + 2] | 1 == 0xA9:
            return place, place + 3
        place += 1
    return stop, stop


@njit(nogil=True, cache=True)
def put_ends(rows: Array, count: Int, document: Int, data: Array, line: tuple[Int, Int, Int, Int], stop: Int) -> Any:
    """Return (rows, count) with the white space of a kept line cut and one ``\\n`` at its end.

    ``line``: start of the line, start and stop of what is kept, start of the next line. ``stop``: end of the text.
    """
    start, first, last, following = line
    rows, count = put(rows, count, document, start, first, 0, SPACES)
    if following > last and data[following - 1] == 10:
        return put(rows, count, document, last, following - 1, 0, SPACES)
    return put(rows, count, document, last, following, 1 if following < stop else 0, BREAK)


@njit(nogil=True, cache=True)
def cut_prose(
    data: Array,
    offsets: Array,
    classes: Array,
    kinds: Array,
    citations: tuple[Array, Array],
    settings: tuple[Int, Int, bool],
    room: Array,
) -> Any:
    """Return rows that leave the lines which read like prose, without citation marks: the line rules of C4.

    ``settings``: (fewest words, longest word, whether a line must end like a sentence). ``citations``: the
    tables of ``tasks.text.web_lines``. ``room``: uint8, as many as the longest text has bytes, to write to.
    """
    data, classes, kinds, clean = borrow(data), borrow(classes), borrow(kinds), borrow(room)
    rows, count = np.empty((256, 5), np.int64), 0
    for document in range(len(offsets) - 1):
        place, end = offsets[document], offsets[document + 1]
        text_start, text_stop = end, place  # of what will be left
        while place < end:
            line = place
            stop, place = line_end(data, line, end)
            first, last = strip(data, line, stop, classes)
            if settings[2] and not _may_finish(data, first, last):
                reason = BLANK if first == last else UNFINISHED
                rows, count = put_line(rows, count, document, line, place, reason)
                continue
            before = count
            left, right = first, last
            length = -1
            if _has_bracket(data, first, last):
                rows, count, length, left, right = _without_citations(
                    data, first, last, classes, kinds, citations, clean, rows, count, document
                )
            wrong = words_wrong(data, first, last, classes, settings[0], settings[1])
            reason = _fault(data, first, last, wrong, settings[2])
            if length >= 0:
                reason = _fault(clean, 0, length, wrong, settings[2])
            if reason >= 0:
                reason = BLANK if first == last else reason
                rows, count = put_line(rows, before, document, line, place, reason)
                continue
            if left < right:
                text_start, text_stop = min(text_start, left), right
            rows, count = put_ends(rows, count, document, data, (line, first, last, place), end)
        if text_start >= text_stop:
            text_start = text_stop = offsets[document]
        rows, count = put(rows, count, document, offsets[document], text_start, 0, SPACES)
        rows, count = put(rows, count, document, text_stop, end, 0, SPACES)
    return rows[:count]


@njit(nogil=True, cache=True)
def _may_finish(data: Array, start: Int, stop: Int) -> bool:
    """Say whether the line ends like a sentence, or in a bracket that may belong to a citation mark."""
    return stop > start and (data[stop - 1] == 93 or is_finished(data, start, stop))


@njit(nogil=True, cache=True)
def _has_bracket(data: Array, start: Int, stop: Int) -> bool:
    for place in range(start, stop):  # noqa: SIM110
        if data[place] == 91:
            return True
    return False


@njit(nogil=True, cache=True)
def _fault(data: Array, start: Int, stop: Int, wrong: Int, finished: bool) -> Int:
    """Return why the line is cut, or -1."""
    if wrong == LONG:
        return ENDLESS
    if finished and not is_finished(data, start, stop):
        return UNFINISHED
    if wrong == FEW:
        return SHORT
    found = phrases_in(data, start, stop)
    if found & SCRIPT:
        return SCRIPTS
    return POLICIES if found & POLICY else -1


@njit(nogil=True, cache=True)
def _citation_at(data: Array, place: Int, stop: Int, kinds: Array, citations: tuple[Array, Array]) -> Int:
    """Return the bytes of the citation mark at ``place``, or 0."""
    for letters in citations:
        k = 0
        while k < len(letters) and place + k < stop and data[place + k] == letters[k]:
            k += 1
        if k == len(letters):
            return k
    end = place + 1
    while end < stop:
        point, width = decode(data, end, stop)
        if not kinds[point] & NUMERAL:
            break
        end += width
    return end + 1 - place if end < stop and data[end] == 93 else 0


@njit(nogil=True, cache=True)
def _without_citations(
    data: Array,
    start: Int,
    stop: Int,
    classes: Array,
    kinds: Array,
    citations: tuple[Array, Array],
    clean: Array,
    rows: Array,
    count: Int,
    document: Int,
) -> Any:
    """Copy the line without its citation marks into ``clean`` and cut them.

    Returns (rows, count, bytes in ``clean``, start and stop of what is left without white space at its ends).
    """
    length, left, right = 0, stop, start
    place = start
    while place < stop:
        mark = _citation_at(data, place, stop, kinds, citations) if data[place] == 91 else 0
        if mark:
            rows, count = put(rows, count, document, place, place + mark, 0, CITATION)
            place += mark
            continue
        point, width = decode(data, place, stop)
        if not np.int64(classes[point]) & SPACE:
            left, right = min(left, place), place + width
        for k in range(width):
            clean[length + k] = data[place + k]
        length += width
        place += width
    return rows, count, length, left, right


@njit(nogil=True, cache=True)
def cut_symbols(data: Array, offsets: Array, classes: Array, kinds: Array, marked: bool, joined: bool) -> Any:
    """Return rows that leave the lines with anything but symbols and spaces in them, and the blank ones.

    The first line of each run gets a row that joins if ``marked``: a mark is to stand in its place. With ``joined``,
    what is kept ends with ``\\n`` wherever it ended otherwise, and the last line with nothing.
    """
    data, classes, kinds = borrow(data), borrow(classes), borrow(kinds)
    rows, count = np.empty((256, 5), np.int64), 0
    for document in range(len(offsets) - 1):
        place, end = offsets[document], offsets[document + 1]
        last = place
        running = False
        while place < end:
            line = place
            stop, place = line_end(data, line, end)
            cut = _all_symbols(data, line, stop, classes, kinds)
            if cut and (running or not marked):
                rows, count = put_line(rows, count, document, line, place, SYMBOLS)
            else:
                if cut:
                    rows, count = put(rows, count, document, line, stop, 2, SYMBOLS)
                if joined:
                    rows, count = put_ends(rows, count, document, data, (line, line, stop, place), end)
                last = stop
            running = cut
        if joined:
            rows, count = put(rows, count, document, last, end, 0, BREAK)
    return rows[:count]


@njit(nogil=True, cache=True)
def _all_symbols(data: Array, start: Int, stop: Int, classes: Array, kinds: Array) -> bool:
    """Say whether there are symbols and spaces only, and not white space only."""
    blank = True
    while start < stop:
        point, width = decode(data, start, stop)
        if point != 32 and not kinds[point] & SYMBOL:
            return False
        blank &= np.int64(classes[point]) & SPACE != 0
        start += width
    return not blank
