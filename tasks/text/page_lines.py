"""Lines that belong to a page and not to its text: shouted, all digits, counters, single words (RefinedWeb's rules).

Lines end at ``\\n`` only. Each rule looks at what the ones before have left, and white space at both ends of what is
left goes after each of the first three, as in the tools that published them.
"""

from typing import Any

import numpy as np
from numba import njit

from tasks.text.borrow import Array, Int, borrow
from tasks.text.classes import SPACE
from tasks.text.hashing import decode
from tasks.text.line_cuts import CAPITAL, FIGURE, OUTSIDE, put, put_line
from tasks.text.lines import strip

KEPT, BLANK, SPACES, CAPITALS, DIGITS, COUNTER, SHORT, PHRASE = range(8)
REASONS = ("", "blank_line", "white_space", "capitals", "digits", "counter", "few_words", "phrase")
COUNTED = (
    *(b"likes", b"shares", b"comments", b"retweets", b"reposts", b"quotes", b"bookmarks", b"upvotes", b"downvotes"),
    *(b"downloads", b"views", b"followers"),
)
PHRASES = (b"items in cart", b"read more", b"sign-in")


def word_table(words: tuple[bytes, ...]) -> np.ndarray:
    """Return lower-case words as rows of uint8, the first item of each its length.

    >>> word_table((b"ab", b"c")).tolist()
    [[2, 97, 98], [1, 99, 0]]
    """
    table = np.zeros((len(words), 1 + max(map(len, words))), np.uint8)
    for i, word in enumerate(words):
        table[i, 0] = len(word)
        table[i, 1 : 1 + len(word)] = np.frombuffer(word, np.uint8)
    return table


@njit(nogil=True, cache=True)
def judge_page(
    data: Array,
    lines: tuple[Array, Array, Array],
    classes: Array,
    kinds: Array,
    counted: Array,
    phrases: Array,
    settings: tuple[Any, Any, Int, Int],
) -> Any:
    """Return for each line why it is cut or KEPT, where what is kept of it starts and stops, and whether to look again.

    ``lines``: (starts, stops, offsets). ``settings``: (largest share of capitals, of digits, fewest words, most words
    of a line that is looked through for ``phrases``). Lines that have one are marked in the last result (uint8).
    """
    starts, stops = lines[0].copy(), lines[1].copy()
    data, classes, kinds = borrow(data), borrow(classes), borrow(kinds)
    why, look = np.zeros(len(starts), np.uint8), np.zeros(len(starts), np.uint8)
    for document in range(len(lines[2]) - 1):
        head, tail = lines[2][document], lines[2][document + 1]
        for rule in range(CAPITALS, PHRASE):
            for line in range(head, tail):
                first, last = starts[line], stops[line]
                if why[line] != KEPT or first == last:
                    continue
                if rule == CAPITALS:
                    cut = _share(data, first, last, kinds, CAPITAL) > settings[0]
                elif rule == DIGITS:
                    cut = _share(data, first, last, kinds, FIGURE) > settings[1]
                elif rule == COUNTER:
                    cut = _is_counter(data, first, last, classes, kinds, counted)
                else:
                    words = _words(data, first, last, classes, settings[3])
                    cut = words < settings[2]
                    look[line] = not cut and words <= settings[3] and _has_phrase(data, first, last, phrases)
                why[line] = rule if cut else KEPT
            if rule != SHORT:
                head, tail = _trim(data, starts, stops, why, head, tail, classes)
    return why, starts, stops, look


@njit(nogil=True, cache=True)
def _trim(
    data: Array, starts: Array, stops: Array, why: Array, head: Int, tail: Int, classes: Array
) -> tuple[Int, Int]:
    """Take white space off both ends of what is kept of the lines from ``head`` to ``tail``; return what remains."""
    while head < tail:
        first, last = strip(data, starts[head], stops[head], classes)
        if why[head] == KEPT and first < last:
            starts[head] = first
            break
        why[head] = BLANK if why[head] == KEPT else why[head]
        head += 1
    while tail > head:
        first, last = strip(data, starts[tail - 1], stops[tail - 1], classes)
        if why[tail - 1] == KEPT and first < last:
            stops[tail - 1] = last
            break
        why[tail - 1] = BLANK if why[tail - 1] == KEPT else why[tail - 1]
        tail -= 1
    return head, tail


