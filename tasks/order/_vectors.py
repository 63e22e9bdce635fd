"""Documents as vectors of whole numbers, so that every similarity is exact and the same on every machine.

A vector is scaled to length 4,000 and rounded. The products of two such vectors, and all partial sums of them, are
whole numbers under 2^24 (Cauchy-Schwarz), which float32 holds exactly: no order of summation, BLAS, thread count or
SIMD width can change a similarity. The error of a cosine is under 0.001.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tasks.order._basis import FOLDED
from tasks.order._features import LARGEST_COUNT

LENGTH = 4000.0
PPM = 1_000_000

Integers = NDArray[Any]


@dataclass(frozen=True)
class Vectors:
    """Vectors of n documents: word weights, or else the dense vectors of a named model.

    Document i has the words ``buckets[offsets[i]:offsets[i+1]]`` (int32) with ``weights`` (int16), whole numbers;
    ``dense`` is float32 (n, 0) then. Embeddings are whole numbers in float32 (n, dimensions) and have no words.
    """

    dense: NDArray[np.float32]
    offsets: NDArray[np.int64]
    buckets: NDArray[np.int32]
    weights: NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def worded(self) -> bool:
        """Whether these are word weights."""
        return self.dense.shape[1] == 0

    def in_words(self) -> "Vectors":
        """The same vectors with words numbered from 0 without gaps; every dimension is a word of an embedding."""
        if self.worded:
            numbers: NDArray[np.int32] = np.unique(self.buckets, return_inverse=True)[1].astype(np.int32)
            return Vectors(self.dense, self.offsets, numbers, self.weights)
        count, width = self.dense.shape
        numbers = np.tile(np.arange(width), count).astype(np.int32)
        weights: NDArray[np.int16] = self.dense.ravel().astype(np.int16)
        offsets: NDArray[np.int64] = np.arange(count + 1) * width
        return Vectors(np.zeros((count, 0), np.float32), offsets, numbers, weights)

    def take(self, rows: NDArray[np.int64]) -> "Vectors":
        """The vectors of ``rows``, in that order."""
        offsets, places = spans(self.offsets, rows)
        return Vectors(self.dense[rows], offsets, self.buckets[places], self.weights[places])


def spans(offsets: NDArray[np.int64], rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The offsets of these rows of a ragged array among themselves, and the places of their entries in it."""
    sizes = offsets[rows + 1] - offsets[rows]
    found = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return found, np.arange(found[-1]) + np.repeat(offsets[rows] - found[:-1], sizes)


def from_words(offsets: NDArray[np.int64], buckets: NDArray[np.int32], counts: NDArray[np.uint8]) -> Vectors:
    """Weigh hashed words by (1 + log count) * log((n + 1) / (df + 0.5)).

    ``df`` is the number of the n given documents with the word, so that words of every text weigh next to nothing.
    """
    _, words = np.unique(buckets, return_inverse=True)
    return weighed(offsets, buckets, counts, rarity(np.bincount(words), len(offsets) - 1)[words])


