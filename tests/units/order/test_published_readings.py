"""On made topics: what symmetric links, residual degree and greedy edges gain over the published code's choices."""

from collections.abc import Callable

import numpy as np
import pytest

from tasks.order._graph import Graph, link
from tasks.order._greedy_edges import greedy_edges
from tasks.order._metrics import order_figures
from tasks.order._related import Related
from tasks.order._residual_degree import residual_degree
from tasks.order._vectors import from_embeddings
from tests.units.order.made import nearest

COUNT, DIMENSIONS, TOPICS, NEIGHBORS, CONTEXT = 4_000, 64, 250, 10, 16


def corpus(seed: int) -> np.ndarray:
    """4,000 vectors around 250 topics whose sizes fall like a power of their rank; every tenth is alone."""
    random = np.random.default_rng(seed)
    share = 1 / np.arange(1, TOPICS + 1) ** 0.75
    topic = random.choice(TOPICS, COUNT, p=share / share.sum())
    centers = random.normal(size=(TOPICS, DIMENSIONS))
    vectors = centers[topic] + random.normal(size=(COUNT, DIMENSIONS))
    alone = random.random(COUNT) < 0.1
    vectors[alone] = random.normal(size=(int(alone.sum()), DIMENSIONS))
    return vectors


def walk(rows: list[list[int]], start: Callable[[set[int]], int]) -> np.ndarray:
    """Algorithm 1 over lists of neighbors, best first, with any rule for where to start anew."""
    left, order = set(range(len(rows))), []
    while left:
        current = start(left)
        while current is not None:
            order.append(current)
            left.remove(current)
            current = next((other for other in rows[current] if other in left), None)
    return np.array(order)


def rows_of(graph: Graph) -> list[list[int]]:
    return [part.tolist() for part in np.split(graph.targets, graph.offsets[1:-1])]


@pytest.fixture(scope="module", params=[0, 1])
def figures(request) -> dict[str, dict[str, float]]:
    vectors = corpus(request.param)
    ids, found = nearest(vectors, NEIGHBORS)
    graph = link(ids, found, neighbors=NEIGHBORS, apart=10**6)
    degree = np.diff(graph.offsets)
    orders = {
        "random": np.random.default_rng(1).permutation(COUNT),
        "directed": walk([row.tolist() for row in ids], min),
        "static": walk(rows_of(graph), lambda left: min(left, key=lambda d: (degree[d], d))),
        "residual": residual_degree(graph)[0],
        "greedy": greedy_edges(graph)[0],
    }
    related = Related(from_embeddings(vectors.astype(np.float32)), ids, found, 1.0)
    members = np.arange(COUNT) // CONTEXT
    return {name: order_figures(o, (members, o), related, duplicate=1.0) for name, o in orders.items()}


def test_undirected_links_need_fewer_starts(figures):
    assert figures["static"]["jumps"] < 0.7 * figures["directed"]["jumps"]


def test_residual_degree_needs_fewer_starts_than_static(figures):
    assert figures["residual"]["jumps"] < 0.9 * figures["static"]["jumps"]


def test_greedy_edges_are_more_similar_than_the_walk(figures):
    assert figures["greedy"]["adjacent_similarity"] >= figures["residual"]["adjacent_similarity"]
    assert figures["greedy"]["neighbor_recall"] > figures["residual"]["neighbor_recall"]


@pytest.mark.parametrize(
    ("order", "jumps", "similarity", "hits", "recall"),
    [
        ("static", 383, 0.528, 0.878, 0.377),
        ("residual", 310, 0.538, 0.886, 0.383),
        ("greedy", 288, 0.545, 0.901, 0.416),
    ],
)
def test_figures_are_near_those_of_a_reference_run(figures, order, jumps, similarity, hits, recall):
    found = figures[order]
    assert found["jumps"] == pytest.approx(jumps, rel=0.3)
    assert found["adjacent_similarity"] == pytest.approx(similarity, abs=0.02)
    assert found["neighbor_hit_share"] == pytest.approx(hits, abs=0.07)
    assert found["neighbor_recall"] == pytest.approx(recall, abs=0.05)
