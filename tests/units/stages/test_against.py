"""Orders beside each other: what is compared is on the same documents, and the figures tell a chain from a shuffle."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tasks.order._features import word_counts
from tasks.pack._metrics import packing_metrics
from tasks.pack.concatenate import concatenate
from tasks.stages.against import MOST, STRETCHES, compare, owners, stretches
from tasks.transform._pieces import lists_of, one_each, replaced

LENGTH = 256


def documents(count: int, topics: int, seed: int = 0) -> pa.Table:
    """Documents of topics of 40 words each, topic by topic; each topic is of both sources in turn."""
    random = np.random.default_rng(seed)
    topic = np.sort(random.integers(0, topics, count))
    words = (topic[:, None] * 40 + random.integers(0, 40, (count, 30))).astype(np.uint64) * np.uint64(
        0x9E3779B97F4A7C15
    )
    buckets, counts = word_counts(words.ravel(), np.arange(count + 1) * 30, 100)
    return pa.table(
        {
            "doc_id": pa.array(random.permutation(count).astype(np.uint64)),
            "copy": pa.array(np.zeros(count, np.int32)),
            "tokens": pa.array(random.integers(20, 90, count)),
            "source": np.where(np.arange(count) % 2, "b", "a").tolist(),
            "word_buckets": buckets,
            "word_counts": counts,
        }
    )


def pack(rows: pa.Table) -> tuple[pa.Table, int]:
    return concatenate(rows, context_length=LENGTH), LENGTH


def compared(table: pa.Table, items: pa.Table | None = None, **settings: Any) -> dict[str, float]:
    packed = table.select(["doc_id", "copy", "tokens", "source"])
    if items is not None:
        packed = packed.set_column(0, "doc_id", pa.array(np.arange(len(packed)), pa.uint64()))
    asked = {
        "pack": pack,
        "items": items,
        "features": table,
        "model": None,
        "neighbors": 5,
        "duplicate": 0.99,
        "seed": 3,
    }
    return compare(packed, pack(packed), **asked | settings)


def test_what_was_made_is_told_exactly_and_a_chain_shows_beside_a_shuffle() -> None:
    table = documents(600, 40)
    found = compared(table)
    exact = packing_metrics(pack(table)[0], table, context_length=LENGTH).numbers()
    for name in ("contexts", "padding_share", "cut_document_share", "source_entropy_per_context"):
        assert found[f"made.{name}"] == exact[name]
    for name in ("adjacent_similarity", "neighbor_hit_share", "context_similarity", "adaptation", "linked_share"):
        assert found[f"made.{name}"] > 2 * found[f"random.{name}"], name
    assert found["by_source.source_order_entropy"] < 0.1 < found["random.source_order_entropy"]
    assert found["by_source.source_entropy_per_context"] < 0.1 < found["random.source_entropy_per_context"]
    assert found["compared_documents"] == 600
    assert {name.split(".")[0] for name in found} == {"made", "random", "by_source", "compared_documents"}


def test_figures_depend_on_the_seed_alone() -> None:
    table = documents(300, 20)
    found = compared(table)
    assert found == compared(table) == compared(documents(300, 20))
    other = compared(table, seed=4)
    made = {name for name in found if name.startswith("made.")}
    assert all(found[name] == other[name] for name in made) and found != other


def test_without_features_packing_and_mixing_are_left() -> None:
    found = compared(documents(100, 5), features=None)
    assert "made.padding_share" in found and "random.source_order_entropy" in found
    assert not any("similarity" in name for name in found)


def test_marks_before_packing_change_no_likeness() -> None:
    table = documents(200, 12)
    items = one_each(table)
    plain, known = compared(table), compared(table, items)
    assert {name: known[name] for name in plain} == pytest.approx(plain)
    marked = pa.concat_tables(
        [
            replaced(items, position=np.ones(len(items), np.int32)),
            replaced(
                items, stop=items["start"], inserted=lists_of([[7]] * len(items), np.arange(len(items)), len(items))
            ),
        ]
    ).sort_by([("context_id", "ascending"), ("position", "ascending")])
    row = table.select(["doc_id", "copy", "tokens", "source"]).set_column(
        0, "doc_id", pa.array(np.arange(len(table)), pa.uint64())
    )
    assert owners(row, marked).to_pylist() == table["doc_id"].to_pylist()


@pytest.mark.parametrize("count", [1, MOST, MOST + 1, 3 * MOST + 7])
def test_stretches_are_distinct_places_in_runs(count: int) -> None:
    places = stretches(count, np.random.Generator(np.random.PCG64(1)))
    assert len(places) == min(count, MOST) == len(np.unique(places)) and places.max() < count
    assert (np.diff(places) > 1).sum() < STRETCHES
