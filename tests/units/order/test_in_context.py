"""In-context order: a permutation, the same for any rows and workers, related documents together, duplicates apart."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from multiprocessing.pool import ThreadPool

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import RecipeError
from tasks import units
from tasks.order import _pipeline
from tasks.order._metrics import order_figures
from tasks.order._related import relate, vectors_of
from tasks.order.in_context import COLUMNS, in_context, measure
from tasks.text.batch import TextBatch
from tests.data import texts
from tests.units.order.made import documents, table

TRAVERSALS = ("residual_degree", "greedy_edges")


def sequence(rows: pa.Table, **settings) -> list[int]:
    return rows["doc_id"].to_numpy()[in_context(rows, seed=0, **settings)].tolist()


@pytest.mark.parametrize("traversal", TRAVERSALS)
@settings(deadline=None, max_examples=8)
@given(count=st.integers(0, 80), seed=st.integers(0, 100))
def test_sequence_does_not_depend_on_rows(traversal, count, seed):
    rows = documents(count, seed)
    moved = rows.take(pa.array(np.random.default_rng(seed).permutation(count)))
    found = sequence(rows, traversal=traversal)
    assert sorted(found) == sorted(rows["doc_id"].to_pylist())
    assert found == sequence(moved, traversal=traversal)


@pytest.mark.parametrize("traversal", TRAVERSALS)
def test_sequence_does_not_depend_on_threads(traversal, monkeypatch):
    monkeypatch.setattr(_pipeline, "CELL", 700)
    rows = documents(4_500)
    with ThreadPool(2) as threads:
        assert sequence(rows, traversal=traversal, mapper=threads.imap) == sequence(rows, traversal=traversal)


@pytest.mark.slow
def test_sequence_does_not_depend_on_processes(monkeypatch):
    monkeypatch.setattr(_pipeline, "CELL", 700)
    rows = documents(4_500)
    alone = sequence(rows)
    for number in (1, 2):
        with ProcessPoolExecutor(number, mp_context=get_context("spawn")) as processes:
            assert sequence(rows, mapper=processes.map) == alone


@pytest.mark.parametrize("traversal", TRAVERSALS)
def test_related_documents_come_together(traversal):
    rows = documents(800).sort_by("doc_id")
    related = relate(vectors_of(rows), neighbors=10)
    members = np.arange(800) // 16
    order = in_context(rows, seed=0, traversal=traversal)
    found = order_figures(order, (members, order), related)
    shuffled = np.random.default_rng(0).permutation(800)
    random = order_figures(shuffled, (members, shuffled), related)
    assert found["adjacent_similarity"] > 2 * random["adjacent_similarity"]
    assert found["neighbor_recall"] > 5 * random["neighbor_recall"]
    assert found["jumps"] < random["jumps"] / 3


@pytest.mark.parametrize("traversal", TRAVERSALS)
def test_near_duplicates_are_kept_apart(traversal):
    rows = documents(1_000)
    copies = rows.slice(0, 150)
    copies = copies.set_column(0, "doc_id", pa.array(np.arange(1, 151, dtype=np.uint64)))
    both = pa.concat_tables([rows, copies])
    order = in_context(both, seed=0, traversal=traversal, apart_tokens=4_096)
    tokens = both["tokens"].to_numpy()[order]
    ends = np.cumsum(tokens)
    place = np.argsort(order)
    first, second = np.sort([place[:150], place[1_000:]], axis=0)
    assert (ends[second] - tokens[second] - ends[first]).min() >= 4_096


@pytest.mark.parametrize("traversal", TRAVERSALS)
def test_all_identical_documents(traversal):
    rows = table(
        np.tile(np.arange(30, dtype=np.uint64), 50), np.arange(51) * 30, np.arange(50, dtype=np.uint64), np.full(50, 9)
    )
    assert sequence(rows, traversal=traversal) == list(range(50))


@pytest.mark.parametrize("traversal", TRAVERSALS)
def test_documents_without_words(traversal):
    rows = table(np.zeros(0, np.uint64), np.zeros(6, np.int64), np.arange(5, dtype=np.uint64), np.ones(5, np.int64))
    assert sequence(rows, traversal=traversal) == list(range(5))


def test_measure_gives_the_declared_columns_for_real_texts():
    some = [*texts(60), "", "one"]
    found = measure(TextBatch(pa.array(some)), features=64)
    assert {name: values.type for name, values in found.items()} == {c.name: c.arrow for c in COLUMNS}
    assert all(len(values) == len(some) for values in found.values())
    assert max(map(len, found["word_buckets"].to_pylist())) <= 64
    alone = measure(TextBatch(pa.array(some[7:8])), features=64)
    assert alone["word_buckets"][0] == found["word_buckets"][7]


def test_model_embeddings_are_used_instead_of_words():
    random = np.random.default_rng(0)
    center = np.repeat(np.eye(3), 20, axis=0) * 4
    embedding = (center + random.normal(size=(60, 3)) * 0.3).astype(np.float32)
    shuffled = random.permutation(60)
    rows = pa.table({"doc_id": np.arange(60, dtype=np.uint64), "tokens": np.ones(60, np.int64)})
    rows = rows.append_column("embedding", pa.array(list(embedding[shuffled])))
    groups = (shuffled // 20)[in_context(rows, seed=0, model="some-model", apart=1.0)]
    assert (np.diff(groups) != 0).sum() == 2


@pytest.mark.parametrize(("setting", "value"), [("neighbors", 0), ("dimensions", 0), ("apart", 0.0), ("apart", 1.1)])
def test_impossible_settings_are_refused(setting, value):
    with pytest.raises(RecipeError, match=f"'{setting}' .*got {value}"):
        units.unit("order", "in_context").resolve({setting: value})
