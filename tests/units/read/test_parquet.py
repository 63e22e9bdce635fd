"""Parquet against pyarrow's own table: the same rows for any cutting, and every bad value a row with its cause."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks import read
from tasks.read import Fields, Slice
from tests.units.read.reading import file_of, rows, same_when_cut


def stored(folder: Path, table: pa.Table, **settings: Any) -> Path:
    pq.write_table(table, folder / "a.parquet", **settings)
    return folder / "a.parquet"


def table(count: int) -> pa.Table:
    texts = [None if i % 17 == 3 else f"text {i} \u2028 漢" * (i % 5) for i in range(count)]
    return pa.table({"text": texts, "id": list(range(count)), "tag": pa.array(["x"] * count).dictionary_encode()})


@pytest.mark.parametrize("group", [1, 7, 100, 1000])
def test_rows_are_those_of_the_table_for_any_cutting(group: int, tmp_path: Path) -> None:
    found = same_when_cut(stored(tmp_path, table(230), row_group_size=group), "parquet", batch_bytes=500)
    assert [row["place"] for row in found] == list(range(230))
    assert [row["text"] for row in found] == table(230)["text"].to_pylist()
    assert {row["error"] for row in found if row["text"] is None} == {"field 'text' is null"}
    assert all(row["id"] == str(row["place"]) and row["metadata"] == '{"tag":"x"}' for row in found if not row["error"])


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.binary(), pa.large_binary(), pa.dictionary(pa.int32(), pa.string())]
)
def test_text_may_be_of_any_type_of_strings_or_bytes(kind: pa.DataType, tmp_path: Path) -> None:
    path = stored(tmp_path, pa.table({"text": pa.array(["a", "é"]).cast(kind)}))
    assert [row["text"] for row in same_when_cut(path, "parquet")] == ["a", "é"]


def test_bytes_that_are_not_utf8_fail_their_row_or_are_replaced(tmp_path: Path) -> None:
    texts = pa.array([b"a", b"b\xff", b"c", b"d"])
    notes = pa.array([b"p", b"q", b"r\xfe", b"s"])
    for kind in (pa.binary(), pa.string()):  # strings written without a check are as likely as bytes
        columns = [pa.Array.from_buffers(kind, 4, column.buffers()) for column in (texts, notes)]
        path = stored(tmp_path, pa.table({"text": columns[0], "note": columns[1]}))
        found = same_when_cut(path, "parquet")
        assert [row["error"] for row in found] == [
            None, "invalid UTF-8 at byte 1 of column 'text'", "invalid UTF-8 at byte 1 of column 'note'", None,
        ]  # fmt: skip
        replaced = same_when_cut(path, "parquet", invalid_utf8="replace")
        assert [row["text"] for row in replaced] == ["a", "b\ufffd", "c", "d"]


def test_other_columns_become_json(tmp_path: Path) -> None:
    at = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    path = stored(
        tmp_path,
        pa.table(
            {
                "text": ["t"],
                "date": pa.array([at], pa.timestamp("ns", "UTC")),
                "nested": [{"z": [1, 2], "at": at}],
                "price": [Decimal("1.50")],
                "raw": [b"\xff\x00"],
                "none": pa.nulls(1),
                "nan": [float("nan")],
                "big": pa.array([2**64 - 1], pa.uint64()),
            }
        ),
    )
    [row] = same_when_cut(path, "parquet", Fields(created="date"), invalid_utf8="replace")
    assert row["created"].startswith("2024-05-06 07:08:09")
    metadata = json.loads(row["metadata"])
    assert list(metadata) == sorted(metadata)
    assert metadata["nested"]["z"] == [1, 2] and metadata["nested"]["at"].startswith("2024-05-06")
    assert (metadata["price"], metadata["none"], metadata["nan"], metadata["big"]) == ("1.50", None, None, 2**64 - 1)


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (pa.table({"body": ["a"], "n": [1]}), "column 'text' is missing; columns: body, n"),
        (pa.table({"text": [1, 2]}), "column 'text' is int64, not a string"),
    ],
)
def test_a_file_without_text_is_one_failure(data: pa.Table, cause: str, tmp_path: Path) -> None:
    assert [row["error"] for row in same_when_cut(stored(tmp_path, data), "parquet")] == [cause]


def test_what_is_no_parquet_is_one_failure(tmp_path: Path) -> None:
    for data in (b"", b"hello, this is not a Parquet file", b"PAR1" + bytes(40)):
        (tmp_path / "x.parquet").write_bytes(data)
        [row] = same_when_cut(tmp_path / "x.parquet", "parquet")
        assert row["error"].startswith("the file cannot be read as Parquet")


def test_every_row_of_a_broken_row_group_fails_and_the_next_is_read(tmp_path: Path) -> None:
    texts = [f"text {i} {i * i * 7919}" for i in range(300)]
    path = stored(tmp_path, pa.table({"text": texts}), row_group_size=100, compression="zstd")
    column = pq.ParquetFile(path).metadata.row_group(1).column(0)
    data = bytearray(path.read_bytes())
    start = column.dictionary_page_offset or column.data_page_offset
    data[start : start + column.total_compressed_size] = b"\xff" * column.total_compressed_size
    path.write_bytes(data)
    found = same_when_cut(path, "parquet")
    assert [row["place"] for row in found if row["error"]] == list(range(100, 200))
    assert found[100]["error"].startswith("row group 1 cannot be read")
    assert [row["text"] for row in found if not row["error"]] == texts[:100] + texts[200:]


def test_a_page_with_a_wrong_checksum_is_a_failure(tmp_path: Path) -> None:
    texts = pa.table({"text": [f"text {i}" for i in range(50)]})
    path = stored(tmp_path, texts, compression="none", use_dictionary=False, write_page_checksum=True)
    path.write_bytes(path.read_bytes().replace(b"text 7", b"text 8", 1))
    assert any("CRC" in row["error"] for row in same_when_cut(path, "parquet") if row["error"])


def test_slices_end_at_row_groups_when_there_are_enough(tmp_path: Path) -> None:
    path = stored(tmp_path, table(100), row_group_size=10)
    assert [part.start for part in read.cut(file_of(path), "parquet", partitions=3)] == [0, 30, 70]
    assert [part.start for part in read.cut(file_of(path), "parquet", partitions=20)] == list(range(0, 100, 5))


def test_batches_are_bounded_but_a_row_is_never_split(tmp_path: Path) -> None:
    from tasks.read.parquet import parquet

    texts = ["a" * 10] * 50 + ["b" * 100_000] + ["c" * 10] * 50
    path = stored(tmp_path, pa.table({"text": texts}))
    sizes = [sum(batch["bytes"].to_pylist()) for batch in parquet(Slice(str(path)), Fields(), batch_bytes=1000)]
    assert max(sizes) <= 101_000 and len(sizes) >= 3
    assert len(rows("parquet", Slice(str(path)))) == 101
