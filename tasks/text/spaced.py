"""Words by two plainer rules than those of ``tasks.text.segment``: what common tools count their n-grams over.

Spaced words: what stands between white space, as ``str.split`` cuts it. Bounded words: the units of the default word
boundaries of Unicode (UAX #29, version 16) that begin with a letter or a number; no language is special to it, and a
script written without spaces gives one word per character.
"""

import unicodedata
from functools import cache
from typing import Any

import numpy as np
from numba import njit

from tasks.text.borrow import Array, Int, borrow
from tasks.text.classes import ALPHA, CODE_POINTS, FOLDED, MARK, SPACE, SYMBOL
from tasks.text.hashing import START, absorb, decode, finish
from tasks.text.segment import flags_of

# Properties of UAX #29. What extends a character (EXTEND) belongs to it, whatever it is.
OTHER, EXTEND, LETTER, HEBREW, NUMBER, KATAKANA, JOINER = 0, 1, 2, 3, 4, 5, 6
MID_LETTER, MID_NUMBER, MID_BOTH, APOSTROPHE, QUOTE, BREAK = 7, 8, 9, 10, 11, 12
# What a byte after letters and numbers of ASCII does: belongs to them, ends them, ends them if it is the last, or more.
PLAIN, ENDING, MIDDLE, UNSURE = 0, 1, 2, 3

_MID_LETTER = ":\u00b7\u0387\u055f\u05f4\u2027\ufe13\ufe55\uff1a"
_MID_NUMBER = ",;\u037e\u0589\u060c\u060d\u066c\u07f8\u2044\ufe50\ufe54\uff0c\uff1b"
_MID_BOTH = ".\u2018\u2019\u2024\ufe52\uff07\uff0e"
_BREAKS = "\r\n\x0b\x0c\x85\u2028\u2029"
_MODIFIERS = (
    *range(0x2C2, 0x2C6),
    *range(0x2D2, 0x2D8),
    0x2DE,
    0x2DF,
    *range(0x2E5, 0x2EC),
    0x2ED,
    *range(0x2EF, 0x300),
)
_LETTERS = (
    *_MODIFIERS,
    *range(0x55A, 0x55D),
    0x55E,
    0x58A,
    0x5F3,
    *range(0xA708, 0xA717),
    0xA720,
    0xA721,
    0xA789,
    0xA78A,
    0xAB5B,
    0x3005,
)
_KANA = (*range(0x3031, 0x3036), 0x309B, 0x309C, 0x30A0, 0x30FC, 0xFF70)
_IDEOGRAPHS = (
    *("CJK", "HIRAGANA", "IDEOGRAPHIC", "VERTICAL IDEOGRAPHIC", "TANGUT IDEO", "TANGUT COMP", "NUSHU CHAR", "KHITAN"),
    *("HENTAIGANA", "HANGZHOU"),
)
_ROUND = ("CIRCLED LATIN", "SQUARED LATIN", "NEGATIVE CIRCLED LATIN", "NEGATIVE SQUARED LATIN CAPITAL LETTER")
# Thai, Lao, Myanmar, Khmer, Tai Le, New Tai Lue, Tai Tham, Tai Viet, Ahom: a character is a word.
_ALONE = (
    (0xE00, 0xEFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x1950, 0x19DF), (0x1A20, 0x1AAF), (0xA9E0, 0xA9FF),
    (0xAA60, 0xAADF), (0x11700, 0x1174F), (0x116D0, 0x116E3),
)  # fmt: skip


