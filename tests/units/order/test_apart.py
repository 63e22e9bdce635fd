"""Near-duplicates keep their distance, and nothing is lost."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.order._apart import keep_apart
from tasks.order._graph import link
from tests.units.order.made import random_table

SEEDS = st.integers(0, 10**6)


def closest(order, clusters, lengths) -> int:
    """The fewest tokens between two members of one cluster."""
    starts = np.concatenate([[0], np.cumsum(lengths[order])])
    gaps, ends = [], {}
    for place, document in enumerate(order):
        label = int(clusters[document])
        if label >= 0:
            gaps += [starts[place] - ends[label]] if label in ends else []
            ends[label] = starts[place + 1]
    return int(min(gaps, default=10**9))


def drawn(count: int, labels: int, seed: int):
    random = np.random.default_rng(seed)
    clusters = np.where(random.random(count) < 0.3, random.integers(0, min(labels, count), count), -1).astype(np.int32)
    graph = link(*random_table(count, 6, seed), neighbors=5, apart=900_000)
    return random.permutation(count), graph, clusters, random.integers(1, 100, count)


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 200), SEEDS, st.integers(1, 300))
def test_distance_holds_wherever_there_is_room(count, seed, tokens):
    order, graph, clusters, lengths = drawn(count, max(count // 4, 1), seed)
    found, unplaced = keep_apart(order, graph, clusters, lengths, tokens=tokens, seed=seed)
    assert sorted(found) == list(range(count))
    assert closest(found[: count - unplaced], clusters, lengths) >= tokens


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 100), SEEDS)
def test_others_keep_their_order(count, seed):
    order, graph, clusters, lengths = drawn(count, 10, seed)
    found, _ = keep_apart(order, graph, clusters, lengths, tokens=200, seed=seed)
    assert [d for d in found if clusters[d] < 0] == [d for d in order if clusters[d] < 0]


def test_a_removed_document_goes_beside_its_neighbor():
    # 0 and 1 are near-duplicates next to each other; 1's other neighbor is 9, far away.
    ids = np.full((10, 1), -1, np.int32)
    ids[1] = 9
    graph = link(ids, np.full((10, 1), 500_000, np.int32), neighbors=1, apart=900_000)
    clusters = np.array([0, 0] + [-1] * 8, np.int32)
    found, unplaced = keep_apart(np.arange(10), graph, clusters, np.full(10, 50), tokens=100, seed=0)
    assert (found.tolist(), unplaced) == ([0, 2, 3, 4, 5, 6, 7, 8, 9, 1], 0)


def test_what_has_no_room_comes_last_in_turns():
    graph = link(np.full((6, 1), -1, np.int32), np.zeros((6, 1), np.int32), neighbors=1, apart=900_000)
    clusters = np.array([0, 0, 0, 3, 3, 3], np.int32)
    found, unplaced = keep_apart(np.arange(6), graph, clusters, np.full(6, 10), tokens=1000, seed=0)
    assert (found.tolist(), unplaced) == ([0, 3, 1, 4, 2, 5], 4)
