"""Which lines of a web page read like prose: the line rules of C4."""

from typing import Any

import numpy as np
from numba import njit

from tasks.text.borrow import Array, Int, borrow
from tasks.text.classes import SPACE
from tasks.text.hashing import decode
from tasks.text.lines import sentences_between, strip

LOREM, SCRIPT, BRACKET, POLICY = 1, 2, 4, 8
FEW, LONG = 1, 2
ANY_END, QUOTED_END, PLAIN_END = 0, 1, 2  # how a line must end: anyhow, by . ? ! " ' or by these without '
PHRASES = (
    (b"lorem ipsum", LOREM),
    (b"javascript", SCRIPT),
    (b"terms of use", POLICY),
    (b"privacy policy", POLICY),
    (b"cookie policy", POLICY),
    (b"uses cookies", POLICY),
    (b"use of cookies", POLICY),
    (b"use cookies", POLICY),
)
# Phrases are looked for at two bytes that rarely stand together in English.
_RARE = (b"ip", b"ja", b"ms", b"va", b"ki", b"ki", b"ki", b"ki")
_AT = tuple(phrase.index(rare) for (phrase, _), rare in zip(PHRASES, _RARE, strict=True))


def _tables() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (letters uint8 (8, 16), first and second bytes): as bits, the phrases whose rare bytes begin or end so."""
    letters, firsts, seconds = np.zeros((len(PHRASES), 16), np.uint8), np.zeros(256, np.uint8), np.zeros(256, np.uint8)
    for i, (phrase, _) in enumerate(PHRASES):
        letters[i, : len(phrase)] = np.frombuffer(phrase, np.uint8)
        firsts[[*_RARE[i][:1].lower(), *_RARE[i][:1].upper()]] |= 1 << i
        seconds[[*_RARE[i][1:].lower(), *_RARE[i][1:].upper()]] |= 1 << i
    return letters, firsts, seconds


LETTERS, FIRSTS, SECONDS = _tables()
FACTS = np.array([(len(phrase), _AT[i], kind) for i, (phrase, kind) in enumerate(PHRASES)], np.int64)


def citation_table() -> tuple[np.ndarray, np.ndarray]:
    """Return the letters of the two citation marks that are not a number: uint8 each."""
    return np.frombuffer(b"[edit]", np.uint8), np.frombuffer(b"[citation needed]", np.uint8)


@njit(nogil=True, cache=True)
def _lower(byte: Int) -> Int:
    return byte | 32 if byte >= 65 and byte <= 90 else byte


@njit(nogil=True, cache=True)
def phrases_in(data: Array, start: Int, stop: Int) -> Int:
    """Return the kinds of phrases in the line, as a sum; ``{`` is one."""
    found = BRACKET if stop > start and data[stop - 1] == 123 else 0
    for place in range(start, stop - 1):
        fitting = FIRSTS[data[place]] & SECONDS[data[place + 1]]
        if fitting:
            found |= _phrase_at(data, start, place, stop, fitting)
        elif data[place] == 123:
            found |= BRACKET
    return found


@njit(nogil=True, cache=True)
def _phrase_at(data: Array, start: Int, place: Int, stop: Int, fitting: Int) -> Int:
    """Return the kinds of the ``fitting`` phrases whose rare bytes stand at ``place``, as a sum."""
    found = 0
    for phrase in range(len(FACTS)):
        length, at, kind = FACTS[phrase]
        first = place - at
        if (fitting >> phrase) & 1 and first >= start and first + length <= stop:
            k = 0
            while k < length and _lower(data[first + k]) == LETTERS[phrase, k]:
                k += 1
            found |= kind if k == length else 0
    return found


@njit(nogil=True, cache=True)
def words_wrong(data: Array, start: Int, stop: Int, classes: Array, fewest: Int, longest: Int) -> Int:
    """Return LONG for a word of more than ``longest`` characters, FEW for fewer words than ``fewest``, else 0."""
    short = stop - start <= longest
    count, length = 0, 0
    while start < stop and not (short and count >= fewest):
        byte = data[start]
        point, width = np.int64(byte), 1
        if byte >= 0x80:
            point, width = decode(data, start, stop)
        start += width
        if np.int64(classes[point]) & SPACE:
            length = 0
            continue
        count += length == 0
        length += 1
        if length > longest:
            return LONG
    return FEW if count < fewest else 0


@njit(nogil=True, cache=True)
def _without_citations(data: Array, start: Int, stop: Int, citations: tuple[Array, Array]) -> Int:
    """Return where the line ends without the citation marks at its end."""
    while stop > start and data[stop - 1] == 93:
        place = stop - 1
        while place > start and data[place - 1] >= 48 and data[place - 1] <= 57:
            place -= 1
        if place > start and data[place - 1] == 91:
            stop = place - 1
        elif _ends(data, start, stop, citations[0]):
            stop -= len(citations[0])
        elif _ends(data, start, stop, citations[1]):
            stop -= len(citations[1])
        else:
            break
    return stop


@njit(nogil=True, cache=True)
def _ends(data: Array, start: Int, stop: Int, letters: Array) -> bool:
    if stop - start < len(letters):
        return False
    for k in range(len(letters)):  # noqa: SIM110
        if data[stop - len(letters) + k] != letters[k]:
            return False
    return True


@njit(nogil=True, cache=True)
def is_finished(data: Array, start: Int, stop: Int) -> bool:
    """Say whether the line ends in one of ``. ? ! " '`` and not in three dots."""
    if stop <= start:
        return False
    last = data[stop - 1]
    if last == 46:
        return not (stop - start >= 3 and data[stop - 2] == 46 and data[stop - 3] == 46)
    return last == 63 or last == 33 or last == 34 or last == 39


@njit(nogil=True, cache=True)
def judge_lines(
    data: Array,
    lines: tuple[Array, Array, Array],
    words: tuple[Array, Array, Array],
    classes: Array,
    citations: tuple[Array, Array],
    settings: tuple[Int, Int, Int],
) -> Any:
    """Count over the lines that pass the line rules, per document: int64 (n, 4).

    ``lines``: (starts, stops, offsets); ``words``: (starts, flags, offsets); ``citations``: the bytes of the two marks;
    ``settings``: (fewest words, longest word, how a line must end); citation marks at its end are no words if it must
    end without an apostrophe. The counts: sentences, lines with the filler text, those with
    a curly bracket, kept lines.
    """
    line_starts, line_stops, line_offsets = lines
    word_starts, flags, word_offsets = borrow(words[0]), borrow(words[1]), words[2]
    fewest, longest, finished = settings
    data, classes = borrow(data), borrow(classes)
    counts = np.zeros((len(line_offsets) - 1, 4), np.int64)
    for document in range(len(counts)):
        word = word_offsets[document]
        for line in range(line_offsets[document], line_offsets[document + 1]):
            first = word
            while word < word_offsets[document + 1] and word_starts[word] < line_stops[line]:
                word += 1
            start, stop = strip(data, line_starts[line], line_stops[line], classes)
            if stop > start and data[stop - 1] == 93:
                stop = _without_citations(data, start, stop, citations)
            if finished and (not is_finished(data, start, stop) or (finished == PLAIN_END and data[stop - 1] == 39)):
                continue
            last = stop if finished == PLAIN_END else line_stops[line]
            if words_wrong(data, start, last, classes, fewest, longest):
                continue
            found = phrases_in(data, start, stop)
            counts[document, 1] += found & LOREM != 0
            if found & SCRIPT:
                continue
            counts[document, 2] += found & BRACKET != 0
            if not found & POLICY:
                counts[document, 0] += sentences_between(flags, first, word)
                counts[document, 3] += 1
    return counts