@njit(nogil=True, cache=True)
def split_spaced(data: Array, offsets: Array, classes: Array, fold: Array) -> Any:
    """Return the words between white space, as ``Words`` has them: each is described in the pass that finds it."""
    most = np.int64(offsets[-1] - offsets[0]) // 2 + len(offsets)
    hashes, exacts, starts, stops, characters, flags = empty_words(most)
    count, found = np.int64(0), np.zeros(len(offsets), np.int64)
    text, kinds, folds = borrow(data), borrow(classes), borrow(fold)
    to_hash, to_exact, to_start, to_stop = borrow(hashes), borrow(exacts), borrow(starts), borrow(stops)
    to_length, to_flags = borrow(characters), borrow(flags)
    for document in range(len(offsets) - 1):
        place, stop = offsets[document], offsets[document + 1]
        while place < stop:
            start, width, length = place, 1, 0
            folded, exact, seen, common = START, START, np.int64(0), np.int64(0xFFFF)
            while place < stop:
                point, width = np.int64(text[place]), 1
                if point >= 0x80:
                    point, width = decode(text, place, stop)
                kind = np.int64(kinds[point])
                if kind & SPACE:
                    break
                exact = absorb(exact, np.uint64(point))
                folded = absorb(folded, np.uint64(folds[point]) if point < FOLDED else np.uint64(point))
                seen |= kind
                common &= kind
                length += 1
                place += width
            if length:
                to_hash[count], to_exact[count], to_start[count], to_stop[count] = (
                    finish(folded), finish(exact), start, place,
                )  # fmt: skip
                to_length[count], to_flags[count] = length, flags_of(seen, common, length)
                count += 1
            place += width
        found[document + 1] = count
    return hashes[:count], exacts[:count], starts[:count], stops[:count], characters[:count], flags[:count], found


@njit(nogil=True, cache=True)
def empty_words(most: Int) -> Any:
    """Return room for so many words: (hashes, exact, starts, stops, characters, flags)."""
    hashes, exact = np.empty(most, np.uint64), np.empty(most, np.uint64)
    starts, stops = np.empty(most, np.int64), np.empty(most, np.int64)
    return hashes, exact, starts, stops, np.empty(most, np.int32), np.empty(most, np.uint8)


@cache
def properties() -> np.ndarray:
    """Return the property of every code point: uint8, one of those named above."""
    found = np.zeros(CODE_POINTS, np.uint8)
    for start, stop in ((0, 0x323B0), (0xE0000, 0xE01F0)):
        found[start:stop] = [_property(chr(point)) for point in range(start, stop)]
    for characters, value in ((_MID_LETTER, MID_LETTER), (_MID_NUMBER, MID_NUMBER), (_MID_BOTH, MID_BOTH)):
        found[[ord(character) for character in characters]] = value
    found[[ord(character) for character in _BREAKS]] = BREAK
    found[[*_LETTERS]] = LETTER
    found[[*_KANA]] = KATAKANA
    for first, last in _ALONE:
        spared = np.isin(found[first : last + 1], (EXTEND, NUMBER))
        found[first : last + 1] = np.where(spared, found[first : last + 1], OTHER)
    found[[0x27, 0x22, 0x202F, 0x66B, 0x200B]] = (APOSTROPHE, QUOTE, JOINER, NUMBER, OTHER)
    found[0x1F3FB:0x1F400] = EXTEND
    found[[0xFF9E, 0xFF9F]] = EXTEND
    return found


def _property(character: str) -> int:
    category, name = unicodedata.category(character), unicodedata.name(character, "")
    if category in ("Mn", "Me", "Mc", "Cf"):
        return EXTEND
    if category in ("Nd", "Pc"):
        return NUMBER if category == "Nd" else JOINER
    if "KATAKANA" in name and category in ("Lo", "So"):
        return KATAKANA
    if category[0] != "L" and category != "Nl" and not name.startswith(_ROUND):
        return OTHER
    if not name or name.startswith(_IDEOGRAPHS):
        return OTHER
    return HEBREW if name.startswith("HEBREW") else LETTER


@cache
def steps() -> np.ndarray:
    """Say of each byte what it does to a unit of letters and numbers of ASCII: uint8 (256), as named above."""
    found = np.full(256, UNSURE, np.uint8)
    kinds = properties()[:128]
    found[:128][np.isin(kinds, (LETTER, NUMBER))] = PLAIN
    found[:128][np.isin(kinds, (OTHER, BREAK, QUOTE))] = ENDING
    found[:128][np.isin(kinds, (MID_LETTER, MID_NUMBER, MID_BOTH, APOSTROPHE))] = MIDDLE
    return found


