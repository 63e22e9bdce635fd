"""Random order: a permutation of identities, the same for any order of rows."""

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.order.random import random


def ids(sequence: np.ndarray, doc_ids: list[int]) -> list[int]:
    return [doc_ids[row] for row in sequence]


@given(st.lists(st.integers(0, 2**64 - 1), unique=True), st.integers(0, 2**63), st.randoms())
@settings(deadline=None)
def test_sequence_does_not_depend_on_rows(doc_ids, seed, shuffler):
    moved = list(doc_ids)
    shuffler.shuffle(moved)
    first = random(pa.table({"doc_id": pa.array(doc_ids, pa.uint64())}), seed=seed)
    second = random(pa.table({"doc_id": pa.array(moved, pa.uint64())}), seed=seed)
    assert sorted(first) == list(range(len(doc_ids)))
    assert ids(first, doc_ids) == ids(second, moved)


def test_places_are_uniform_over_seeds():
    table = pa.table({"doc_id": pa.array(range(50), pa.uint64())})
    places = np.array([np.argsort(random(table, seed=seed)) for seed in range(400)])
    assert np.abs(places.mean(axis=0) - 24.5).max() < 4 * 14.43 / 20
    assert np.abs(np.corrcoef(places[:-1].ravel(), places[1:].ravel())[0, 1]) < 0.03
