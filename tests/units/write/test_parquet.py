"""Parquet: what DuckDB's reader, which shares no code with ours, reads back."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.errors import UnitError
from tasks.write.parquet import parquet

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
