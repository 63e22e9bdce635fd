"""The neighbor graph against NetworkX."""

import networkx as nx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.order._graph import duplicate_clusters, link
from tests.units.order.made import random_table

TABLES = st.builds(random_table, st.integers(1, 25), st.integers(1, 10), st.integers(0, 10**6))


def chosen(table, neighbors: int, apart: int) -> nx.Graph:
    graph = nx.Graph()
    graph.add_nodes_from(range(len(table[0])))
    for row, (ids, weights) in enumerate(zip(*table, strict=True)):
        fit = [(i, w) for i, w in zip(ids, weights, strict=True) if i not in (-1, row) and 0 < w <= apart]
        graph.add_weighted_edges_from((row, int(i), int(w)) for i, w in fit[:neighbors])
    return graph


@settings(deadline=None)
@given(TABLES, st.integers(1, 6))
def test_agrees_with_networkx(table, neighbors):
    graph, expected = link(*table, neighbors=neighbors, apart=800_000), chosen(table, neighbors, 800_000)
    for row in range(len(graph)):
        span = slice(graph.offsets[row], graph.offsets[row + 1])
        found = list(zip(graph.weights[span].tolist(), graph.targets[span].tolist(), strict=True))
        linked = [(data["weight"], other) for other, data in expected[row].items()]
        assert found == sorted(linked, key=lambda edge: (-edge[0], edge[1]))


@settings(deadline=None)
@given(TABLES)
def test_edges_are_sorted_and_given_once(table):
    graph, expected = link(*table, neighbors=4, apart=800_000), chosen(table, 4, 800_000)
    edges = sorted((min(e), max(e)) for e in expected.edges)
    first, second = graph.edges()
    assert list(zip(first, second, strict=True)) == sorted(edges, key=lambda e: (-expected.edges[e]["weight"], e))


@settings(deadline=None)
@given(TABLES)
def test_clusters_are_connected_components(table):
    graph = nx.Graph()
    graph.add_nodes_from(range(len(table[0])))
    for row, (ids, weights) in enumerate(zip(*table, strict=True)):
        graph.add_edges_from((row, int(i)) for i, w in zip(ids, weights, strict=True) if i >= 0 and w > 800_000)
    rows, columns = np.nonzero((table[0] >= 0) & (table[1] > 800_000))
    labels = duplicate_clusters(np.column_stack([rows, table[0][rows, columns]]).astype(np.int32), len(table[0]))
    for members in nx.connected_components(graph):
        assert {int(labels[m]) for m in members} == ({min(members)} if len(members) > 1 else {-1})


def test_both_sides_may_see_a_pair_differently():
    table = np.array([[1], [0]], np.int32), np.array([[400_000], [500_000]], np.int32)
    assert link(*table, neighbors=1, apart=900_000).weights.tolist() == [500_000, 500_000]


def test_nothing():
    empty = np.zeros((0, 3), np.int32), np.zeros((0, 3), np.int32)
    assert len(link(*empty, neighbors=3, apart=900_000)) == 0
    assert len(duplicate_clusters(np.zeros((0, 2), np.int32), 0)) == 0
