"""Every figure against a few lines of plain Python."""

from collections import Counter
from itertools import combinations, pairwise, product
from math import log2

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau

from tasks.order._graph import link
from tasks.order._metrics import (
    decile_divergence,
    measure_order,
    order_entropy,
    order_figures,
    score_order_correlation,
)
from tasks.order._related import Related
from tasks.order._vectors import from_embeddings
from tasks.pack.concatenate import concatenate
from tests.units.order.made import documents, nearest

LABELS = st.lists(st.integers(0, 3), min_size=1, max_size=60).map(np.array)


def drawn(count: int, seed: int):
    random = np.random.default_rng(seed)
    embeddings = random.normal(size=(count, 6)).astype(np.float32)
    embeddings[count // 2] = embeddings[0]
    ids, found = nearest(embeddings.astype(np.float64), min(4, count - 1))
    context = np.sort(random.integers(0, 5, count + 6))
    document = np.concatenate([random.permutation(count), random.integers(0, count, 6)])
    return (
        random.permutation(count),
        (context, document),
        Related(from_embeddings(embeddings), ids, found, 1.0),
        embeddings,
    )


@settings(deadline=None, max_examples=40)
@given(st.integers(3, 30), st.integers(0, 10**6))
def test_figures_agree_with_plain_python(count, seed):
    order, (context, document), related, embeddings = drawn(count, seed)
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    cosine = (unit @ unit.T).astype(float)
    held = {c: sorted(set(document[context == c].tolist())) for c in sorted(set(context.tolist()))}
    near = {
        d: [int(i) for i, s in zip(related.ids[d], related.similarities[d], strict=True) if s <= 900_000][:3]
        for d in range(count)
    }
    beside = {d: {other for c in held.values() if d in c for other in c if other != d} for d in range(count)}
    pairs = list(pairwise(order))
    segments = list(zip(context, document, strict=True))
    successive = [cosine[a, b] for (c, a), (d, b) in pairwise(segments) if c == d]
    graph = link(related.ids, related.similarities, neighbors=3, apart=900_000)
    edges = {(int(a), int(b)) for a, b in zip(*graph.edges(), strict=True)}
    linked = [(min(p), max(p)) in edges for p in pairs]
    shares = [len(set(near[d]) & beside[d]) / len(near[d]) for d in range(count) if near[d]]
    contexts = list(held.values())
    tokens = np.random.default_rng(seed).integers(1, 9, len(context))
    parts = list(zip(context.tolist(), document.tolist(), tokens.tolist(), strict=True))
    weighed = [[(d, t) for c, d, t in parts if c == here] for here in held]
    expected = {
        "adjacent_similarity": np.mean([cosine[p] for p in pairs]),
        "adjacent_similarity_in_context": np.mean(successive or [0.0]),
        "linked_share": np.mean(linked),
        "jumps": 1 + linked.count(False),
        "neighbor_hit_share": np.mean([share > 0 for share in shares]),
        "neighbor_recall": np.mean(shares),
        "context_similarity": np.mean(
            [np.mean([cosine[p] for p in combinations(c, 2)]) for c in contexts if len(c) > 1] or [0.0]
        ),
        "next_context_similarity": np.mean(
            [
                np.average(
                    [cosine[a, b] for (a, _), (b, _) in product(*p)], weights=[x * y for (_, x), (_, y) in product(*p)]
                )
                for p in pairwise(weighed)
            ]
            or [0.0]
        ),
        "duplicate_share": np.mean([any(cosine[d, o] > 0.9 for o in beside[d]) for d in range(count)]),
        "repeat_factor": 1.0,
    }
    found = order_figures(order, (context, document), related, neighbors=3, tokens=tokens)
    assert found == pytest.approx(expected, abs=0.002)


def test_a_packed_order_is_measured_from_its_tables():
    rows = documents(300)
    rows = rows.append_column("domain", pa.array(["a", "b", "c"] * 100)).append_column("copy", pa.array([0] * 300))
    segments = concatenate(rows, context_length=2_000)
    found = measure_order(rows, segments, seed=0)
    moved = measure_order(rows, segments.take(pa.array(np.arange(len(segments))[::-1])), seed=0)
    assert found == moved
    assert found["repeat_factor"] == 1.0
    assert found["search_recall"] == 1.0
    assert found["domain_order_entropy"] == pytest.approx(0, abs=1e-9)
    assert found["largest_decile_divergence"] < 0.01


@given(LABELS)
@settings(deadline=None)
def test_order_entropy_is_that_of_the_next_label(labels):
    pairs = Counter(zip(labels[:-1].tolist(), labels[1:].tolist(), strict=True))
    firsts = Counter(labels[:-1].tolist())
    expected = -sum(n / (len(labels) - 1) * log2(n / firsts[a]) for (a, _), n in pairs.items())
    assert order_entropy(labels) == pytest.approx(expected, abs=1e-9)


@given(LABELS)
@settings(deadline=None)
def test_divergence_is_zero_only_without_drift(labels):
    found = decile_divergence(labels)
    assert min(found) > -1e-12
    assert len(found) == min(len(labels), 10)
    assert max(decile_divergence(np.tile(labels, 10))) == pytest.approx(0, abs=1e-9)


def test_score_order_correlation():
    scores = np.random.default_rng(0).integers(0, 9, 100).astype(float)
    assert score_order_correlation(scores) == pytest.approx(kendalltau(np.arange(100), scores).statistic)
    assert score_order_correlation(np.sort(np.unique(scores))) == pytest.approx(1)
    assert score_order_correlation(np.ones(5)) == 0.0
