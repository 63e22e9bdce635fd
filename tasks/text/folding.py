"""Texts as block lists compare them: in lower case and, where need be, composed."""

import unicodedata
from typing import Any

import numpy as np
import pyarrow as pa
from numba import njit

from tasks.text.batch import TextBatch
from tasks.text.borrow import Array, Int, borrow
from tasks.text.classes import FOLDED, MARK, tables
from tasks.text.hashing import decode

PADDING = 8  # bytes of 0 after the text


def fold(text: str) -> str:
    """Return ``text`` composed and in lower case, as the automaton compares it.

    >>> fold("Cafe\\u0301 ΣΣ")
    'café σσ'
    """
    return bytes(fold_bytes(TextBatch(pa.array([unicodedata.normalize("NFC", text)])))[:-PADDING]).decode()


def fold_bytes(batch: TextBatch) -> np.ndarray:
    """Return the bytes of the batch in lower case: each character's case folding, where it takes as many bytes."""
    return _fold(batch.data, batch.offsets[0], batch.offsets[-1], tables().fold)


@njit(nogil=True, cache=True)
def _fold(data: Array, start: Int, stop: Int, folds: Array) -> Any:
    folded = np.zeros(len(data) + PADDING, np.uint8)
    for place in range(start, stop):
        byte = data[place]
        folded[place] = byte + np.uint8(32) if byte >= 65 and byte <= 90 else byte
    text, out, folds = borrow(data), borrow(folded), borrow(folds)
    place = start
    while place < stop:
        if text[place] < 0xC3:  # what is before U+00C0 has no other case
            place += 1
            continue
        point, width = decode(text, place, stop)
        other = np.int64(folds[point]) if point < FOLDED else point
        if other != point and width == _width(other):
            _encode(out, place, other, width)
        place += width
    return folded


@njit(nogil=True, cache=True)
def _width(point: Int) -> Int:
    return 1 if point < 0x80 else 2 if point < 0x800 else 3 if point < 0x10000 else 4


@njit(nogil=True, cache=True)
def _encode(out: Array, place: Int, point: Int, width: Int) -> None:
    for k in range(width - 1, 0, -1):
        out[place + k] = 0x80 | point & 0x3F
        point >>= 6
    out[place] = (0xC0 if width == 2 else 0xE0 if width == 3 else 0xF0) | point


def uncomposed(batch: TextBatch) -> tuple[np.ndarray, TextBatch | None]:
    """Return the documents that may not be in composed form (indices, int64), and a batch of them composed (NFC)."""
    marked = np.flatnonzero(_has_marks(batch.data, batch.offsets, tables().classes))
    if not len(marked):
        return marked, None
    texts = [unicodedata.normalize("NFC", batch.texts[document].as_py()) for document in marked.tolist()]
    return marked, TextBatch(pa.array(texts, pa.large_string()))


@njit(nogil=True, cache=True)
def _has_marks(data: Array, offsets: Array, classes: Array) -> Any:
    """Say which documents may not be composed: those with a mark, a letter of Hangul or a doubled sign."""
    found = np.zeros(len(offsets) - 1, np.bool_)
    data, classes = borrow(data), borrow(classes)
    for document in range(len(found)):
        place, stop = offsets[document], offsets[document + 1]
        while place < stop:
            if data[place] < 0xCC:  # two bytes from U+0300 begin with 0xCC
                place += 1
                continue
            point, width = decode(data, place, stop)
            place += width
            # The signs of kelvin, ohm and ångström are letters in composed form.
            doubled = point == 0x2126 or point == 0x212A or point == 0x212B
            if np.int64(classes[point]) & MARK or 0x1100 <= point < 0x1200 or doubled:
                found[document] = True
                break
    return found
