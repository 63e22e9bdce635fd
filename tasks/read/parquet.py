"""Parquet: columns picked by name, row ranges read one row group at a time."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.parquet import ParquetFile

from schemas.recipe import Count
from schemas.records import RECORDS
from tasks.read._columns import is_text, objects, strings, utf8
from tasks.read._files import open_bytes
from tasks.read._rows import BadRecordError, Rows, listed
from tasks.read._slice import Fields, Slice

MOST_ROWS = 1 << 16
Ranges = Iterator[tuple[int, pa.RecordBatch | str]]


def parquet(
    slice: Slice,
    fields: Fields,
    *,
    invalid_utf8: Literal["fail", "replace"] = "fail",
    batch_bytes: Count = 8 << 20,
) -> Iterator[pa.RecordBatch]:
    """Parquet: one document per row.

    A slice is a range of row numbers. Columns that no field names become metadata. Text may be strings or bytes,
    plain or dictionary-encoded. A null text and bytes that are not UTF-8 are failures of their row. A file that is
    no Parquet or lacks the text's column is one failure; every row that a broken row group takes along
    is a failure, and the next row group is read. The place of a record is its row number.

    Source: Apache Parquet format specification, parquet.apache.org.
    """
    given = 0
    for place, part in _ranges(slice, fields, batch_bytes):
        if slice.ends(place):
            return
        if isinstance(part, str):
            batches = [_failure(place, part)] if slice.owns(place) else []
        else:
            own = _clipped(slice, place, part)
            place = max(place, slice.start)
            batches = _converted(place, own, fields, replace=invalid_utf8 == "replace") if own.num_rows else []
        for batch in _bounded(batches, batch_bytes):
            row = pa.array(np.arange(given, given + batch.num_rows))
            given += batch.num_rows
            yield batch.set_column(1, RECORDS.field("row"), row)


def _ranges(slice: Slice, fields: Fields, batch_bytes: int) -> Ranges:
    """Yield the row groups that the slice touches, each from its first row, or why some rows cannot be had."""
    with open_bytes(slice.path) as handle:
        try:
            file = ParquetFile(handle, page_checksum_verification=True)
            fault = _schema_fault(file.schema_arrow, fields)
        except (pa.ArrowException, OSError) as error:
            fault = f"the file cannot be read as Parquet: {error}"
        if fault:
            yield 0, fault
            return
        first = 0
        for index in range(file.num_row_groups):
            behind = first + file.metadata.row_group(index).num_rows
            if behind > slice.start and not slice.ends(first):
                yield from _row_group(file, index, first, batch_bytes)
            first = behind


def _schema_fault(schema: pa.Schema, fields: Fields) -> str | None:
    if fields.text not in schema.names:
        return f"column '{fields.text}' is missing; columns: {listed(schema.names)}"
    kind = schema.field(fields.text).type
    if not is_text(kind) and not pa.types.is_null(kind):
        return f"column '{fields.text}' is {kind}, not a string"
    return None


def _row_group(file: ParquetFile, index: int, first: int, batch_bytes: int) -> Ranges:
    group = file.metadata.row_group(index)
    if not group.num_rows:
        return
    rows = max(1, min(MOST_ROWS, batch_bytes * group.num_rows // max(1, group.total_byte_size)))
    place = first
    try:
        for batch in file.iter_batches(batch_size=rows, row_groups=[index], use_threads=False):
            yield place, batch
            place += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        for lost in range(place, first + group.num_rows):
            yield lost, f"row group {index} cannot be read: {error}"


def _clipped(slice: Slice, place: int, batch: pa.RecordBatch) -> pa.RecordBatch:
    start = max(0, slice.start - place)
    stop = batch.num_rows if slice.stop is None else slice.stop - place
    return batch.slice(start, max(0, stop - start))


def _converted(place: int, batch: pa.RecordBatch, fields: Fields, *, replace: bool) -> list[pa.RecordBatch]:
    """Return the rows as RECORDS; rows that cannot be converted are found by halving."""
    try:
        return [_records(place, batch, fields, replace=replace)]
    except (BadRecordError, pa.ArrowException, UnicodeDecodeError) as error:
        if batch.num_rows == 1:
            return [_failure(place, str(error))]
    half = batch.num_rows // 2
    tail = _converted(place + half, batch.slice(half), fields, replace=replace)
    return _converted(place, batch.slice(0, half), fields, replace=replace) + tail


def _records(place: int, batch: pa.RecordBatch, fields: Fields, *, replace: bool) -> pa.RecordBatch:
    names = batch.schema.names
    count = batch.num_rows
    text = utf8(batch.column(fields.text), fields.text, replace=replace)
    id, *named = [
        strings(batch.column(name), name, replace=replace) if name in names else pa.nulls(count, pa.string())
        for name in fields.names[1:]
    ]
    metadata = objects(batch.select([name for name in names if name not in fields.names]), replace=replace)
    null = text.is_null()
    error = pc.if_else(null, pa.scalar(f"field '{fields.text}' is null"), pa.scalar(None, pa.string()))
    size = pc.fill_null(pc.binary_length(text), 0)
    kept = [pc.if_else(null, pa.scalar(None, column.type), column) for column in (id, text, *named, metadata)]
    places = pa.array(np.arange(place, place + count))
    return pa.RecordBatch.from_arrays([places, places, size, *kept, error], schema=RECORDS)


def _failure(place: int, cause: str) -> pa.RecordBatch:
    rows = Rows(1)
    rows.fail(place, 0, cause)
    return rows.batch()


def _bounded(batches: list[pa.RecordBatch], limit: int) -> Iterator[pa.RecordBatch]:
    """Yield the same rows in batches of about ``limit`` bytes of text."""
    for batch in batches:
        ends = np.cumsum(batch.column("bytes").to_numpy()) // limit
        cuts = [0, *(np.flatnonzero(np.diff(ends)) + 1).tolist(), batch.num_rows]
        for start, stop in pairwise(cuts):
            yield batch.slice(start, stop - start)
