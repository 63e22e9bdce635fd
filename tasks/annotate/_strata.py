"""A sample that looks like the documents it is drawn from, or that looks at every kind of them alike.

Strata are source x decile of length (x decile of a score), the deciles taken within the source. A sample in proportion
gives no stratum more than one document too many or too few; an equal sample takes as many of each, the rest from those
that have more. Inside a stratum the documents with the smallest hash of (seed, doc_id) are taken: a run with a few
documents more or less draws almost the same ones, so that hardly a label is asked for anew.
"""

from typing import Literal

import numpy as np
import pyarrow as pa

from tasks import draw

DECILES = 10
Allocation = Literal["proportional", "equal"]


def sampled(
    documents: pa.Table, number: int, seed: int, *, score: str | None = None, allocation: Allocation = "proportional"
) -> np.ndarray:
    """Return the doc_ids of ``number`` documents (all if there are fewer), sorted.

    ``documents`` has doc_id, source, bytes and ``score``. The result does not depend on the order of the rows.
    """
    doc_ids = documents["doc_id"].to_numpy()
    if number >= len(doc_ids):
        return np.sort(doc_ids)
    groups = strata(documents, score)
    order = np.lexsort((doc_ids, draw.uniform(doc_ids, seed), groups))
    kinds, starts, sizes = np.unique(groups[order], return_index=True, return_counts=True)
    quotas = _level(kinds, sizes, number, seed) if allocation == "equal" else _shares(sizes, number, seed)
    taken = [np.arange(start, start + quota) for start, quota in zip(starts, quotas, strict=True)]
    return np.sort(doc_ids[order[np.concatenate(taken)]])


def strata(documents: pa.Table, score: str | None = None) -> np.ndarray:
    """Return the number of each document's stratum: int64 (n,).

    >>> strata(pa.table({"doc_id": [1, 2, 3], "source": ["a", "a", "b"], "bytes": [5, 4, 9]})).tolist()
    [5, 0, 10]
    """
    doc_ids = documents["doc_id"].to_numpy()
    names = documents["source"].to_numpy(zero_copy_only=False)
    groups = np.unique(names, return_inverse=True)[1].astype(np.int64)
    found = groups * DECILES + _deciles(groups, documents["bytes"].to_numpy(), doc_ids)
    if score is not None:
        values = documents[score].cast(pa.float64()).to_numpy(zero_copy_only=False)
        known = np.where(np.isnan(values), -np.inf, values)
        found = found * DECILES + _deciles(groups, known, doc_ids)
    return found


def _deciles(groups: np.ndarray, values: np.ndarray, doc_ids: np.ndarray) -> np.ndarray:
    """In which tenth of its group each value is."""
    order = np.lexsort((doc_ids, values, groups))
    sizes = np.bincount(groups)
    starts = np.cumsum(sizes) - sizes
    ranks = np.empty(len(groups), np.int64)
    ranks[order] = np.arange(len(groups)) - starts[groups[order]]
    return ranks * DECILES // sizes[groups]


def _shares(sizes: np.ndarray, number: int, seed: int) -> np.ndarray:
    """Quotas in proportion, rounded up or down by one draw for all, so that they add up and favour none."""
    ends = np.cumsum(sizes) * number
    start = draw.uniform(np.zeros(1, np.uint64), seed)[0]
    return np.diff(np.floor(ends / sizes.sum() + start).astype(np.int64), prepend=np.int64(np.floor(start)))


def _level(kinds: np.ndarray, sizes: np.ndarray, number: int, seed: int) -> np.ndarray:
    """Quotas alike: what small strata lack comes from larger ones."""
    low, high = 0, int(sizes.max())
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if np.minimum(sizes, middle).sum() <= number else (low, middle - 1)
    quotas: np.ndarray = np.minimum(sizes, low)
    larger = np.flatnonzero(sizes > low)
    lots = larger[np.argsort(draw.uniform(kinds[larger].astype(np.uint64), seed), kind="stable")]
    quotas[lots[: number - quotas.sum()]] += 1
    return quotas
