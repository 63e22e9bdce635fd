"""Documents as vectors of whole numbers, so that every similarity is exact and the same on every machine.

A vector is scaled to length 4,000 and rounded. The products of two such vectors, and all partial sums of them, are
whole numbers under 2^24 (Cauchy-Schwarz), which float32 holds exactly: no order of summation, BLAS, thread count or
SIMD width can change a similarity. The error of a cosine is under 0.001.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tasks.order._basis import basis
from tasks.order._features import BUCKETS, LARGEST_COUNT

LENGTH = 4000.0
SAMPLE = 4_096
PPM = 1_000_000


@dataclass(frozen=True)
class Vectors:
    """Vectors of n documents: dense ones to search in, and the exact word weights behind them if there are any.

    ``dense`` is float32 (n, dimensions) of whole numbers. Document i has the words ``buckets[offsets[i]:offsets[i+1]]``
    with ``weights`` (int16); without words (a named model's embeddings) ``offsets`` is all zero and dense is exact.
    """

    dense: NDArray[np.float32]
    offsets: NDArray[np.int64]
    buckets: NDArray[np.uint16]
    weights: NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.dense)

    @property
    def worded(self) -> bool:
        """Whether similarities are those of word weights and ``dense`` is only their sketch."""
        return len(self.buckets) > 0

    def in_words(self) -> "Vectors":
        """The same vectors with every dimension taken for a word where there are no words."""
        if self.worded:
            return self
        count, width = self.dense.shape
        words = np.tile(np.arange(width, dtype=np.uint16), count)
        return Vectors(self.dense, np.arange(count + 1) * width, words, self.dense.ravel().astype(np.int16))

    def take(self, rows: NDArray[np.int64]) -> "Vectors":
        """The vectors of ``rows``, in that order."""
        sizes = np.diff(self.offsets)[rows]
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        places = np.arange(offsets[-1]) + np.repeat(self.offsets[rows] - offsets[:-1], sizes)
        return Vectors(self.dense[rows], offsets, self.buckets[places], self.weights[places])


def from_words(
    offsets: NDArray[np.int64],
    buckets: NDArray[np.uint16],
    counts: NDArray[np.uint8],
    *,
    dimensions: int = 128,
    seed: int = 0,
) -> Vectors:
    """Weigh hashed words by (1 + log count) * log((n + 1) / (df + 0.5)) and project them on ``dimensions``.

    ``df`` is the number of the n given documents with the word, so that words of every text weigh next to nothing. The
    projection is on the main directions of a seeded sample of at most 4,096 documents.
    """
    rarity = np.log(len(offsets) / (np.bincount(buckets, minlength=BUCKETS) + 0.5))
    dampened = 1.0 + np.log(np.maximum(np.arange(LARGEST_COUNT + 1), 1))
    weights = np.zeros(len(buckets), np.int16)
    _weigh(offsets, buckets, counts, rarity, dampened, weights)
    documents = Vectors(np.zeros((len(offsets) - 1, dimensions), np.float32), offsets, buckets, weights)
    part = documents.take(_sample(len(documents), seed))
    _project(offsets, buckets, weights, basis(part.offsets, part.buckets, part.weights, dimensions), documents.dense)
    return documents


def _sample(count: int, seed: int) -> NDArray[np.int64]:
    if count <= SAMPLE:
        return np.arange(count)
    return np.sort(np.random.Generator(np.random.PCG64(seed)).choice(count, SAMPLE, replace=False))


def from_embeddings(embeddings: NDArray[np.float32]) -> Vectors:
    """Take the embeddings (n, dimensions) of a model; a row of zeros is similar to nothing."""
    dense = np.zeros(embeddings.shape, np.float32)
    _rescale(embeddings.astype(np.float64), dense)
    return Vectors(dense, np.zeros(len(dense) + 1, np.int64), np.zeros(0, np.uint16), np.zeros(0, np.int16))


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
def _weigh(offsets, buckets, counts, rarity, dampened, weights):  # type: ignore[no-untyped-def]
    for document in range(len(offsets) - 1):
        squares = 0.0
        for place in range(offsets[document], offsets[document + 1]):
            squares += (dampened[counts[place]] * rarity[buckets[place]]) ** 2
        scale = LENGTH / np.sqrt(squares) if squares > 0.0 else 0.0
        for place in range(offsets[document], offsets[document + 1]):
            weights[place] = np.int16(np.rint(dampened[counts[place]] * rarity[buckets[place]] * scale))


@njit(nogil=True, cache=True)
def _project(offsets, buckets, weights, directions, dense):  # type: ignore[no-untyped-def]
    # |sum| <= 4,016 * 2^18 < 2^31 by Cauchy-Schwarz, since the columns of directions have length 2^18.
    sums = np.zeros(directions.shape[1], np.int32)
    for document in range(len(offsets) - 1):
        sums[:] = 0
        for place in range(offsets[document], offsets[document + 1]):
            weight = np.int32(weights[place])
            row = directions[buckets[place]]
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
def _ppm(product, squares, other_squares):  # type: ignore[no-untyped-def]
    if squares == 0 or other_squares == 0:
        return np.int32(0)
    return np.int32(np.rint(product / np.sqrt(np.float64(squares) * np.float64(other_squares)) * PPM))


@njit(nogil=True, cache=True)
def _word_similarities(offsets, buckets, weights, rows, others, out):  # type: ignore[no-untyped-def]
    table = np.zeros(BUCKETS, np.int32)
    for row in range(len(rows)):
        document = rows[row]
        squares = np.int64(0)
        for place in range(offsets[document], offsets[document + 1]):
            table[buckets[place]] = weights[place]
            squares += np.int64(weights[place]) ** 2
        for column in range(others.shape[1]):
            other = others[row, column]
            if other < 0:
                out[row, column] = -PPM - 1
                continue
            product = np.int64(0)
            other_squares = np.int64(0)
            for place in range(offsets[other], offsets[other + 1]):
                product += np.int64(table[buckets[place]]) * weights[place]
                other_squares += np.int64(weights[place]) ** 2
            out[row, column] = _ppm(product, squares, other_squares)
        for place in range(offsets[document], offsets[document + 1]):
            table[buckets[place]] = 0


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
            product = np.int64(0)
            other_squares = np.int64(0)
            for dimension in range(dense.shape[1]):
                product += np.int64(dense[document, dimension]) * np.int64(dense[other, dimension])
                other_squares += np.int64(dense[other, dimension]) ** 2
            out[row, column] = _ppm(product, squares, other_squares)
