"""Arrow columns of any type as the strings and JSON that RECORDS holds."""

from typing import Any

import pyarrow as pa
import pyarrow.types as kinds

from tasks.read._rows import BadRecordError, as_text, dumps


def is_text(kind: pa.DataType) -> bool:
    """Whether values of ``kind`` are strings or bytes, plain or dictionary-encoded."""
    if kinds.is_dictionary(kind):
        return is_text(kind.value_type)
    texts = kinds.is_string(kind) or kinds.is_large_string(kind) or kinds.is_string_view(kind)
    bytes_ = kinds.is_binary(kind) or kinds.is_large_binary(kind) or kinds.is_binary_view(kind)
    return bool(texts or bytes_ or kinds.is_fixed_size_binary(kind))


def utf8(column: pa.Array, name: str, *, replace: bool) -> pa.Array:
    """Return a column of strings or bytes as large_string, proven to be UTF-8.

    With ``replace``, other bytes become U+FFFD. Without it they raise BadRecordError when the column has one row, and
    ArrowInvalid otherwise.
    """
    if kinds.is_dictionary(column.type):
        column = column.dictionary_decode()
    if kinds.is_null(column.type):
        return column.cast(pa.large_string())
    raw = column.cast(pa.large_binary())
    try:
        return raw.cast(pa.large_string())
    except pa.ArrowInvalid:
        values = raw.to_pylist()
        if replace:
            return pa.array([None if v is None else v.decode(errors="replace") for v in values], pa.large_string())
        if len(values) > 1:
            raise
        raise BadRecordError(_utf8_fault(values[0], name)) from None


def strings(column: pa.Array, name: str, *, replace: bool) -> pa.Array:
    """Return a column of any type as strings: text as it is, null as null, anything else as JSON."""
    if is_text(column.type):
        return utf8(column, name, replace=replace).cast(pa.string())
    return pa.array([as_text(value) for value in _plain(column).to_pylist()], pa.string())


def objects(batch: pa.RecordBatch, *, replace: bool) -> pa.Array:
    """Return one JSON object per row with its columns as fields, keys sorted; null when there are no columns."""
    if not batch.num_columns:
        return pa.nulls(batch.num_rows, pa.string())
    columns = [
        (utf8(column, name, replace=replace) if is_text(column.type) else _plain(column)).to_pylist()
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    ]
    rows = zip(*columns, strict=True)
    return pa.array([dumps(dict(zip(batch.schema.names, row, strict=True))) for row in rows], pa.string())


def _plain(column: pa.Array) -> pa.Array:
    """Return times as ISO 8601 text: Python's own times end at microseconds."""
    return column.cast(_timeless(column.type))


def _timeless(kind: pa.DataType) -> pa.DataType:
    if kinds.is_timestamp(kind) or kinds.is_time(kind) or kinds.is_date(kind):
        return pa.string()
    if kinds.is_duration(kind):
        return pa.int64()
    if kinds.is_dictionary(kind):
        return _timeless(kind.value_type)
    if kinds.is_struct(kind):
        return pa.struct([pa.field(part.name, _timeless(part.type)) for part in kind])
    if kinds.is_list(kind) or kinds.is_large_list(kind):
        return pa.large_list(_timeless(kind.value_type))
    return kind


def _utf8_fault(value: Any, name: str) -> str:
    try:
        bytes(value).decode()
    except UnicodeDecodeError as error:
        return f"invalid UTF-8 at byte {error.start} of column '{name}'"
    return f"column '{name}' is not UTF-8"
