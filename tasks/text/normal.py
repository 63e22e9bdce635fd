"""Words in a form that lets counts be shared: lower case, no accents, digits as 0, plain punctuation, no controls.

The mapping of characters is that of CCNet (Wenzek et al. 2019, arXiv:1911.00359), applied to the words of the engine;
there, white space other than a space is a control character and joins the words at its sides, here it separates them.
"""

import unicodedata
from functools import cache
from typing import Any

import numpy as np
from numba import njit

from tasks.text.batch import TextBatch
from tasks.text.borrow import Array, Int, borrow
from tasks.text.classes import CODE_POINTS
from tasks.text.hashing import START, absorb, decode, finish

END = np.uint64(0x2545F4914F6CDD1D)  # stands for the end of a line
PUNCTUATION = {
    **dict.fromkeys("„”“«»」「《》", '"'),
    **dict(zip("，。、´∶：？！（）；–～’━〈〉【】％►", ",.,'::?!();-~'-<>[]%-", strict=True)),
    "—": " - ",
    "．": ". ",
    "…": "...",
}
_DROPPED, _LISTED = 1 << 31, 1 << 30


def normal(text: str) -> str:
    """Return ``text`` with every character in its normal form (for people and tests: slow).

    >>> normal("Ça coûte 12 € — “vraiment” ?")
    'ca coute 00 €  -  "vraiment" ?'
    """
    return "".join(map(_normal, text))


def _normal(character: str) -> str:
    parts = unicodedata.normalize("NFD", character.lower())
    kept = [
        "0" if unicodedata.category(c) == "Nd" else PUNCTUATION.get(c, c)
        for c in parts
        if unicodedata.category(c) != "Mn"
    ]
    return "".join(c for c in "".join(kept) if ord(c) >= 160 or 32 <= ord(c) < 127)


@cache
def _forms() -> tuple[np.ndarray, np.ndarray]:
    """Return what each code point becomes, uint32: a code point, nothing, or a place in the second array.

    There the length stands first. Spaces are left out: what follows is a word's hash.
    """
    forms, listed = np.arange(CODE_POINTS, dtype=np.uint32), [0]
    for start, stop in ((0, 0x3400), (0xA000, 0x20000), (0x2F800, 0x2FA20)):
        for point in range(start, stop):
            form = _normal(chr(point)).replace(" ", "")
            if len(form) > 1:
                forms[point] = _LISTED | len(listed)
                listed += [len(form), *map(ord, form)]
            else:
                forms[point] = ord(form) if form else _DROPPED
    forms[0xE0100:0xE01F0] = _DROPPED
    return forms, np.array(listed, np.uint32)


def normal_lines(batch: TextBatch) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the words of each line by the hash of their normal form, and ``END`` after each line that has any.

    Returns (tokens uint64, line offsets int64, document offsets int64); offsets count tokens.
    """
    words = batch.words
    return _lines(batch.data, words.starts, words.stops, words.offsets, *_forms())


@njit(nogil=True, cache=True)
def _lines(data: Array, starts: Array, stops: Array, offsets: Array, forms: Array, listed: Array) -> Any:
    tokens, lines = np.empty(2 * len(starts), np.uint64), np.empty(len(starts) + 1, np.int64)
    ends = np.zeros(len(offsets), np.int64)
    text, table = borrow(data), borrow(forms)
    count, line, first = 0, 0, 0
    lines[0] = 0
    for document in range(len(offsets) - 1):
        for word in range(offsets[document], offsets[document + 1]):
            if count > first and _breaks(text, stops[word - 1], starts[word]):
                tokens[count], line, count = END, line + 1, count + 1
                lines[line], first = count, count
            state, length = _hash(text, starts[word], stops[word], table, listed)
            if length:
                tokens[count] = state
                count += 1
        if count > first:
            tokens[count], line, count = END, line + 1, count + 1
            lines[line], first = count, count
        ends[document + 1] = count
    return tokens[:count].copy(), lines[: line + 1].copy(), ends


@njit(nogil=True, cache=True)
def _breaks(data: Array, start: Int, stop: Int) -> bool:
    for place in range(start, stop):  # noqa: SIM110
        if data[place] == 10:
            return True
    return False


@njit(nogil=True, cache=True)
def _hash(data: Array, place: Int, stop: Int, forms: Array, listed: Array) -> Any:
    """Return (hash, characters) of a word's normal form."""
    state, length = START, 0
    while place < stop:
        point, width = np.int64(data[place]), 1
        if point >= 0x80:
            point, width = decode(data, place, stop)
        place += width
        form = np.int64(forms[point])
        if form & _LISTED:
            where = form ^ _LISTED
            for k in range(np.int64(listed[where])):
                state = absorb(state, np.uint64(listed[where + 1 + k]))
            length += 1
        elif form != _DROPPED:
            state = absorb(state, np.uint64(form))
            length += 1
    return finish(state), length
