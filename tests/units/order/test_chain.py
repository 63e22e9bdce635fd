"""Chains: like documents meet, whatever the rows, and nothing is lost."""

import numpy as np
import pyarrow as pa
import pytest

from schemas.errors import RecipeError
from tasks import units
from tasks.order.chain import chain, measure
from tasks.text import TextBatch


def documents(count: int, topics: int = 8, seed: int = 0) -> tuple[pa.Table, np.ndarray]:
    rng = np.random.default_rng(seed)
    topic = rng.integers(0, topics, count)
    texts = [
        " ".join([f"t{t}x{i}" for i in rng.integers(0, 40, 30)] + [f"common{i}" for i in rng.integers(0, 50, 30)])
        for t in topic
    ]
    doc_ids = pa.array(rng.permutation(count).astype(np.uint64))
    found = measure(TextBatch(pa.array(texts, pa.large_string())))
    return pa.table({"doc_id": doc_ids, "tokens": rng.integers(20, 200, count), **found}), topic


def alike(topic: np.ndarray, order: np.ndarray, apart: int = 1) -> float:
    return float((topic[order[:-apart]] == topic[order[apart:]]).mean())


def test_successive_documents_share_a_topic() -> None:
    table, topic = documents(400)
    assert alike(topic, chain(table, seed=1)) > 0.9


def test_two_hops_leave_one_document_between() -> None:
    table, topic = documents(400)
    order = chain(table, seed=1, hops=2, context_length=4000)
    assert alike(topic, order, 2) > 0.8 > 0.5 > alike(topic, order)


def test_a_chain_ends_where_a_context_is_full() -> None:
    table, _ = documents(60)
    tokens = table["tokens"].to_numpy()
    short = chain(table, seed=1, context_length=int(tokens.max()) // 20)
    # Every document fills a context: each begins a chain of its own, in the seeded order, as in chains of nothing.
    bare = table.set_column(2, "terms", pa.array([[]] * 60, pa.list_(pa.int32())))
    bare = bare.set_column(3, "term_counts", pa.array([[]] * 60, pa.list_(pa.uint8())))
    bare = bare.set_column(4, "query_counts", pa.array([[]] * 60, pa.list_(pa.uint8())))
    assert np.array_equal(short, chain(bare, seed=1))


def test_a_small_window_finds_less() -> None:
    table, topic = documents(400)
    assert alike(topic, chain(table, seed=1, buffer=8)) < alike(topic, chain(table, seed=1, buffer=400)) - 0.05


@pytest.mark.parametrize("wrong", [{"buffer": 0}, {"k1": -1.0}, {"b": 1.5}, {"context_length": 0}])
def test_refuses_what_cannot_be(wrong: dict) -> None:
    with pytest.raises(RecipeError, match=next(iter(wrong))):
        units.unit("order", "chain").resolve(wrong)
