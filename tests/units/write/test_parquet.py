"""Parquet: what DuckDB's reader, which shares no code with ours, reads back."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.errors import UnitError
from tasks.write.parquet import parquet
from tests.units.write.test_expand import batch

BATCH = pa.RecordBatch.from_pydict(
    {
        "position": pa.array([0, 1], pa.int64()),
        "doc_id": pa.array([2**64 - 1, 0], pa.uint64()),
        "source": pa.array(["wiki", None]),
        "text": pa.array(["\u2028é\x00", ""], pa.large_string()),
        "tokens": pa.array([[256, 0], [65535]], pa.list_(pa.field("element", pa.uint16(), nullable=False))),
    }
)


def test_rows_come_back_with_their_types(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    parquet([BATCH, BATCH.slice(1)], path)
    expected = [tuple(row.values()) for row in [*BATCH.to_pylist(), *BATCH.slice(1).to_pylist()]]
    assert duckdb.sql(f"FROM '{path}'").fetchall() == expected
    assert pq.read_schema(path).equals(BATCH.schema)
    assert pq.ParquetFile(path).num_row_groups == 2


def test_the_same_batches_give_the_same_bytes(tmp_path: Path) -> None:
    for name in "ab":
        parquet(iter([BATCH]), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_no_batch_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnitError, match=r"nothing to write to x\.parquet"):
        parquet([], tmp_path / "x.parquet")


def test_contexts_per_token_are_ready_to_train_with(tmp_path: Path) -> None:
    made = batch([[(2, 0.5, 0, 0, True), (2, 0.0, 0, 0, True), (2, 1.0, 5, 1, False)], [(3, 1.0, 0, 0, True)]])
    parquet([made, made.slice(1)], tmp_path / "x.parquet", expand=True)
    first, second, third = pq.read_table(tmp_path / "x.parquet").to_pylist()
    assert second == third
    assert first["input_ids"] == [1, 2, 3, 4, 5, 6] and first["labels"] == [-100, 2, -100, -100, -100, 6]
    assert first["loss_weights"] == [0, 0.5, 0, 0, 0, 1] and first["position_ids"] == [0, 1, 0, 1, 5, 6]
    assert first["segment_ids"] == [0, 0, 0, 0, 1, 1] and first["causal"] == [True] * 4 + [False] * 2
    assert (first["cu_seqlens"], second["cu_seqlens"]) == ([0, 4, 6], [0, 3])
    assert first["lengths"] == [2, 2, 2] and "attentions" not in first


def test_documents_stay_as_they_are_where_contexts_are_expanded(tmp_path: Path) -> None:
    parquet([BATCH], tmp_path / "a")
    parquet([BATCH], tmp_path / "b", expand=True)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
