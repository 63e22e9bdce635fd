"""What symmetric links, residual degree and greedy edges gain over the published code's choices: on made topics, whose
figures a reference run of all of them gave, and on real texts."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from tasks.order._graph import Graph, link
from tasks.order._greedy_edges import greedy_edges
from tasks.order._metrics import context_similarities, linked_pairs, order_figures
from tasks.order._related import Related, relate, vectors_of
from tasks.order._residual_degree import residual_degree
from tasks.order._vectors import from_embeddings
from tasks.order.in_context import measure
from tasks.pack.concatenate import concatenate
from tasks.text.batch import TextBatch
from tests.benchmarks._sorted_as_published import sorted_as_published
from tests.data import texts
from tests.units.order.made import nearest

COUNT, DIMENSIONS, TOPICS, NEIGHBORS, CONTEXT = 4_000, 64, 250, 10, 16


def corpus(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """4,000 vectors around 250 topics whose sizes fall like a power of their rank; every tenth is alone."""
    random = np.random.default_rng(seed)
    share = 1 / np.arange(1, TOPICS + 1) ** 0.75
    topic = random.choice(TOPICS, COUNT, p=share / share.sum())
    centers = random.normal(size=(TOPICS, DIMENSIONS))
    vectors = centers[topic] + random.normal(size=(COUNT, DIMENSIONS))
    alone = random.random(COUNT) < 0.1
    vectors[alone] = random.normal(size=(int(alone.sum()), DIMENSIONS))
    return vectors, np.where(alone, TOPICS + np.arange(COUNT), topic)


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
    vectors, topic = corpus(request.param)
    ids, found = nearest(vectors, NEIGHBORS)
    graph = link(ids, found, neighbors=NEIGHBORS, apart=10**6)
    degree = np.diff(graph.offsets)
    orders = {
        "random": np.random.default_rng(1).permutation(COUNT),
        "topics": np.lexsort((np.random.default_rng(1).permutation(COUNT), topic)),
        "script": sorted_as_published(ids, [""] * COUNT).order,
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
        ("random", 3_985, 0.007, 0.036, 0.004),
        ("topics", 2_200, 0.395, 0.813, 0.345),
        ("directed", 758, 0.482, 0.850, 0.360),
        ("script", 1_216, 0.494, 0.966, 0.368),
        ("static", 383, 0.528, 0.878, 0.377),
        ("residual", 310, 0.538, 0.886, 0.383),
        ("greedy", 288, 0.545, 0.901, 0.416),
    ],
)
def test_figures_are_near_those_of_a_reference_run(figures, order, jumps, similarity, hits, recall):
    found = figures[order]
    assert found["jumps"] == pytest.approx(jumps, rel=0.3)
    assert found["adjacent_similarity"] == pytest.approx(similarity, abs=0.025)
    assert found["neighbor_hit_share"] == pytest.approx(hits, abs=0.07)
    assert found["neighbor_recall"] == pytest.approx(recall, abs=0.05)


@pytest.fixture(scope="module")
def real() -> tuple[Related, np.ndarray]:
    """Real texts, a few of each source, by a random number, with their nearest neighbors."""
    found = [text[:20_000] for text in texts(640)]
    shuffled = [found[i] for i in np.random.default_rng(0).permutation(len(found))]
    tokens = np.array([len(text.encode()) // 4 + 1 for text in shuffled])
    return relate(vectors_of(pa.table(measure(TextBatch(pa.array(shuffled))))), neighbors=NEIGHBORS), tokens


def test_on_real_texts_the_readings_keep_their_order(real):
    related, _ = real
    graph = link(related.ids, related.similarities, neighbors=NEIGHBORS, apart=900_000)
    fit = np.where(related.similarities <= 900_000, related.ids, -1)
    directed = walk([[other for other in row if other >= 0][:NEIGHBORS] for row in fit.tolist()], min)
    degree = np.diff(graph.offsets)
    static = walk(rows_of(graph), lambda left: min(left, key=lambda d: (degree[d], d)))
    jumps = {
        name: int((~linked_pairs(graph, order[:-1], order[1:])).sum())
        for name, order in {"directed": directed, "static": static, "residual": residual_degree(graph)[0]}.items()
    }
    assert jumps["residual"] <= jumps["static"] < jumps["directed"], jumps


def test_a_shuffle_of_contexts_brings_the_next_one_near_random(real):
    related, tokens = real
    graph = link(related.ids, related.similarities, neighbors=NEIGHBORS, apart=900_000)
    count = len(tokens)
    orders = {"random": np.random.default_rng(1).permutation(count), "greedy": greedy_edges(graph)[0]}

    def next_similarity(order, shuffle: bool, seed: int) -> float:
        placed = pa.table({"doc_id": order, "copy": np.zeros(count, np.int32), "tokens": tokens[order]})
        segments = concatenate(placed, context_length=512, shuffle=shuffle, seed=seed)
        members = segments["context_id"].to_numpy().astype(int), segments["doc_id"].to_numpy().astype(int)
        lengths = segments["stop"].to_numpy() - segments["start"].to_numpy()
        return float(context_similarities(members, related.vectors, lengths)[1].mean())

    mean = {name: np.mean([next_similarity(o, True, seed) for seed in range(4)]) for name, o in orders.items()}
    assert mean["greedy"] == pytest.approx(mean["random"], rel=0.1)
    assert next_similarity(orders["greedy"], False, 0) > 2 * mean["greedy"]
