"""The forward pass of fastText's language model on Arrow buffers: words and character n-grams in, a label out.

The same sums in the same order as fastText's own ``predict`` on the text with spaces for line breaks; labels agree and
probabilities differ by the last bits of a float32.
"""

import numpy as np
from numba import njit

from tasks.score._fasttext import Network
from tasks.text.classes import ALPHA
from tasks.text.hashing import decode

DIMENSION = 16
BUCKETS = np.uint32(2_000_000)
LEAST, MOST = 2, 4  # characters of an n-gram, with the marks around the word
OPEN, CLOSE = np.uint8(ord("<")), np.uint8(ord(">"))
NO_LETTER = -1
FNV_32, FNV_32_PRIME = np.uint32(2166136261), np.uint32(16777619)
FNV_64, FNV_64_PRIME = np.uint64(14695981039346656037), np.uint64(1099511628211)
LABEL = np.frombuffer(b"<__label__", np.uint8)
_ONE, _THREE, _SEVEN = np.uint32(1), np.uint32(3), np.uint32(7)
FLOOR = 1e-5  # fastText's logarithm of 0


@njit(nogil=True, cache=True)
def identify(data: np.ndarray, offsets: np.ndarray, classes: np.ndarray, net: Network) -> tuple[np.ndarray, np.ndarray]:
    """Return each document's most probable label (int32, -1 where there is no letter) and its probability (float64)."""
    count = len(offsets) - 1
    labels, scores = np.full(count, NO_LETTER, np.int32), np.zeros(count, np.float64)
    hidden = np.empty(DIMENSION, np.float32)
    word = np.empty(np.max(offsets[1:] - offsets[:-1]) + 2 if count else 0, np.uint8)
    for i in range(count):
        if _has_letter(data, offsets[i], offsets[i + 1], classes):
            _embed(data, offsets[i], offsets[i + 1], net, hidden, word)
            labels[i], scores[i] = _best(hidden, net)
    return labels, scores


@njit(nogil=True, cache=True)
def _has_letter(data: np.ndarray, place: int, stop: int, classes: np.ndarray) -> bool:
    while place < stop:
        point, width = decode(data, place, stop)
        if classes[point] & ALPHA:
            return True
        place += width
    return False


@njit(nogil=True, cache=True, inline="always")
def _is_space(byte: int) -> bool:
    return byte == 32 or (9 <= byte <= 13) or byte == 0


@njit(nogil=True, cache=True)
def _embed(data: np.ndarray, place: int, stop: int, net: Network, hidden: np.ndarray, word: np.ndarray) -> None:
    """Set ``hidden`` to the mean row of a text's words, their n-grams and the end of the line."""
    hidden[:] = 0
    found = 1
    word[0] = OPEN
    while place < stop:
        if _is_space(data[place]):
            place += 1
            continue
        length, key = 1, FNV_64
        while place < stop and not _is_space(data[place]):
            key = (key ^ np.uint64(data[place])) * FNV_64_PRIME
            word[length] = data[place]
            length += 1
            place += 1
        word[length] = CLOSE
        found += _add_word(word, length + 1, key, net, hidden)
    _add(hidden, net.rows, 0)
    for k in range(DIMENSION):
        hidden[k] *= np.float32(1.0 / found)


@njit(nogil=True, cache=True)
def _add_word(word: np.ndarray, length: int, key: np.uint64, net: Network, hidden: np.ndarray) -> int:
    if _is_label(word, length):
        return 0
    row = _find(net.word_keys, net.word_rows, key)
    if row < 0:
        return _add_grams(word, length, net, hidden)
    _add(hidden, net.rows, row)
    # Row 0 marks the end of a line, without n-grams. fastText stops where a text spells it; here the rest is read.
    return 1 if row == 0 else 1 + _add_grams(word, length, net, hidden)


@njit(nogil=True, cache=True)
def _is_label(word: np.ndarray, length: int) -> bool:
    same = 0
    while same < len(LABEL) and same < length and word[same] == LABEL[same]:
        same += 1
    return same == len(LABEL)


@njit(nogil=True, cache=True)
def _find(keys: np.ndarray, rows: np.ndarray, key: np.uint64) -> int:
    mask = np.uint64(len(keys) - 1)
    slot = key & mask
    while rows[slot] >= 0:
        if keys[slot] == key:
            return rows[slot]
        slot = (slot + np.uint64(1)) & mask
    return -1


@njit(nogil=True, cache=True)
def _add_grams(word: np.ndarray, length: int, net: Network, hidden: np.ndarray) -> int:
    """Add the rows of a marked word's n-grams to ``hidden`` and return how many there were."""
    found = 0
    for start in range(length):
        if word[start] & 0xC0 == 0x80:
            continue
        key, place = FNV_32, start
        for characters in range(1, MOST + 1):
            if place >= length:
                break
            key = _absorb(key, word[place])
            place += 1
            while place < length and word[place] & 0xC0 == 0x80:
                key = _absorb(key, word[place])
                place += 1
            if characters >= LEAST:
                bucket = np.uint32(key % BUCKETS)
                # The bits fit the second-level cache and most n-grams were pruned.
                if (net.gram_gate[bucket >> _THREE] >> (bucket & _SEVEN)) & _ONE:
                    _add(hidden, net.rows, net.gram_rows[bucket])
                    found += 1
    return found


@njit(nogil=True, cache=True, inline="always")
def _absorb(key: np.uint32, byte: np.uint8) -> np.uint32:
    """FNV-1a with the byte as a signed char, as fastText compiles it."""
    return np.uint32((key ^ np.uint32(np.int8(byte))) * FNV_32_PRIME)


@njit(nogil=True, cache=True, inline="always")
def _add(hidden: np.ndarray, rows: np.ndarray, row: int) -> None:
    for k in range(DIMENSION):
        hidden[k] += rows[row, k]


@njit(nogil=True, cache=True)
def _best(hidden: np.ndarray, net: Network) -> tuple[int, float]:
    """Return the most probable leaf of the tree; a branch less probable than the best leaf is not entered."""
    labels = len(net.outputs)
    nodes, logs = np.empty(2 * labels, np.int64), np.empty(2 * labels, np.float32)
    nodes[0], logs[0], waiting = 2 * labels - 2, 0.0, 1
    best, best_log = 0, np.float32(-np.inf)
    while waiting:
        waiting -= 1
        node, log = nodes[waiting], logs[waiting]
        if log <= best_log:
            continue
        if net.left[node] < 0:
            best, best_log = node, log
            continue
        dot = np.float32(0)
        for k in range(DIMENSION):
            dot += net.outputs[node - labels, k] * hidden[k]
        share = 1 / (1 + np.exp(-dot))
        nodes[waiting], logs[waiting] = net.right[node], log + np.log(share + FLOOR)
        nodes[waiting + 1], logs[waiting + 1] = net.left[node], log + np.log(1.0 - share + FLOOR)
        waiting += 2
    return best, np.exp(best_log)
