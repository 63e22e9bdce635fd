"""Hashed word counts: the few hundred bytes per document that the default embedding is made of."""

import numpy as np
import pyarrow as pa
from numba import njit
from numpy.typing import NDArray

BUCKETS = 1 << 16
LARGEST_COUNT = 255


def word_counts(hashes: NDArray[np.uint64], offsets: NDArray[np.int64], features: int) -> tuple[pa.Array, pa.Array]:
    """Count the words of every document in 65,536 hash buckets and keep the most frequent ones.

    ``hashes`` holds the word hashes of all documents, ``offsets`` (n + 1) says where each document begins. Returns
    two list arrays of n rows with at most ``features`` entries each: the buckets (uint16) and their counts (uint8,
    capped at 255), most frequent first, ties by first occurrence. A document's lists depend on its own words only.
    """
    sizes = np.minimum(np.diff(offsets), min(features, BUCKETS))
    buckets = np.empty(int(sizes.sum()), np.uint16)
    counts = np.empty(len(buckets), np.uint8)
    kept = np.zeros(len(offsets), np.int64)
    total = _count(hashes, offsets, features, buckets, counts, kept)
    ends = pa.array(kept.astype(np.int32))
    return (
        pa.ListArray.from_arrays(ends, pa.array(buckets[:total])),
        pa.ListArray.from_arrays(ends, pa.array(counts[:total])),
    )


@njit(nogil=True, cache=True)
def _count(hashes, offsets, features, buckets, counts, kept):  # type: ignore[no-untyped-def]
    table = np.zeros(BUCKETS, np.int64)
    seen = np.empty(BUCKETS, np.int64)
    end = 0
    for document in range(len(offsets) - 1):
        distinct = 0
        for word in range(offsets[document], offsets[document + 1]):
            bucket = np.int64((hashes[word] * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(48))
            if table[bucket] == 0:
                seen[distinct] = bucket
                distinct += 1
            table[bucket] += 1
        end = _keep_most_frequent(table, seen[:distinct], features, buckets, counts, end)
        kept[document + 1] = end
        table[seen[:distinct]] = 0
    return end


@njit(nogil=True, cache=True)
def _keep_most_frequent(table, seen, features, buckets, counts, end):  # type: ignore[no-untyped-def]
    # A counting sort by capped count: stable, so equal counts stay in order of first occurrence.
    starts = np.zeros(LARGEST_COUNT + 2, np.int64)
    for bucket in seen:
        starts[LARGEST_COUNT - min(table[bucket], LARGEST_COUNT) + 1] += 1
    for count in range(1, LARGEST_COUNT + 2):
        starts[count] += starts[count - 1]
    for bucket in seen:
        count = min(table[bucket], LARGEST_COUNT)
        place = starts[LARGEST_COUNT - count]
        starts[LARGEST_COUNT - count] += 1
        if place < features:
            buckets[end + place] = bucket
            counts[end + place] = count
    return end + min(len(seen), features)
