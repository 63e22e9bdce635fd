"""From parsed records to bounded Arrow batches of ``RECORDS``."""

import json
import re
from typing import Any, NamedTuple

import orjson
import pyarrow as pa

from schemas.records import RECORDS
from tasks.read._slice import Fields

ROW_BYTES = 64  # what a row without text is counted as, so that a batch of failures is bounded too
EXPONENT = re.compile(r"(?:^|[:,\[])-?\d(?:\.\d+)?e\+?\d\d")


class BadRecordError(ValueError):
    """A record that is no document; the message is the cause that its row carries."""


class Document(NamedTuple):
    """The parts of a document, as columns ``id`` to ``metadata`` of RECORDS hold them."""

    id: str | None
    text: str
    url: str | None
    created: str | None
    language: str | None
    license: str | None
    metadata: str | None


class Rows:
    """Rows of one slice, given out as batches of about ``batch_bytes``; a record is never split."""

    def __init__(self, batch_bytes: int) -> None:
        self._limit = batch_bytes
        self._rows: list[tuple[Any, ...]] = []
        self._bytes = 0
        self._given = 0

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def full(self) -> bool:
        """Whether the batch has reached its size."""
        return self._bytes >= self._limit

    def add(self, place: int, size: int, document: Document) -> None:
        """Take a document whose raw record at ``place`` had ``size`` bytes."""
        self._rows.append((place, size, *document, None))
        self._bytes += size + ROW_BYTES

    def fail(self, place: int, size: int, cause: str) -> None:
        """Take a record that is no document."""
        self._rows.append((place, size, None, None, None, None, None, None, None, cause))
        self._bytes += len(cause) + ROW_BYTES

    def batch(self) -> pa.RecordBatch:
        """Give the rows taken so far as one batch and start the next."""
        place, size, *rest = zip(*self._rows, strict=True)
        row = range(self._given, self._given + len(self._rows))
        columns = [place, row, size, *rest]
        self._given += len(self._rows)
        self._rows, self._bytes = [], 0
        arrays = [pa.array(column, field.type) for column, field in zip(columns, RECORDS, strict=True)]
        return pa.RecordBatch.from_arrays(arrays, schema=RECORDS)


def document_of(record: dict[str, Any], fields: Fields) -> Document:
    """Sort the fields of a parsed record into a document, or raise BadRecordError with what is wrong with its text.

    >>> document_of({"text": "hello", "id": 7, "b": 1, "a": [2]}, Fields())
    Document(id='7', text='hello', url=None, created=None, language=None, license=None, metadata='{"a":[2],"b":1}')
    """
    names = fields.names
    text = record.get(fields.text)
    if type(text) is not str:
        raise BadRecordError(_text_fault(record, fields.text))
    # a name may serve twice (`id: url`), so fields are looked up before any is taken out
    id, url, created, language, license = [as_text(record.get(name)) for name in names[1:]]
    others = {name: value for name, value in record.items() if name not in names}
    return Document(id, text, url, created, language, license, dumps(others) if others else None)


def as_text(value: Any) -> str | None:
    """Return a string as it is, null as None, anything else as JSON."""
    if value is None or type(value) is str:
        return value
    return dumps(value)


def dumps(value: Any) -> str:
    """Return ``value`` as compact JSON with sorted keys; integers of any size stay exact."""
    try:
        return orjson.dumps(value, default=plain, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError as error:
        if "64-bit" not in str(error):
            raise BadRecordError(f"fields other than the text cannot be kept as JSON: {error}") from None
    return json.dumps(value, default=plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def plain(value: Any) -> Any:
    """Return what stands in JSON for a value that JSON lacks: bytes as text, or as hexadecimal when they are none."""
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value.hex()
    return str(value)


def rounded(record: dict[str, Any], document: Document, fields: Fields) -> bool:
    """Whether a number of ``record`` may be an integer of more than 64 bits that the fast parser rounded."""
    if document.metadata and EXPONENT.search(document.metadata):
        return True
    for name, part in zip(fields.names, (None, document.id, *document[2:6]), strict=True):
        if part and type(record[name]) is not str and EXPONENT.search(part):
            return True
    return False


def _text_fault(record: dict[str, Any], name: str) -> str:
    if name not in record:
        return f"field '{name}' is missing; fields: {listed(record)}"
    if record[name] is None:
        return f"field '{name}' is null"
    return f"field '{name}' is {json_type(record[name])}, not a string"


def json_type(value: Any) -> str:
    """Name the JSON type of ``value``.

    >>> json_type([1]), json_type(True), json_type(1.5)
    ('a list', 'a boolean', 'a number')
    """
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def listed(names: Any, limit: int = 12) -> str:
    """Join the first ``limit`` of some field names, each cut to a readable length."""
    shown = [str(name)[:40] for name in names]
    return ", ".join(shown[:limit]) + (", …" if len(shown) > limit else "") if shown else "none"
