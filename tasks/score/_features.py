"""What the learners of this folder look at: hashed words (``tasks.text.features``) and a few shares and lengths."""

from functools import cache
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tasks.text.batch import TextBatch
from tasks.text.borrow import Array, Int, borrow
from tasks.text.features import BUCKETS, Pieces, project
from tasks.text.lines import BULLET, TERMINAL, sentences_between
from tasks.text.segment import ALPHABETIC, OVERLAPPING, PUNCTUATION, SYMBOLS
from tasks.text.specials import hash_exact

HEURISTICS = (
    "log of words",
    "mean word length",
    "share of words with a letter",
    "share of punctuation",
    "share of other symbols",
    "share of numbers",
    "share of words with a capital",
    "share of pairs of a script without spaces",
    "share of stop words",
    "share of words seen before",
    "log of words per sentence",
    "log of bytes per line",
    "share of lines that end a sentence",
    "share of bulleted lines",
    "share of short lines",
)
STOP_WORDS = ("the", "be", "to", "of", "and", "that", "have", "with", "a", "in", "is", "it", "for", "as", "was", "on")
SHORT_LINE = 30  # bytes
FARTHEST = 5.0  # standard deviations from the mean: what is farther counts as this

_SHIFT = np.uint64(64 - BUCKETS.bit_length() + 1)
_ONE, _TOP = np.uint64(1), np.uint64(58)


def heuristics(batch: TextBatch, pieces: Pieces) -> NDArray[np.float64]:
    """Return the numbers that ``HEURISTICS`` names for each piece: (pieces, 15); 0 for shares of nothing."""
    words, lines = batch.words, batch.lines
    found = _describe(
        (words.hashes, words.exact, words.characters, words.flags),
        (lines.starts, lines.stops, lines.flags),
        pieces.words,
        pieces.lines,
        _stop_hashes(),
        np.zeros(BUCKETS, np.uint8),
        len(HEURISTICS),
    )
    return np.asarray(found)


def decisions(
    batch: TextBatch, pieces: Pieces, fitted: dict[str, NDArray[Any]], *, ngram: int, characters: bool
) -> NDArray[np.float64]:
    """Return the value of every linear output for each piece: (pieces, outputs).

    ``fitted`` holds ``weights`` (2^18, at least outputs), ``center`` and ``spread`` (15,) of the heuristics, ``dense``
    (15, outputs) and ``bias`` (outputs,).
    """
    products = project(batch, pieces, fitted["weights"], ngram=ngram, characters=characters)
    scaled = standardised(heuristics(batch, pieces), fitted["center"], fitted["spread"])
    return np.asarray(_combine(products, scaled, fitted["dense"], fitted["bias"]))


def standardised(
    values: NDArray[np.float64], center: NDArray[np.float64], spread: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return values in standard deviations, together about as long as the hashed features of a piece."""
    return np.clip((values - center) / spread, -FARTHEST, FARTHEST) / np.sqrt(len(HEURISTICS))


@cache
def _stop_hashes() -> NDArray[np.uint64]:
    encoded = [np.frombuffer(word.encode(), np.uint8) for word in STOP_WORDS]
    return np.array([hash_exact(word, 0, len(word)) for word in encoded], np.uint64)


@njit(nogil=True, cache=True)
def _describe(
    words: Any, lines: Any, word_spans: Array, line_spans: Array, stops: Array, seen: Array, size: Int
) -> Any:
    found = np.zeros((len(word_spans), size), np.float64)
    gate = np.uint64(0)
    for k in range(len(stops)):
        gate |= _ONE << (stops[k] >> _TOP)
    for piece in range(len(word_spans)):
        first, last = word_spans[piece]
        _describe_words(words, first, last, stops, gate, borrow(seen), found[piece])
        _describe_lines(lines, line_spans[piece, 0], line_spans[piece, 1], found[piece])
    return found


@njit(nogil=True, cache=True)
def _describe_words(words: Any, first: Int, last: Int, stops: Array, gate: np.uint64, seen: Array, row: Array) -> None:
    hashes, exact, characters, flags = borrow(words[0]), borrow(words[1]), borrow(words[2]), borrow(words[3])
    content, length, letters, punctuation, symbols, capitals, pairs, common, repeats = 0, 0, 0, 0, 0, 0, 0, 0, 0
    for word in range(first, last):
        flag = flags[word]
        letters += (flag & ALPHABETIC) != 0
        pairs += (flag & OVERLAPPING) != 0
        capitals += hashes[word] != exact[word]
        if flag & SYMBOLS:
            punctuation += (flag & PUNCTUATION) != 0
            symbols += (flag & PUNCTUATION) == 0
        else:
            content += 1
            length += characters[word]
            if (gate >> (hashes[word] >> _TOP)) & _ONE:
                common += _is_among(hashes[word], stops)
        slot = hashes[word] >> _SHIFT
        repeats += seen[slot]
        seen[slot] = 1
    for word in range(first, last):
        seen[hashes[word] >> _SHIFT] = 0
    count = max(last - first, 1)
    row[0] = np.log1p(np.float64(last - first))
    row[1] = length / max(content, 1)
    row[2], row[3], row[4] = letters / count, punctuation / count, symbols / count
    row[5] = (content - min(letters, content)) / count
    row[6], row[7], row[8], row[9] = capitals / count, pairs / count, common / count, repeats / count
    row[10] = np.log1p((last - first) / max(sentences_between(words[3], first, last), 1))


@njit(nogil=True, cache=True)
def _is_among(key: np.uint64, keys: Array) -> bool:
    for k in range(len(keys)):  # noqa: SIM110
        if keys[k] == key:
            return True
    return False


@njit(nogil=True, cache=True)
def _describe_lines(lines: Any, first: Int, last: Int, row: Array) -> None:
    size, terminal, bullets, short = 0, 0, 0, 0
    for line in range(first, last):
        length = lines[1][line] - lines[0][line]
        size += length
        terminal += (lines[2][line] & TERMINAL) != 0
        bullets += (lines[2][line] & BULLET) != 0
        short += length <= SHORT_LINE
    count = max(last - first, 1)
    row[11] = np.log1p(size / count)
    row[12], row[13], row[14] = terminal / count, bullets / count, short / count


@njit(nogil=True, cache=True)
def _combine(products: Array, scaled: Array, dense: Array, bias: Array) -> Any:
    """Add the parts in a fixed order: a sum by BLAS would depend on how many rows there are."""
    found = np.empty((len(products), len(bias)), np.float64)
    for row in range(len(products)):
        for k in range(len(bias)):
            total = np.float64(products[row, k]) + bias[k]
            for j in range(dense.shape[0]):
                total += scaled[row, j] * dense[j, k]
            found[row, k] = total
    return found
