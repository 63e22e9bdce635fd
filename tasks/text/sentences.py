"""Words per sentence, syllables and distinct words of every document: what readability formulas are made of.

Sentences are those of ``tasks.text.lines``; a sentence without content words is none. A content word is one that is not
symbols alone.
"""

from typing import Any

import numpy as np
from numba import njit

from tasks.text.batch import TextBatch
from tasks.text.borrow import Array, Int, borrow
from tasks.text.hashing import slots
from tasks.text.segment import ALPHABETIC, PUNCTUATION, SYMBOLS, TERMINATOR

_VOWEL, _I, _AFTER_I = 1, 2, 4
_SEEN = 1 << 14  # words whose syllables are kept


def _parts() -> np.ndarray:
    """Return what each byte may be of a syllable: uint8 (256), a sum of the parts above."""
    parts = np.zeros(256, np.uint8)
    for letters, part in ((b"aeiouyAEIOUY", _VOWEL), (b"iI", _I), (b"aouAOU", _AFTER_I)):
        parts[[*letters]] |= part
    return parts


PARTS = _parts()


@njit(nogil=True, cache=True)
def sentence_lengths(flags: Array, offsets: Array) -> Any:
    """Return per document int64 (n, 3): sentences with content words, these words, and the sum of their squares."""
    counts = np.zeros((len(offsets) - 1, 3), np.int64)
    flags = borrow(flags)
    for document in range(len(counts)):
        ended, words = False, 0
        sentences, total, squares = 0, 0, 0
        for word in range(offsets[document], offsets[document + 1]):
            flag = flags[word]
            if flag & TERMINATOR:
                ended = True
            elif ended and not flag & PUNCTUATION:
                sentences += words > 0
                total += words
                squares += words * words
                words, ended = 0, False
            words += not flag & SYMBOLS
        counts[document] = (sentences + (words > 0), total + words, squares + words * words)
    return counts


def distinct_words(batch: TextBatch) -> np.ndarray:
    """Return how many different content words, in any case, every document has: int64 (n,)."""
    words = batch.words
    most = int(np.diff(words.offsets).max(initial=0))
    return _distinct(words.hashes, words.flags, words.offsets, np.empty(slots(most), np.uint64))


@njit(nogil=True, cache=True)
def _distinct(hashes: Array, flags: Array, offsets: Array, table: Array) -> Any:
    counts = np.zeros(len(offsets) - 1, np.int64)
    hashes, flags, table = borrow(hashes), borrow(flags), borrow(table)
    for document in range(len(counts)):
        first, last = offsets[document], offsets[document + 1]
        mask = slots(last - first) - 1
        for slot in range(mask + 1):
            table[slot] = 0
        found = 0
        for word in range(first, last):
            if flags[word] & SYMBOLS:
                continue
            key = hashes[word]
            slot = np.int64(key) & mask
            while table[slot] != 0 and table[slot] != key:
                slot = (slot + 1) & mask
            found += table[slot] == 0
            table[slot] = key
        counts[document] = found
    return counts


@njit(nogil=True, cache=True)
def count_syllables(data: Array, starts: Array, stops: Array, exact: Array, flags: Array, offsets: Array) -> Any:
    """Return per document int64 (n, 2): words that begin with a letter, and the English syllables of all words.

    A syllable is a run of the letters a, e, i, o, u and y. A final silent e and the e of a final ed do not count, the
    i of ia, io and iu (but after c, g, s, t and x) and of a final ing after a vowel count apart; a word has one at
    least. What is cut off a word at an apostrophe ("n't", "'ll") is no word of its own. A word is looked at again only
    when another has taken its place in a table by hash.
    """
    counts = np.zeros((len(offsets) - 1, 2), np.int64)
    data, starts, stops, exact, flags = borrow(data), borrow(starts), borrow(stops), borrow(exact), borrow(flags)
    seen, known = np.zeros(_SEEN, np.uint64), np.zeros(_SEEN, np.int64)
    for document in range(len(counts)):
        words, syllables = 0, 0
        for word in range(offsets[document], offsets[document + 1]):
            if not flags[word] & ALPHABETIC:
                continue
            slot = np.int64(exact[word]) & (_SEEN - 1)
            if seen[slot] != exact[word]:
                contracted = _is_contracted(data, starts[word], stops[word])
                seen[slot] = exact[word]
                known[slot] = 0 if contracted else max(1, _syllables(data, starts[word], stops[word]))
            words += known[slot] > 0
            syllables += known[slot]
        counts[document] = (words, syllables)
    return counts


@njit(nogil=True, cache=True)
def _is_contracted(data: Array, start: Int, stop: Int) -> bool:
    if data[start] == 39 or (data[start] == 0xE2 and stop - start > 3 and data[start + 1] == 0x80):
        return True
    # n't
    return (
        stop - start >= 3 and data[start] | 32 == 110 and data[start + 1] in (39, 0xE2) and data[stop - 1] | 32 == 116
    )


@njit(nogil=True, cache=True)
def _is_vowel(byte: Int) -> bool:
    return PARTS[byte] & _VOWEL != 0


@njit(nogil=True, cache=True)
def _syllables(data: Array, start: Int, stop: Int) -> Int:
    count: Any = 0
    before: Any = 0
    for place in range(start, stop):
        part = np.int64(PARTS[data[place]])
        count += part & ~before & _VOWEL
        if (part >> 1) & before & _I and place > start + 1:
            count += _is_apart(data, place - 1)
        before = part
    if stop - start >= 3 and data[stop - 1] | 32 == 101 and not _is_vowel(data[stop - 2]):
        # A final "le" after a consonant is a syllable.
        count -= not (data[stop - 2] | 32 == 108 and not _is_vowel(data[stop - 3]))
    elif stop - start >= 4 and data[stop - 2] | 32 == 101 and data[stop - 1] | 32 == 100:
        voiced = data[stop - 3] | 32 == 100 or data[stop - 3] | 32 == 116 or _is_vowel(data[stop - 3])
        count -= not voiced
    ing = stop - start >= 4 and data[stop - 3] | 32 == 105 and data[stop - 2] | 32 == 110 and data[stop - 1] | 32 == 103
    return count + (ing and _is_vowel(data[stop - 4]))


@njit(nogil=True, cache=True)
def _is_apart(data: Array, place: Int) -> bool:
    """Say whether the i at ``place`` and the a, o or u after it are two syllables."""
    before = data[place - 1] | 32
    return not (before == 99 or before == 103 or before == 115 or before == 116 or before == 120 or _is_vowel(before))
