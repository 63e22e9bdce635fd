"""Orders of graphs against NetworkX, and figures against a count by hand."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.order._dependencies import (
    dependency_figures,
    least_needing_first,
    needed_first,
    strong_components,
    weak_components,
)

graphs = st.integers(1, 14).flatmap(
    lambda n: st.tuples(st.just(n), st.sets(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=30))
)


def links(count: int, edges: set[tuple[int, int]]) -> tuple[list[list[int]], nx.DiGraph]:
    graph = nx.DiGraph()
    graph.add_nodes_from(range(count))
    graph.add_edges_from((a, b) for a, b in edges if a != b)
    return [sorted(graph.successors(node)) for node in range(count)], graph


@given(graphs)
@settings(deadline=None, derandomize=True, max_examples=300)
def test_components_are_those_of_networkx(drawn: tuple[int, set[tuple[int, int]]]) -> None:
    needed, graph = links(*drawn)
    label = strong_components(needed)
    found = {frozenset(np.flatnonzero(np.array(label) == each).tolist()) for each in set(label)}
    assert found == {frozenset(each) for each in nx.strongly_connected_components(graph)}
    assert all(label[a] >= label[b] for a, b in graph.edges)
    weak = {frozenset(each) for each in nx.weakly_connected_components(graph) if len(each) > 1}
    assert {frozenset(each) for each in weak_components(needed)} == weak


@given(graphs)
@settings(deadline=None, derandomize=True, max_examples=300)
def test_what_is_needed_comes_first_but_within_cycles(drawn: tuple[int, set[tuple[int, int]]]) -> None:
    needed, graph = links(*drawn)
    pieces = needed_first(needed)
    place = {node: at for at, node in enumerate(node for piece in pieces for node in piece)}
    assert sorted(place) == [node for node in graph if graph.degree(node)]
    together = {node: frozenset(each) for each in nx.strongly_connected_components(graph) for node in each}
    for node, other in graph.edges:
        assert place[other] < place[node] or together[node] == together[other]
    for each in set(together.values()):
        places = sorted(place[node] for node in each if node in place)
        assert not places or places[-1] - places[0] == len(places) - 1, "a cycle is torn apart"
    if nx.is_directed_acyclic_graph(graph) and len(pieces) == 1 and len(place) == len(graph):
        assert pieces[0] in ([*nx.all_topological_sorts(graph.reverse())] if len(graph) < 7 else [pieces[0]])


def test_a_deep_graph_needs_no_recursion() -> None:
    count = 50_000
    chain = [[node + 1] for node in range(count - 1)] + [[]]
    assert needed_first(chain) == [list(range(count))[::-1]]
    assert len(set(strong_components([*chain[:-1], [0]]))) == 1


def test_a_cycle_is_opened_where_least_is_lacking() -> None:
    # 0 needs 1 and 2, 1 needs 2, 2 needs 0: one and two lack one file each, and one is first by number.
    assert least_needing_first([0, 1, 2], [[1, 2], [2], [0]]) == [1, 0, 2]
    assert least_needing_first([0, 1], [[1], [0]]) == [0, 1]


def test_figures_count_pairs() -> None:
    first, second = np.array([0, 1, 2]), np.array([1, 2, 0])
    place = np.array([0, 1, 2])
    members = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 2])
    found = dependency_figures(first, second, place, members)
    assert found["dependencies"] == 3
    assert found["dependency_order_share"] == pytest.approx(2 / 3)
    assert found["dependency_in_context_share"] == pytest.approx(2 / 3)
    assert found["dependency_ready_share"] == pytest.approx(2 / 3)
    backwards = dependency_figures(first, second, place[::-1].copy(), members)
    assert backwards["dependency_order_share"] == pytest.approx(1 / 3)
    assert backwards["dependency_ready_share"] == 0
    assert dependency_figures(first[:0], second[:0], place[:0], (first[:0], first[:0]))["dependency_order_share"] == 0
