"""The rows of a small table in a file: JSON Lines, CSV or Parquet, plain or packed, as dictionaries."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.errors import InputError
from tasks.read._files import expand, reader_of
from tasks.read._stream import BrokenStreamError, decoded


def label_rows(path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every row of the files that ``path`` names, with where it stands; InputError if one cannot be read."""
    for file in expand(path):
        kind = reader_of(file.path)
        if kind not in READERS:
            raise InputError(f"'{file.path}' is no table of labels: JSON Lines, CSV or Parquet is")
        try:
            data = b"".join(decoded(file.path)).removeprefix(b"\xef\xbb\xbf")
            for number, row in enumerate(READERS[kind](data, file.path)):
                yield f"'{file.name}', record {number}", row
        except (BrokenStreamError, UnicodeDecodeError, csv.Error, pa.ArrowException) as error:
            raise InputError(f"'{file.path}' cannot be read: {error}") from None


def _jsonl(data: bytes, path: str) -> Iterator[dict[str, Any]]:
    lines = (line for line in data.split(b"\n") if line.strip())
    for number, line in enumerate(lines):
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise InputError(f"'{path}', record {number}: broken JSON: {error}") from None
        if not isinstance(row, dict):
            raise InputError(f"'{path}', record {number}: not a JSON object")
        yield row


def _csv(data: bytes, path: str) -> Iterator[dict[str, Any]]:
    text = io.StringIO(data.decode(), newline="")
    delimiter = "\t" if ".tsv" in path.lower().rpartition("/")[2] else ","
    for number, row in enumerate(csv.DictReader(text, delimiter=delimiter, restkey="", strict=True)):
        if "" in row or None in row.values():
            raise InputError(f"'{path}', record {number}: more or fewer fields than the header")
        yield {name: value if value != "" else None for name, value in row.items()}


def _parquet(data: bytes, path: str) -> Iterator[dict[str, Any]]:
    for batch in pq.ParquetFile(io.BytesIO(data)).iter_batches():
        yield from batch.to_pylist()


READERS = {"jsonl": _jsonl, "csv": _csv, "parquet": _parquet}