def rarity(frequencies: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """What an occurrence of a word weighs that so many of ``count`` documents have."""
    return np.log((count + 1) / (frequencies + 0.5))


def weighed(
    offsets: NDArray[np.int64], buckets: NDArray[np.int32], counts: NDArray[np.uint8], rarities: NDArray[np.float64]
) -> Vectors:
    """Weigh words, given how much an occurrence of each weighs, to vectors of length 4,000."""
    dampened = 1.0 + np.log(np.maximum(np.arange(LARGEST_COUNT + 1), 1))
    weights = np.zeros(len(buckets), np.int16)
    _weigh(offsets, counts, rarities, dampened, weights)
    return Vectors(np.zeros((len(offsets) - 1, 0), np.float32), offsets, buckets, weights)


def projected(vectors: Vectors, directions: NDArray[np.int32]) -> NDArray[np.float32]:
    """Sketches (n, dimensions) of word weights: whole numbers, of length 4,000, along the directions of ``basis``."""
    dense = np.zeros((len(vectors), directions.shape[1]), np.float32)
    _project(vectors.offsets, vectors.buckets, vectors.weights, directions, dense)
    return dense


def from_embeddings(embeddings: NDArray[np.float32]) -> Vectors:
    """Take the embeddings (n, dimensions) of a model; a row of zeros is similar to nothing."""
    dense = np.zeros(embeddings.shape, np.float32)
    _rescale(embeddings.astype(np.float64), dense)
    return of_dense(dense)


def of_dense(dense: NDArray[np.float32]) -> Vectors:
    """Take embeddings that are scaled and rounded already."""
    return Vectors(dense, np.zeros(len(dense) + 1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int16))


def similarities(vectors: Vectors, rows: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.int32]:
    """Cosines in parts per million of each of m ``rows`` with its ``others`` (m, k); an other of -1 gives -PPM - 1."""
    found = np.empty(others.shape, np.int32)
    if vectors.worded:
        _word_similarities(vectors.offsets, vectors.buckets, vectors.weights, rows, others, found)
    else:
        _dense_similarities(vectors.dense, rows, others, found)
    return found


def cosines(vectors: Vectors, first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.float64]:
    """Cosine of each pair of documents, in [-1, 1]."""
    return similarities(vectors, first, second.reshape(-1, 1)).ravel() / PPM


@njit(nogil=True, cache=True)
def table_size(offsets: NDArray[np.int64]) -> Any:
    """Slots of a table for the words of any one document, at most a quarter full."""
    size = 64
    for document in range(len(offsets) - 1):
        while size < 4 * (offsets[document + 1] - offsets[document]):
            size *= 2
    return size


@njit(nogil=True, cache=True)
def remember(keys: Integers, values: Integers, buckets: Integers, weights: Integers) -> None:
    """Put the words of one document into an empty table (keys of -1)."""
    mask = len(keys) - 1
    for place in range(len(buckets)):
        slot = np.int64(buckets[place]) & mask
        while keys[slot] >= 0:
            slot = (slot + 1) & mask
        keys[slot], values[slot] = buckets[place], weights[place]


@njit(nogil=True, cache=True)
def product(keys: Integers, values: Integers, buckets: Integers, weights: Integers) -> Any:
    """The product of a remembered document and the given one."""
    mask = len(keys) - 1
    total = np.int64(0)
    for place in range(len(buckets)):
        slot = np.int64(buckets[place]) & mask
        while keys[slot] >= 0 and keys[slot] != buckets[place]:
            slot = (slot + 1) & mask
        if keys[slot] >= 0:
            total += np.int64(values[slot]) * np.int64(weights[place])
    return total


@njit(nogil=True, cache=True)
def square(weights: Integers) -> Any:
    """The squared length of a document."""
    total = np.int64(0)
    for weight in weights:
        total += np.int64(weight) ** 2
    return total


@njit(nogil=True, cache=True)
def ppm(product: Any, squares: Any, other_squares: Any) -> Any:
    """A cosine in parts per million."""
    if squares == 0 or other_squares == 0:
        return np.int32(0)
    return np.int32(np.rint(product / np.sqrt(np.float64(squares) * np.float64(other_squares)) * PPM))


@njit(nogil=True, cache=True)
def _weigh(offsets, counts, rarities, dampened, weights):  # type: ignore[no-untyped-def]
    for document in range(len(offsets) - 1):
        squares = 0.0
        for place in range(offsets[document], offsets[document + 1]):
            squares += (dampened[counts[place]] * rarities[place]) ** 2
        scale = LENGTH / np.sqrt(squares) if squares > 0.0 else 0.0
        for place in range(offsets[document], offsets[document + 1]):
            weights[place] = np.int16(np.rint(dampened[counts[place]] * rarities[place] * scale))


@njit(nogil=True, cache=True)
def _project(offsets, buckets, weights, directions, dense):  # type: ignore[no-untyped-def]
    # |sum| <= 4,016 * 2^18 < 2^31 by Cauchy-Schwarz, since the columns of directions have length 2^18.
    sums = np.zeros(directions.shape[1], np.int32)
    for document in range(len(offsets) - 1):
        sums[:] = 0
        for place in range(offsets[document], offsets[document + 1]):
            weight = np.int32(weights[place])
            row = directions[buckets[place] & (FOLDED - 1)]
            for column in range(len(sums)):
                sums[column] += weight * row[column]
        _rescale_row(sums, dense[document])


@njit(nogil=True, cache=True)
def _rescale(rows, out):  # type: ignore[no-untyped-def]
    for row in range(len(rows)):
        _rescale_row(rows[row], out[row])


@njit(nogil=True, cache=True)
def _rescale_row(row, out):  # type: ignore[no-untyped-def]
    squares = 0.0
    for value in row:
        squares += np.float64(value) ** 2
    scale = LENGTH / np.sqrt(squares) if squares > 0.0 else 0.0
    for column in range(len(row)):
        out[column] = np.rint(np.float64(row[column]) * scale)


@njit(nogil=True, cache=True)
def _word_similarities(offsets, buckets, weights, rows, others, out):  # type: ignore[no-untyped-def]
    size = table_size(offsets)
    keys, values = np.full(size, -1, np.int64), np.zeros(size, np.int32)
    for row in range(len(rows)):
        start, stop = offsets[rows[row]], offsets[rows[row] + 1]
        remember(keys, values, buckets[start:stop], weights[start:stop])
        squares = square(weights[start:stop])
        for column in range(others.shape[1]):
            other = others[row, column]
            if other < 0:
                out[row, column] = -PPM - 1
                continue
            first, last = offsets[other], offsets[other + 1]
            found = product(keys, values, buckets[first:last], weights[first:last])
            out[row, column] = ppm(found, squares, square(weights[first:last]))
        keys[:] = -1


@njit(nogil=True, cache=True)
def _dense_similarities(dense, rows, others, out):  # type: ignore[no-untyped-def]
    for row in range(len(rows)):
        document = rows[row]
        squares = np.int64(0)
        for value in dense[document]:
            squares += np.int64(value) ** 2
        for column in range(others.shape[1]):
            other = others[row, column]
            if other < 0:
                out[row, column] = -PPM - 1
                continue
            total = np.int64(0)
            other_squares = np.int64(0)
            for dimension in range(dense.shape[1]):
                total += np.int64(dense[document, dimension]) * np.int64(dense[other, dimension])
                other_squares += np.int64(dense[other, dimension]) ** 2
            out[row, column] = ppm(total, squares, other_squares)
