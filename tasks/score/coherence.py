"""Whether a text stays with its subject: how alike neighboring stretches of it are.

Each stretch of words is a distribution over hashed word n-grams, and two are compared by the cosine of the square roots
of their counts, so that a few frequent n-grams do not decide. Word pairs are the default: shuffled words keep their
frequencies but lose their pairs.
"""

from typing import Annotated

import numpy as np
import pyarrow as pa
from numba import njit
from pydantic import Field

from schemas.errors import RecipeError
from schemas.recipe import Count
from schemas.table import Column
from tasks.text.batch import TextBatch
from tasks.text.borrow import Array, Int, borrow
from tasks.text.hashing import START, absorb, finish
from tasks.text.segment import SYMBOLS

COLUMNS = (
    Column("coherence", "DOUBLE", "mean similarity of neighboring windows of words, in [0, 1]", optional=True),
    Column("coherence_lowest", "DOUBLE", "lowest similarity of two neighboring windows, in [0, 1]", optional=True),
)
SHUFFLED = {"coherence": "lower", "coherence_lowest": "lower"}
BUCKETS = 1 << 14


def check(*, window: int, ngram: int) -> None:
    """Refuse windows that do not hold two n-grams."""
    if ngram > window // 2:
        raise RecipeError(f"ngram and window: expected two n-grams or more in a window, got {ngram} and {window}")


def coherence(batch: TextBatch, *, window: Annotated[int, Field(ge=2)] = 100, ngram: Count = 2) -> dict[str, pa.Array]:
    """Mean and lowest similarity of neighboring windows of ``window`` content words, by their word ``ngram``-grams.

    A last window of less than half the length joins the one before. A document of a single window has no value.

    Source: Gristmill; after 01.AI 2024, arXiv:2403.04652, section 2.1 (a coherence scorer, no formula published).

    >>> text = "the cat sat on the mat and " * 4
    >>> [round(value, 2) for value in coherence(TextBatch(pa.array([text])), window=14)["coherence"].to_pylist()]
    [1.0]
    """
    words = batch.words
    most = int(np.diff(words.offsets).max(initial=0))
    scratch = (
        np.empty(most, np.uint64),
        np.empty(most, np.int64),
        np.zeros(BUCKETS, np.int32),
        np.zeros(BUCKETS, np.int32),
    )
    mean, lowest = _compare(words.hashes, words.flags, words.offsets, window, ngram, *scratch)
    single = np.isnan(mean)
    return {"coherence": pa.array(mean, mask=single), "coherence_lowest": pa.array(lowest, mask=single)}


@njit(nogil=True, cache=True)
def _compare(
    hashes: Array,
    flags: Array,
    offsets: Array,
    window: Int,
    ngram: Int,
    content: Array,
    buckets: Array,
    left: Array,
    right: Array,
) -> tuple[Array, Array]:
    mean, lowest = np.full(len(offsets) - 1, np.nan), np.full(len(offsets) - 1, np.nan)
    hashes, flags, content, buckets = borrow(hashes), borrow(flags), borrow(content), borrow(buckets)
    left, right = borrow(left), borrow(right)
    for document in range(len(mean)):
        words = 0
        for word in range(offsets[document], offsets[document + 1]):
            if not flags[word] & SYMBOLS:
                content[words] = hashes[word]
                words += 1
        windows = words // window + (2 * (words % window) >= window)
        if windows < 2:
            continue
        for first in range(words - ngram + 1):
            state = START
            for k in range(ngram):
                state = absorb(state, content[first + k])
            buckets[first] = np.int64(finish(state) & np.uint64(BUCKETS - 1))
        total, least, before, stop = 0.0, 1.0, 0, window - ngram + 1
        _add(buckets, 0, stop, left, 1)
        for k in range(1, windows):
            start, after = k * window, (words if k == windows - 1 else (k + 1) * window) - ngram + 1
            _add(buckets, start, after, right, 1)
            alike = _overlap(buckets, start, after, left, right) / np.sqrt((stop - before) * (after - start))
            total, least = total + alike, min(least, alike)
            _add(buckets, before, stop, left, 0)
            left, right = right, left
            before, stop = start, after
        _add(buckets, before, stop, left, 0)
        mean[document], lowest[document] = min(total / (windows - 1), 1.0), least
    return mean, lowest


@njit(nogil=True, cache=True)
def _add(buckets: Array, start: Int, stop: Int, counts: Array, step: Int) -> None:
    """Count the buckets from ``start`` to ``stop``, or empty them when ``step`` is 0."""
    for i in range(start, stop):
        counts[buckets[i]] = counts[buckets[i]] + 1 if step else 0


@njit(nogil=True, cache=True)
def _overlap(buckets: Array, start: Int, stop: Int, left: Array, right: Array) -> float:
    """Return the sum of the square roots of the products of the counts, over the different buckets of ``right``."""
    total = 0.0
    for i in range(start, stop):
        count = right[buckets[i]]
        if count > 0:
            total += np.sqrt(np.float64(count) * np.float64(left[buckets[i]]))
            right[buckets[i]] = -count
    for i in range(start, stop):
        right[buckets[i]] = abs(right[buckets[i]])
    return total
