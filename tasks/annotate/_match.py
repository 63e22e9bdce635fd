"""Rows of labels checked and matched to documents."""

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from schemas.errors import InputError, unknown
from tasks.annotate._rows import label_rows
from tasks.read._rows import as_text

Kind = Literal["number", "label"]
Key = int | str
Value = float | str
Place = tuple[int, int | None, str]


@dataclass(frozen=True)
class Row:
    """One row of a file of labels: where it stands, what it is about, what it says."""

    place: str
    key: Key
    paragraph: int | None
    values: dict[str, Value]


def rows_in(path: str, key: str, names: dict[str, Kind], paragraph: str | None) -> list[Row]:
    """Return the rows of the files that ``path`` names; InputError if none has a field that is asked for."""
    records = list(label_rows(path))
    if not records:
        raise InputError(f"'{path}' holds no row")
    fields = {name for _, record in records for name in record}
    for name in (key, *names, *([paragraph] if paragraph else [])):
        if name not in fields:
            raise InputError(f"'{path}': {unknown('field', name, fields)}")
    return [_row(place, record, key, names, paragraph) for place, record in records]


def _row(place: str, record: dict[str, Any], key: str, names: dict[str, Kind], paragraph: str | None) -> Row:
    """Return a record as a row of labels; InputError names what is of the wrong kind."""
    given = record.get(key)
    if given is None or given == "":
        raise InputError(f"{place}: {key} is empty; a label is of some document")
    about: Key = _whole(place, key, given, 2**64) if key == "doc_id" else str(as_text(given))
    where = None if paragraph is None else record.get(paragraph)
    said = {name: value for name in names if (value := record.get(name)) is not None}
    values = {name: _value(place, name, names[name], value) for name, value in said.items()}
    return Row(place, about, None if where is None else _whole(place, str(paragraph), where, 2**63), values)


def matched(documents: pa.Table, rows: list[Row], key: str, source: str | None) -> tuple[dict[Place, Value], int]:
    """Return the values by document, paragraph and name, and how many rows are of no document."""
    known = _known(documents, key, source, {row.key for row in rows})
    found: dict[Place, Value] = {}
    for row in rows:
        doc_ids = known.get(row.key, [])
        if len(doc_ids) > 1 and key == "id":
            raise InputError(f"{row.place}: {len(doc_ids)} documents have the id {row.key!r}; say of which `source`")
        for doc_id in doc_ids:
            for name, value in row.values.items():
                first = found.setdefault((doc_id, row.paragraph, name), value)
                if first != value:
                    raise InputError(f"{row.place}: {name} of document {doc_id} is {value!r}, it was {first!r} before")
    return found, sum(row.key not in known for row in rows)


def by_place(found: dict[Place, Value]) -> Iterator[dict[str, Any]]:
    """Yield the rows of the table of labels, by document, paragraph and name."""
    for doc_id, paragraph, name in sorted(found, key=lambda place: (place[0], place[1] is not None, *place[1:])):
        value = found[doc_id, paragraph, name]
        yield {
            "doc_id": doc_id,
            "paragraph": paragraph,
            "name": name,
            "value": value if isinstance(value, float) else None,
            "label": value if isinstance(value, str) else None,
            "status": "ok",
        }


def _known(documents: pa.Table, key: str, source: str | None, wanted: set[Key]) -> dict[Key, list[int]]:
    """The doc_ids of the documents that are wanted, by their key."""
    if source is not None:
        documents = documents.filter(pc.equal(documents["source"], source))
    column = documents[key]
    documents = documents.filter(pc.is_in(column, pa.array(sorted(wanted), column.type)))
    found: dict[Key, list[int]] = defaultdict(list)
    for name, doc_id in zip(documents[key].to_pylist(), documents["doc_id"].to_pylist(), strict=True):
        found[name].append(doc_id)
    return found


def _whole(place: str, name: str, value: Any, end: int) -> int:
    try:
        number = int(value) if isinstance(value, int | str) and not isinstance(value, bool) else -1
    except ValueError:
        number = -1
    if not 0 <= number < end:
        raise InputError(f"{place}: {name} is {value!r}, not a whole number from 0")
    return number


def _value(place: str, name: str, kind: Kind, value: Any) -> Value:
    if kind == "label":
        if not isinstance(value, str | int) or isinstance(value, bool):
            raise InputError(f"{place}: {name} is {value!r}, not a label")
        return str(value)
    try:
        number = float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not math.isfinite(number):
        raise InputError(f"{place}: {name} is {value!r}, not a finite number")
    return number
