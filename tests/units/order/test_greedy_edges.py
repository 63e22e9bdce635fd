"""Greedy edges against the rule written out over NetworkX."""

from functools import partial

import networkx as nx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.order._graph import Graph, link
from tasks.order._greedy_edges import greedy_edges
from tests.units.order.made import nearest, random_table

TABLES = st.builds(random_table, st.integers(1, 25), st.integers(1, 10), st.integers(0, 10**6))


def cover(graph: Graph) -> nx.Graph:
    path = nx.Graph()
    path.add_nodes_from(range(len(graph)))
    for first, second in zip(*graph.edges(), strict=True):
        if path.degree(first) < 2 and path.degree(second) < 2 and not nx.has_path(path, first, second):
            path.add_edge(int(first), int(second))
    return path


@settings(deadline=None)
@given(TABLES, st.integers(1, 6))
def test_fragments_agree_with_the_rule_written_out(table, neighbors):
    graph = link(*table, neighbors=neighbors, apart=800_000)
    order, left = greedy_edges(graph)
    expected = cover(graph)
    assert sorted(order) == list(range(len(graph)))
    assert left == nx.number_connected_components(expected)
    stretches = [frozenset(pair) for pair in zip(order[:-1].tolist(), order[1:].tolist(), strict=True)]
    assert {frozenset(edge) for edge in expected.edges} <= set(stretches)


@settings(deadline=None)
@given(st.integers(2, 60), st.integers(0, 1000))
def test_linking_joins_what_can_be_joined_and_breaks_no_fragment(count, seed):
    vectors = np.random.default_rng(seed).random((count, 5)) + 0.1
    graph = link(*nearest(vectors, 3), neighbors=3, apart=1_000_000)
    order, left = greedy_edges(graph, partial(among, vectors))
    assert sorted(order) == list(range(count))
    assert left == 1
    stretches = {frozenset(pair) for pair in zip(order[:-1].tolist(), order[1:].tolist(), strict=True)}
    assert {frozenset(edge) for edge in cover(graph).edges} <= stretches


def among(vectors, rows):
    return link(*nearest(vectors[rows], 8), neighbors=8, apart=1_000_000)


def test_isolated_documents_stay_pieces():
    nothing = np.full((4, 2), -1, np.int32), np.zeros((4, 2), np.int32)
    graph = link(*nothing, neighbors=2, apart=900_000)
    order, left = greedy_edges(graph, lambda rows: link(*nothing, neighbors=2, apart=900_000))
    assert (order.tolist(), left) == ([0, 1, 2, 3], 4)
