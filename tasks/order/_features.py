"""Hashed word counts: the few hundred bytes per document that the default embedding is made of."""

import numpy as np
import pyarrow as pa
from numba import njit
from numpy.typing import NDArray

from schemas.errors import UnitError
from tasks.distinct import distinct

BITS = 22
BUCKETS = 1 << BITS
LARGEST_COUNT = 255


def word_counts(hashes: NDArray[np.uint64], offsets: NDArray[np.int64], features: int) -> tuple[pa.Array, pa.Array]:
    """Count the words of every document in 2^22 hash buckets and keep the most frequent ones.

    ``hashes`` holds the word hashes of all documents, ``offsets`` (n + 1) says where each document begins. Returns
    two list arrays of n rows with at most ``features`` entries each: the buckets (int32) and their counts (uint8,
    capped at 255), most frequent first, ties by first occurrence. A document's lists depend on its own words only.
    Fewer buckets would make rare words of a large corpus, which tell most about it, collide with common ones.
    """
    sizes = np.minimum(np.diff(offsets), min(features, BUCKETS))
    buckets = np.empty(int(sizes.sum()), np.int32)
    counts = np.empty(len(buckets), np.uint8)
    kept = np.zeros(len(offsets), np.int64)
    total = _count(hashes, offsets, features, buckets, counts, kept)
    ends = pa.array(kept.astype(np.int32))
    return (
        pa.ListArray.from_arrays(ends, pa.array(buckets[:total])),
        pa.ListArray.from_arrays(ends, pa.array(counts[:total])),
    )


def flat(documents: pa.Table, column: str) -> pa.ListArray:
    """One list array with offsets from 0."""
    values = documents[column].combine_chunks()
    # A slice keeps the whole buffers: take copies, so that offsets start at 0.
    return values.take(pa.array(np.arange(len(values))))


def matrix(rows: pa.ListArray) -> NDArray[np.float32]:
    """Embeddings as a matrix; UnitError if they are not of one length."""
    widths = distinct(np.diff(rows.offsets.to_numpy()))
    if len(widths) > 1:
        raise UnitError(f"in_context: embeddings of different lengths ({widths[0]} and {widths[-1]})")
    return rows.values.to_numpy().reshape(len(rows), -1) if len(rows) else np.zeros((0, 1), np.float32)


@njit(nogil=True, cache=True)
def _count(hashes, offsets, features, buckets, counts, kept):  # type: ignore[no-untyped-def]
    largest = np.int64(1)
    for document in range(len(offsets) - 1):
        largest = max(largest, offsets[document + 1] - offsets[document])
    size = _slots(largest)
    keys, times = np.full(size, -1, np.int32), np.zeros(size, np.int32)
    seen = np.empty(size, np.int64)
    end = 0
    for document in range(len(offsets) - 1):
        # A table no larger than the document needs: small ones stay in the processor's cache.
        mask = _slots(offsets[document + 1] - offsets[document]) - 1
        distinct = 0
        for word in range(offsets[document], offsets[document + 1]):
            bucket = np.int64((hashes[word] * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - BITS))
            slot = bucket & mask
            while keys[slot] >= 0 and keys[slot] != bucket:
                slot = (slot + 1) & mask
            if keys[slot] < 0:
                keys[slot] = bucket
                seen[distinct] = slot
                distinct += 1
            times[slot] += 1
        end = _keep_most_frequent(keys, times, seen[:distinct], features, buckets, counts, end)
        for place in range(distinct):
            keys[seen[place]], times[seen[place]] = -1, 0
        kept[document + 1] = end
    return end


@njit(nogil=True, cache=True)
def _slots(words):  # type: ignore[no-untyped-def]
    slots = 64
    while slots < 2 * words and slots < 2 * BUCKETS:
        slots *= 2
    return slots


@njit(nogil=True, cache=True)
def _keep_most_frequent(keys, times, seen, features, buckets, counts, end):  # type: ignore[no-untyped-def]
    # A counting sort by capped count: stable, so equal counts stay in order of first occurrence.
    starts = np.zeros(LARGEST_COUNT + 2, np.int64)
    for slot in seen:
        starts[LARGEST_COUNT - min(times[slot], LARGEST_COUNT) + 1] += 1
    for count in range(1, LARGEST_COUNT + 2):
        starts[count] += starts[count - 1]
    for slot in seen:
        count = min(times[slot], LARGEST_COUNT)
        place = starts[LARGEST_COUNT - count]
        starts[LARGEST_COUNT - count] += 1
        if place < features:
            buckets[end + place] = keys[slot]
            counts[end + place] = count
    return end + min(len(seen), features)