@njit(nogil=True, cache=True)
def _share(data: Array, start: Int, stop: Int, kinds: Array, flag: Int) -> float:
    count, length = 0, 0
    while start < stop:
        byte = np.int64(data[start])
        point, width = byte, 1
        if byte >= 0x80:
            point, width = decode(data, start, stop)
        count += kinds[point] & flag != 0
        length += 1
        start += width
    return count / length


@njit(nogil=True, cache=True)
def _words(data: Array, start: Int, stop: Int, classes: Array, most: Int) -> Int:
    """Return the words between white space, or ``most`` + 1 if there are more."""
    count, inside = 0, False
    while start < stop and count <= most:
        byte = np.int64(data[start])
        point, width = byte, 1
        if byte >= 0x80:
            point, width = decode(data, start, stop)
        space = np.int64(classes[point]) & SPACE != 0
        count += not space and not inside
        inside = not space
        start += width
    return count


@njit(nogil=True, cache=True)
def _lower(byte: Int) -> Int:
    return byte | 32 if byte >= 65 and byte <= 90 else byte


@njit(nogil=True, cache=True)
def _word_at(data: Array, place: Int, stop: Int, words: Array) -> Int:
    """Return the length of the word of the table that stands at ``place``, or 0."""
    for i in range(len(words)):
        length = np.int64(words[i, 0])
        if place + length <= stop:
            k = 0
            while k < length and _lower(data[place + k]) == words[i, 1 + k]:
                k += 1
            if k == length:
                return length
    return 0


@njit(nogil=True, cache=True)
def _has_phrase(data: Array, start: Int, stop: Int, phrases: Array) -> bool:
    for place in range(start, stop):  # noqa: SIM110
        if _word_at(data, place, stop, phrases):
            return True
    return False


@njit(nogil=True, cache=True)
def _outside(data: Array, place: Int, stop: Int, kinds: Array) -> Int:
    """Return where the run of characters that belong to no word, from ``place`` on, ends."""
    while place < stop:
        point, width = decode(data, place, stop)
        if not kinds[point] & OUTSIDE:
            break
        place += width
    return place


@njit(nogil=True, cache=True)
def _is_counter(data: Array, start: Int, stop: Int, classes: Array, kinds: Array, counted: Array) -> bool:
    """Say whether the line is a number and what it counts: "1.2k likes"."""
    place = _outside(data, start, stop, kinds)
    digits = place
    while place < stop:
        byte = data[place]
        if not ((byte >= 48 and byte <= 57) or (place > digits and (byte == 44 or byte == 46))):
            break
        place += 1
    if place == digits:
        return False
    if place < stop and (_lower(data[place]) == 107 or _lower(data[place]) == 109 or _lower(data[place]) == 98):
        place += 1
    space = place
    while place < stop:
        point, width = decode(data, place, stop)
        if not np.int64(classes[point]) & SPACE:
            break
        place += width
    length = _word_at(data, place, stop, counted)
    return place > space and length > 0 and _outside(data, place + length, stop, kinds) == stop


@njit(nogil=True, cache=True)
def cut_page(offsets: Array, lines: tuple[Array, Array, Array], why: Array, starts: Array, stops: Array) -> Any:
    """Return rows of cuts (see ``tasks.text.line_cuts``) for what ``judge_page`` found."""
    rows, count = np.empty((256, 5), np.int64), 0
    for document in range(len(offsets) - 1):
        first, last = offsets[document], offsets[document]
        for line in range(lines[2][document], lines[2][document + 1]):
            if why[line] != KEPT:
                following = min(lines[1][line] + 1, offsets[document + 1])
                rows, count = put_line(rows, count, document, lines[0][line], following, why[line])
            elif stops[line] > starts[line]:
                first = starts[line] if last == offsets[document] else first
                last = stops[line]
        rows, count = put(rows, count, document, offsets[document], first, 0, SPACES)
        rows, count = put(rows, count, document, last, offsets[document + 1], 0, SPACES)
    return rows[:count]