@njit(nogil=True, cache=True)
def split_bounded(data: Array, offsets: Array, classes: Array, kinds: Array, steps: Array) -> Any:
    """Return the units that begin with a letter or a number, as ``Units`` has them; ``kinds``: properties."""
    most = np.int64(offsets[-1] - offsets[0]) + 1
    starts, stops, exacts = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.uint64)
    characters = np.empty(most, np.int32)
    count, found = np.int64(0), np.zeros(len(offsets), np.int64)
    text, flags, kinds, steps = borrow(data), borrow(classes), borrow(kinds), borrow(steps)
    to_start, to_stop, to_exact, to_length = borrow(starts), borrow(stops), borrow(exacts), borrow(characters)
    for document in range(len(offsets) - 1):
        place, stop = offsets[document], offsets[document + 1]
        while place < stop:
            start, exact = place, START
            while place < stop and steps[text[place]] == PLAIN:
                exact = absorb(exact, np.uint64(text[place]))
                place += 1
            length = place - start
            if length == 0 and steps[text[place]] != UNSURE:
                place += 1  # a unit of its own, and no word
                continue
            if length == 0 or not _ends(text, place, stop, steps):
                end = _unit_end(text, place - (length > 0), stop, kinds)
                point, _ = decode(text, start, stop)
                kind = np.int64(flags[point])
                exact, length = _absorb_all(text, place, end, exact, length)
                place = end
                if not kind & ALPHA and kind & (SYMBOL | MARK):
                    continue
            to_start[count], to_stop[count], to_exact[count], to_length[count] = start, place, finish(exact), length
            count += 1
        found[document + 1] = count
    return exacts[:count], starts[:count], stops[:count], characters[:count], found


@njit(nogil=True, cache=True)
def _ends(text: Array, place: Int, stop: Int, steps: Array) -> bool:
    """Say whether the letters and numbers of ASCII before ``place`` surely end a unit there."""
    if place == stop or steps[text[place]] == ENDING:
        return True
    return steps[text[place]] == MIDDLE and place + 1 < stop and steps[text[place + 1]] == ENDING


@njit(nogil=True, cache=True)
def _absorb_all(text: Array, place: Int, stop: Int, state: np.uint64, length: Int) -> Any:
    """Return (hash state, characters) after those up to ``stop``, too."""
    while place < stop:
        point, width = decode(text, place, stop)
        state = absorb(state, np.uint64(point))
        length += 1
        place += width
    return state, length


@njit(nogil=True, cache=True)
def _unit_end(text: Array, place: Int, stop: Int, kinds: Array) -> Int:
    """Return where the unit that starts at ``place`` ends."""
    kind, place = _next(text, place, stop, kinds)
    while place < stop:
        other, after = _next(text, place, stop, kinds)
        if _joins(kind, other):
            kind, place = other, after
            continue
        if after < stop and _bridges(kind, other):
            beyond, end = _next(text, after, stop, kinds)
            if _spans(kind, other, beyond):
                kind, place = beyond, end
                continue
        return after if kind == HEBREW and other == APOSTROPHE else place
    return place


@njit(nogil=True, cache=True)
def _next(text: Array, place: Int, stop: Int, kinds: Array) -> tuple[Int, Int]:
    """Return (property of the character at ``place``, where it ends with all that extends it)."""
    if text[place] < 0x80:
        kind, place = np.int64(kinds[text[place]]), place + 1
    else:
        point, width = decode(text, place, stop)
        kind, place = np.int64(kinds[point]), place + width
    while place < stop and kind != BREAK and text[place] >= 0x80:
        point, width = decode(text, place, stop)
        if kinds[point] != EXTEND:
            break
        place += width
    return kind, place


@njit(nogil=True, cache=True)
def _joins(kind: Int, other: Int) -> bool:
    letter = kind in (LETTER, HEBREW)
    if other in (LETTER, HEBREW):
        return letter or kind in (NUMBER, JOINER)
    if other == NUMBER:
        return letter or kind in (NUMBER, JOINER)
    if other == KATAKANA:
        return kind in (KATAKANA, JOINER)
    return other == JOINER and (letter or kind in (NUMBER, KATAKANA, JOINER))


@njit(nogil=True, cache=True)
def _bridges(kind: Int, other: Int) -> bool:
    return (kind in (LETTER, HEBREW, NUMBER)) and other >= MID_LETTER and other <= QUOTE


@njit(nogil=True, cache=True)
def _spans(kind: Int, other: Int, beyond: Int) -> bool:
    """Say whether ``other`` stands inside a word: between two letters or two numbers."""
    if kind == NUMBER:
        return beyond == NUMBER and (other in (MID_NUMBER, MID_BOTH, APOSTROPHE))
    if beyond != LETTER and beyond != HEBREW:
        return False
    if other == QUOTE:
        return kind == HEBREW and beyond == HEBREW
    return other in (MID_LETTER, MID_BOTH, APOSTROPHE)
