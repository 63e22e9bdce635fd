"""Where program texts say what they need: statements found outside comments and strings, in one pass over the bytes.

Two readings of every text: as a script, where ``#`` begins a comment and quotes come in threes, and as a language of
braces, where ``//`` and ``/*`` begin comments and quotes are single. What a file is written in is decided later, by its
name; a text in neither kind of language gives a few places that nobody asks for.
"""

from typing import Any

import numpy as np
from numba import njit

from tasks.text.borrow import Array, Int

# What stands at a place.
SCRIPT, STATEMENT, NESTED, INCLUDE, QUOTED, CALLED = range(6)
LONGEST_PATTERN = 500
WORDS = (b"import", b"from", b"use", b"mod", b"extern", b"module", b"require", b"pub")
IMPORT, FROM, USE, MOD, EXTERN, MODULE, REQUIRE, PUB = range(8)


def import_places(data: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return (document, kind, byte) of every place where an import may be stated: int64 (m, 3), by document."""
    # A statement has five bytes at least; what is never written takes no memory.
    rows = np.empty((2 * (len(data) // 4) + 2, 3), np.int64)
    letters = np.zeros((len(WORDS), 8), np.uint8)
    for i, word in enumerate(WORDS):
        letters[i, : len(word)] = np.frombuffer(word, np.uint8)
    sizes = np.array([len(word) for word in WORDS])
    return rows[: _scan(data, offsets, letters, sizes, rows)].copy()


@njit(nogil=True, cache=True)
def _scan(data: Array, offsets: Array, letters: Array, sizes: Array, rows: Array) -> Int:
    end = 0
    for document in range(len(offsets) - 1):
        first = end
        end = _script(data, offsets[document], offsets[document + 1], letters, sizes, rows, end)
        end = _braces(data, offsets[document], offsets[document + 1], letters, sizes, rows, end)
        rows[first:end, 0] = document
    return end


@njit(nogil=True, cache=True)
def _of_name(byte: Int) -> bool:
    return byte == 95 or byte == 36 or 48 <= byte <= 57 or 65 <= byte <= 90 or 97 <= byte <= 122 or byte >= 128


@njit(nogil=True, cache=True)
def _word(data: Array, start: Int, stop: Int, letters: Array, sizes: Array) -> Int:
    for word in range(len(sizes)):
        if stop - start == sizes[word]:
            same = True
            for k in range(sizes[word]):
                same = same and data[start + k] == letters[word, k]
            if same:
                return word
    return -1


@njit(nogil=True, cache=True)
def _name_end(data: Array, place: Int, stop: Int) -> Int:
    while place < stop and _of_name(data[place]):
        place += 1
    return place


@njit(nogil=True, cache=True)
def _line_end(data: Array, place: Int, stop: Int) -> Int:
    while place < stop and data[place] != 10:
        place += 1
    return place


@njit(nogil=True, cache=True)
def _thrice(data: Array, place: Int, stop: Int) -> bool:
    return place + 2 < stop and data[place] == data[place + 1] and data[place] == data[place + 2]


@njit(nogil=True, cache=True)
def _past_string(data: Array, place: Int, stop: Int, across: bool) -> Int:
    """Return the byte after a string that begins at ``place``; one that is not ended stops at the end of its line."""
    quote = data[place]
    if _thrice(data, place, stop) and quote != 96:
        place += 3
        while place < stop and not (data[place] == quote and _thrice(data, place, stop)):
            place += 2 if data[place] == 92 else 1
        return min(place + 3, stop)
    place += 1
    while place < stop and data[place] != quote and (across or data[place] != 10):
        place += 2 if data[place] == 92 else 1
    return min(place + 1, stop) if place < stop and data[place] == quote else min(place, stop)


@njit(nogil=True, cache=True)
def _script(data: Array, start: Int, stop: Int, letters: Array, sizes: Array, rows: Array, end: Int) -> Int:
    place = start
    fresh = True
    while place < stop:
        byte = np.int64(data[place])
        if byte == 35:
            place = _line_end(data, place, stop)
        elif byte == 34 or byte == 39:
            place = _past_string(data, place, stop, False)
            fresh = False
        elif byte == 92:
            place += 2
            fresh = False
        elif _of_name(byte):
            after = _name_end(data, place, stop)
            if fresh:
                word = _word(data, place, after, letters, sizes)
                if word in (IMPORT, FROM):
                    rows[end, 1], rows[end, 2] = SCRIPT, place
                    end += 1
            fresh = False
            place = after
        else:
            # After a colon or a semicolon another statement may stand on the line.
            fresh = byte == 10 or byte == 58 or byte == 59 or (fresh and (byte == 32 or byte == 9 or byte == 12))
            place += 1
    return end


@njit(nogil=True, cache=True)
def _past_pattern(data: Array, place: Int, stop: Int) -> Int:
    """Return the byte after a regular expression that begins at ``place``, or the next one if there is none."""
    inside = False
    at = place + 1
    last = min(stop, place + LONGEST_PATTERN)
    while at < last and data[at] != 10:
        if data[at] == 92:
            at += 1
        elif data[at] == 91:
            inside = True
        elif data[at] == 93:
            inside = False
        elif data[at] == 47 and not inside:
            return at + 1
        at += 1
    return place + 1


@njit(nogil=True, cache=True)
def _past_slash(data: Array, place: Int, stop: Int, before: Int) -> Int:
    after = data[place + 1] if place + 1 < stop else 0
    if after == 47:
        return _line_end(data, place, stop)
    if after == 42:
        place += 2
        while place + 1 < stop and not (data[place] == 42 and data[place + 1] == 47):
            place += 1
        return min(place + 2, stop)
    # A slash where a value is due begins a pattern: after ( , = : [ ! & | ? { } ; or at the start.
    for opener in (0, 40, 44, 61, 58, 91, 33, 38, 124, 63, 123, 125, 59):
        if before == opener:
            return _past_pattern(data, place, stop)
    return place + 1


@njit(nogil=True, cache=True)
def _past_quote(data: Array, place: Int, stop: Int) -> Int:
    """Return the byte after what a quote begins; an apostrophe that nothing on its line closes is one of its own."""
    if data[place] == 39:
        after = _past_string(data, place, stop, False)
        return after if after > place + 1 and data[after - 1] == 39 else place + 1
    return _past_string(data, place, stop, data[place] == 96)


@njit(nogil=True, cache=True)
def _past_raw(data: Array, place: Int, stop: Int) -> Int:
    """Return the byte after a raw string of Rust whose hashes or quote are at ``place``; that if there is none."""
    hashes = 0
    while place + hashes < stop and data[place + hashes] == 35:
        hashes += 1
    at = place + hashes
    if at >= stop or data[at] != 34:
        return place
    at += 1
    while at < stop:
        if data[at] == 34:
            found = 0
            while found < hashes and at + 1 + found < stop and data[at + 1 + found] == 35:
                found += 1
            if found == hashes:
                return at + 1 + hashes
        at += 1
    return stop


@njit(nogil=True, cache=True)
def _past_blanks(data: Array, place: Int, stop: Int) -> Int:
    while place < stop and (data[place] == 32 or data[place] == 9 or data[place] == 10 or data[place] == 13):
        place += 1
    return place


@njit(nogil=True, cache=True)
def _stated(data: Array, word: Int, after: Int, stop: Int, fresh: bool, depth: Int) -> Int:
    """Return what kind of place a word begins, -1 for none."""
    beyond = _past_blanks(data, after, stop)
    following = data[beyond] if beyond < stop else 0
    quoted = following == 34 or following == 39
    if word == FROM:
        return QUOTED if quoted else -1
    if word == REQUIRE or (word == IMPORT and following == 40 and not fresh):
        return CALLED if following == 40 else -1
    if not fresh or word < 0 or word == PUB:
        return -1
    return STATEMENT if depth == 0 else NESTED


@njit(nogil=True, cache=True)
def _braces(data: Array, start: Int, stop: Int, letters: Array, sizes: Array, rows: Array, end: Int) -> Int:
    place = start
    depth: Any = 0
    before: Any = 0
    fresh = True
    while place < stop:
        byte = np.int64(data[place])
        if byte == 47:
            after = _past_slash(data, place, stop, before)
            before = before if data[min(place + 1, stop - 1)] in (42, 47) else byte
            place = after
        elif byte == 34 or byte == 39 or byte == 96:
            place = _past_quote(data, place, stop)
            before, fresh = byte, False
        elif _of_name(byte):
            after = _name_end(data, place, stop)
            word = _word(data, place, after, letters, sizes)
            kind = _stated(data, word, after, stop, fresh, depth)
            if kind >= 0:
                rows[end, 1], rows[end, 2] = kind, place
                end += 1
            raw = data[after - 1] == 114 and after - place <= 2
            place = _past_raw(data, after, stop) if raw else after
            if word == PUB and fresh:
                place = _past_visibility(data, place, stop)
            else:
                before, fresh = byte, False
        elif byte == 35 and fresh:
            at = place + 1
            while at < stop and (data[at] == 32 or data[at] == 9):
                at += 1
            if _of_include(data, at, stop):
                rows[end, 1], rows[end, 2] = INCLUDE, at
                end += 1
            place = at
        else:
            blank = byte == 32 or byte == 9 or byte == 13
            fresh = byte == 10 or byte == 59 or byte == 123 or byte == 125 or (fresh and blank)
            depth = depth + 1 if byte == 123 else max(depth - 1, 0) if byte == 125 else depth
            before = before if blank or byte == 10 else byte
            place += 1
    return end


@njit(nogil=True, cache=True)
def _of_include(data: Array, place: Int, stop: Int) -> bool:
    # include, include_next and import, by their letters.
    after = _name_end(data, place, stop)
    size = after - place
    if size < 6 or data[place] != 105:
        return False
    return data[place + 1] == 109 if size == 6 else (size in (7, 12) and data[place + 1] == 110)


@njit(nogil=True, cache=True)
def _past_visibility(data: Array, place: Int, stop: Int) -> Int:
    """Return the byte after what follows ``pub``: ``(crate)`` and the like."""
    if place < stop and data[place] == 40:
        while place < stop and data[place] != 41 and data[place] != 10:
            place += 1
        place += 1
    return min(place, stop)
