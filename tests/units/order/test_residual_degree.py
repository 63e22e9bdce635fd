"""The walk against algorithm 1 written out over NetworkX."""

import networkx as nx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.order._graph import Graph, link
from tasks.order._residual_degree import residual_degree
from tests.units.order.made import random_table

TABLES = st.builds(random_table, st.integers(1, 25), st.integers(1, 10), st.integers(0, 10**6))


def walk(graph: Graph) -> tuple[list[int], int]:
    left = nx.Graph()
    left.add_nodes_from(range(len(graph)))
    for row in range(len(graph)):
        span = slice(graph.offsets[row], graph.offsets[row + 1])
        left.add_weighted_edges_from((row, *e) for e in zip(graph.targets[span], graph.weights[span], strict=True))
    order, starts = [], 0
    while left:
        current, starts = min(left, key=lambda d: (left.degree(d), d)), starts + 1
        while current is not None:
            order.append(current)
            following = min(left[current], key=lambda d: (-left[current][d]["weight"], d), default=None)
            left.remove_node(current)
            current = following
    return order, starts


@settings(deadline=None)
@given(TABLES, st.integers(1, 6))
def test_agrees_with_the_algorithm_written_out(table, neighbors):
    graph = link(*table, neighbors=neighbors, apart=800_000)
    order, starts = residual_degree(graph)
    assert (order.tolist(), starts) == walk(graph)


def test_islands_and_isolated_documents():
    ids = np.array([[1], [0], [-1], [4], [3], [5]], np.int32)
    order, starts = residual_degree(link(ids, np.full((6, 1), 500_000, np.int32), neighbors=1, apart=900_000))
    assert (order.tolist(), starts) == ([2, 5, 0, 1, 3, 4], 4)


def test_nothing():
    empty = np.zeros((0, 3), np.int32), np.zeros((0, 3), np.int32)
    order, starts = residual_degree(link(*empty, neighbors=3, apart=900_000))
    assert (order.tolist(), starts) == ([], 0)
