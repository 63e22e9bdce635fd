"""CSV and TSV with a header, plain, gzip or zstd."""

import csv as module
from collections.abc import Iterator
from typing import Literal

import pyarrow as pa

from schemas.recipe import Count
from tasks.read._lines import BOM, Block, blocks, too_long
from tasks.read._rows import BadRecordError, Document, Rows, document_of, listed
from tasks.read._slice import Fields, Slice


def csv(
    slice: Slice,
    fields: Fields,
    *,
    delimiter: str | None = None,
    quotechar: str = '"',
    invalid_utf8: Literal["fail", "replace"] = "fail",
    max_record_bytes: Count = 128 << 20,
    batch_bytes: Count = 8 << 20,
) -> Iterator[pa.RecordBatch]:
    """CSV or TSV, plain, gzip or zstd, with a header: one document per record.

    A slice is a range of record numbers. Records follow Python's ``csv`` module: quoted fields may hold line ends,
    blank lines are no records. Without a ``delimiter``, files called ``.tsv`` have tabs and others commas. An
    empty field is an absent one, but for the text. The place of a record is its number, from 0. A record with more
    or fewer fields than the header is a failure, as is a quote that is never closed; a file without the text's
    column is one failure.

    Source: RFC 4180 as read by the csv module of Python.
    """
    rows = Rows(batch_bytes)
    physical = _Lines(blocks(slice.path, 0, max_record_bytes), max_record_bytes, invalid_utf8 == "replace")
    records = _records(physical, delimiter or _delimiter(slice.path), quotechar)
    header, fault = next(records, (None, None))
    fault = fault or (None if header is None else _header_fault(header, fields))
    if header is None or fault:
        records = iter([([], fault)] if fault else [])
    for place, (values, error) in enumerate(records):
        if slice.ends(place):
            break
        if slice.owns(place):
            try:
                rows.add(place, physical.size, _document(header or [], values, error, fields))
            except BadRecordError as cause:
                rows.fail(place, physical.size, str(cause))
        if rows.full:
            yield rows.batch()
    if rows:
        yield rows.batch()


def _delimiter(path: str) -> str:
    return "\t" if ".tsv" in path.rpartition("/")[2].lower() else ","


def _header_fault(header: list[str], fields: Fields) -> str | None:
    if fields.text not in header:
        return f"column '{fields.text}' is missing; columns: {listed(header)}"
    twice = sorted({name for name in header if header.count(name) > 1})
    return f"columns that appear twice: {listed(twice)}" if twice else None


def _document(header: list[str], values: list[str], error: str | None, fields: Fields) -> Document:
    if error:
        raise BadRecordError(error)
    if len(values) != len(header):
        raise BadRecordError(f"{len(values)} fields where the header has {len(header)}")
    optional = set(fields.names) - {fields.text}
    record = {name: value for name, value in zip(header, values, strict=True) if value or name not in optional}
    return document_of(record, fields)


def _records(physical: "_Lines", delimiter: str, quotechar: str) -> Iterator[tuple[list[str], str | None]]:
    """Yield each record's values and what is wrong with it; a stream that breaks between records is one more."""
    module.field_size_limit(physical.limit)
    reader = module.reader(physical, delimiter=delimiter, quotechar=quotechar)
    while True:
        physical.begin()
        values: list[str] = []
        fault = None
        try:
            values = next(reader)
        except StopIteration:
            break
        except module.Error as error:
            fault = str(error)
        if physical.ended:
            yield [], physical.broken or "a quote is never closed"
            return
        if values or fault or physical.fault:
            yield values, physical.fault or fault
    if physical.broken:
        yield [], physical.broken


class _Lines(Iterator[str]):
    """Physical lines for the csv module, with the size and the fault of the record that they are read for."""

    def __init__(self, source: Iterator[Block], limit: int, replace: bool) -> None:
        self.limit = limit
        self.ended = False
        self.broken: str | None = None
        self._replace = replace
        self._lines = self._split(source)
        self.begin()

    def begin(self) -> None:
        """Start the next record."""
        self.size = 0
        self.fault: str | None = None

    def __next__(self) -> str:
        line = next(self._lines, None)
        if line is None:
            self.ended = True
            raise StopIteration
        text = self._decode(line)
        self.size += len(line)
        if self.size > self.limit:
            self.fault = too_long(self.size, self.limit)
        return text

    def _split(self, source: Iterator[Block]) -> Iterator[bytes]:
        for block in source:
            data = block.data.removeprefix(BOM) if block.place == 0 else block.data
            if block.error and block.size > self.limit:
                self.fault = block.error
                self.size += block.size
            elif block.error:
                self.broken = block.error
                return
            yield from (data + b"\n").splitlines(keepends=True)

    def _decode(self, line: bytes) -> str:
        try:
            return line.decode()
        except UnicodeDecodeError as error:
            if not self._replace:
                self.fault = self.fault or f"invalid UTF-8 at byte {self.size + error.start} of the record"
            return line.decode(errors="replace")
