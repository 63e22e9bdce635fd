"""Documents as points and the clusters that they fall into: a cheap stand-in for embeddings by a language model.

A point is a fixed random projection of the hashed words and word pairs of a document, weighted by how few documents
have them, of length 1. Documents near each other share vocabulary: subject and kind of text, little more.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np
from numba import njit

from tasks.text.batch import TextBatch
from tasks.text.borrow import Array
from tasks.text.features import BUCKETS, hashed, project, whole_documents

DIMENSIONS = 64
NGRAM = 2
PROJECTION = 20_210  # the seed of the projection: the same in every run


def rarity(batches: Iterable[TextBatch]) -> np.ndarray:
    """Return ln((1 + documents) / (1 + documents that have it)) of each feature: float32 (buckets,)."""
    having, documents = np.zeros(BUCKETS, np.int64), 0
    for batch in batches:
        found, _, _ = hashed(batch, whole_documents(batch), ngram=NGRAM, characters=False)
        having += np.bincount(found, minlength=BUCKETS)
        documents += len(batch)
    return np.log((1 + documents) / (1 + having)).astype(np.float32)


def points(batch: TextBatch, rarities: np.ndarray) -> np.ndarray:
    """Return the point of each document: float32 (n, 64), of length 1; of zeros without a feature that tells."""
    weights = _weights(rarities.tobytes())
    found = project(batch, whole_documents(batch), weights, ngram=NGRAM, characters=False)
    length = np.sqrt((found.astype(float) ** 2).sum(1, keepdims=True))
    return np.divide(found, length, out=np.zeros_like(found), where=length > 1e-12)


@lru_cache(maxsize=2)
def _weights(rarities: bytes) -> np.ndarray:
    drawn = np.random.default_rng(PROJECTION).standard_normal((BUCKETS, DIMENSIONS), np.float32)
    drawn *= np.frombuffer(rarities, np.float32)[:, None]
    return drawn


def principal(found: np.ndarray, explained: float) -> tuple[np.ndarray, np.ndarray]:
    """Return (mean, components (d, 64)) of points: the fewest components that explain this share of the variance."""
    mean = found.mean(0, dtype=float)
    variances, axes = np.linalg.eigh(np.cov(found.T.astype(float)))
    shares = np.cumsum(variances[::-1]) / max(variances.sum(), 1e-300)
    kept = int(np.searchsorted(shares, explained)) + 1
    return mean, axes[:, ::-1][:, :kept].T.copy()


@njit(nogil=True, cache=True)
def nearest(found: Array, mean: Array, components: Array, centers: Array) -> Any:
    """Return the center nearest to each point, in the space of the components: int64 (n,); of several the first.

    A product of matrices would round a document's distances by what else is in its batch.
    """
    clusters = np.zeros(len(found), np.int64)
    reduced = np.zeros(len(components))
    for i in range(len(found)):
        for k in range(len(components)):
            reduced[k] = 0.0
            for j in range(len(mean)):
                reduced[k] += (found[i, j] - mean[j]) * components[k, j]
        best = np.inf
        for c in range(len(centers)):
            distance = 0.0
            for k in range(len(reduced)):
                distance += (reduced[k] - centers[c, k]) ** 2
            if distance < best:
                best, clusters[i] = distance, c
    return clusters


@njit(nogil=True, cache=True)
def nearest_of(found: Array, centers: Array) -> Any:
    """Return (the center nearest to each point, of several the first: int64 (n,); the distance from it: float64)."""
    clusters, distances = np.zeros(len(found), np.int64), np.zeros(len(found))
    for i in range(len(found)):
        best = np.inf
        for c in range(len(centers)):
            squares = 0.0
            for k in range(centers.shape[1]):
                squares += (found[i, k] - centers[c, k]) ** 2
            if squares < best:
                best, clusters[i] = squares, c
        distances[i] = np.sqrt(best)
    return clusters, distances
