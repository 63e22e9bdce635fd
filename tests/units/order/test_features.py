"""Hashed word counts against a Counter."""

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.order._features import word_counts

WORDS = st.lists(st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 4), max_size=60), max_size=6)


def bucket(word: int) -> int:
    return (word * 0x9E3779B97F4A7C15 % 2**64) >> 42


@given(WORDS, st.integers(1, 20))
@settings(deadline=None)
def test_agrees_with_counter(batch, features):
    hashes = np.array([word for words in batch for word in words], np.uint64)
    offsets = np.concatenate([[0], np.cumsum([len(words) for words in batch])]).astype(np.int64)
    buckets, counts = word_counts(hashes, offsets, features)
    for words, found, times in zip(batch, buckets.to_pylist(), counts.to_pylist(), strict=True):
        # Counter.most_common keeps the order of first occurrence among equal counts.
        assert list(zip(found, times, strict=True)) == Counter(map(bucket, words)).most_common(features)


def test_counts_are_capped():
    _, counts = word_counts(np.full(1000, 7, np.uint64), np.array([0, 1000]), 4)
    assert counts.to_pylist() == [[255]]
