"""What the words before a word tell about it: losses of models that remember a text, beside one of its corpus.

``block_losses`` remembers which words were used (a cache that forgets everything at the end of a block);
``copy_losses`` remembers what followed the same words earlier in the text.
"""

from typing import Any

import numpy as np
from numba import njit

from tasks.text.borrow import Array, Int, borrow
from tasks.text.frequencies import OTHER
from tasks.text.hashing import slots
from tasks.text.lookup import find
from tasks.text.segment import SYMBOLS

LONGEST = 8  # words that an earlier place is compared over
RECENT = 64  # earlier places that are looked at
FADING = 0.5  # weight of a place against the next later one


@njit(nogil=True, cache=True)
def word_logs(hashes: Array, sides: Array, offsets: Array, keys: Array, values: Array, absent: Array) -> Array:
    """Return what a table of two halves (``tasks.text.frequencies.crossed_logs``) says of every word: float64.

    ``absent``: float64 (2,), for words that a half does not have.
    """
    found = np.empty(len(hashes))
    mask, table = np.int64(len(keys) - 1), borrow(keys)
    for document in range(len(offsets) - 1):
        salt = OTHER if sides[document] else np.uint64(0)
        for word in range(offsets[document], offsets[document + 1]):
            slot = find(table, mask, hashes[word] ^ salt)
            found[word] = values[slot] if slot >= 0 else absent[sides[document]]
    return found


@njit(nogil=True, cache=True)
def content_words(hashes: Array, flags: Array, offsets: Array) -> Any:
    """Return (hashes, offsets) of the words that are not symbols alone."""
    kept, ends = np.empty(len(hashes), np.uint64), np.zeros(len(offsets), np.int64)
    count = 0
    for document in range(len(offsets) - 1):
        for word in range(offsets[document], offsets[document + 1]):
            if not flags[word] & SYMBOLS:
                kept[count] = hashes[word]
                count += 1
        ends[document + 1] = count
    return kept[:count].copy(), ends


@njit(nogil=True, cache=True)
def block_losses(hashes: Array, logs: Array, offsets: Array, block: Int, whole: Int, prior: float) -> Array:
    """Return the mean loss of each document's words, in nats: float64 (n,), 0 for a document without a full ``whole``.

    The probability of a word is (times seen in the block + ``prior`` * its probability in the corpus) / (words seen in
    the block + ``prior``). Only the words of full pieces of ``whole`` words count, of which ``block`` is a divisor.
    """
    losses = np.zeros(len(offsets) - 1)
    size = slots(block)
    keys, counts = np.zeros(size, np.uint64), np.zeros(size, np.int64)
    words, known = borrow(hashes), borrow(logs)
    for document in range(len(losses)):
        first = offsets[document]
        used = (offsets[document + 1] - first) // whole * whole
        total = 0.0
        for i in range(used):
            if i % block == 0:
                counts[:] = 0
            key = words[first + i]
            slot = np.int64(key) & (size - 1)
            while counts[slot] and keys[slot] != key:
                slot = (slot + 1) & (size - 1)
            total -= np.log((counts[slot] + prior * np.exp(known[first + i])) / (i % block + prior))
            keys[slot] = key
            counts[slot] += 1
        losses[document] = total / max(used, 1)
    return losses


@njit(nogil=True, cache=True)
def copy_losses(hashes: Array, logs: Array, offsets: Array) -> Any:
    """Return (mean loss with copying, mean loss with copying replaced), in nats, one per document: float64 (n,).

    ``logs``: of the probability of each word without copying. Where the last k words (up to 8) stood earlier in the
    text, what followed them there is copied with weight 1 - 0.5^k: the longest k counts, among the 64 latest places
    of the last word, and a later place twice as much as the one before it. Replaced, the copy is any of the distinct
    words so far.
    """
    base, replaced = np.zeros(len(offsets) - 1), np.zeros(len(offsets) - 1)
    most = np.int64(0)
    for document in range(len(base)):
        most = max(most, offsets[document + 1] - offsets[document])
    size = slots(most)
    keys, last, before = np.zeros(size, np.uint64), np.empty(size, np.int64), np.empty(most, np.int64)
    for document in range(len(base)):
        first, words = offsets[document], offsets[document + 1] - offsets[document]
        mask = slots(words) - 1
        last[: mask + 1] = -1
        distinct, start = 0, np.int64(-1)
        text, known = hashes[first : first + words], logs[first : first + words]
        for i in range(words):
            length, share = _copied(text, before, start, i)
            slot = np.int64(text[i]) & mask
            while last[slot] >= 0 and keys[slot] != text[i]:
                slot = (slot + 1) & mask
            seen = last[slot] >= 0
            rest, chance = 0.5**length, np.exp(known[i])
            base[document] -= np.log(rest * chance + (1 - rest) * share)
            replaced[document] -= np.log(rest * chance + ((1 - rest) / max(distinct, 1) if seen else 0.0))
            distinct += 0 if seen else 1
            keys[slot], before[i], last[slot] = text[i], last[slot], i
            start = before[i]
        base[document] /= max(words, 1)
        replaced[document] /= max(words, 1)
    return base, replaced


@njit(nogil=True, cache=True)
def _copied(text: Array, before: Array, place: Int, i: Int) -> Any:
    """Return (words that match, share of the copies that are word ``i``); ``place`` is where word i - 1 last stood."""
    longest, weight, total, hits = 0, 1.0, 0.0, 0.0
    for _ in range(RECENT):
        if place < 0:
            break
        length = 1
        while length < LONGEST and place >= length and text[place - length] == text[i - 1 - length]:
            length += 1
        if length > longest:
            longest, weight, total, hits = length, 1.0, 0.0, 0.0
        if length == longest:
            total += weight
            hits += weight if text[place + 1] == text[i] else 0.0
            weight *= FADING
        place = before[place]
    return longest, hits / total if total > 0 else 0.0
