"""What one Dask task does at reading: decode a bounded slice once, keep its texts, and measure every document."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from schemas import records
from schemas.errors import GristmillError, UnitError
from schemas.table import Column
from tasks import parts, tokenize, units
from tasks.edits import Laid
from tasks.environment import hash_of, model_of
from tasks.read._slice import Fields, Slice
from tasks.sample import pieces
from tasks.settings import Files, found_at, known_by_content
from tasks.text import TextBatch
from tasks.text.edits import with_edits

FIELDS = ("url", "created", "language", "license")
TEXTS = pa.schema(
    [
        ("doc_id", pa.uint64()),
        ("text", pa.large_string()),
        ("metadata", pa.string()),
        *((name, pa.string()) for name in FIELDS),
    ]
)
RECORDS = pa.schema(
    [
        ("doc_id", pa.uint64()),
        ("slice", pa.int32()),
        ("place", pa.int64()),
        ("row", pa.int64()),
        ("record_bytes", pa.int64()),
        ("bytes", pa.int64()),
        ("characters", pa.int64()),
        ("content_hash", pa.binary()),
        ("id", pa.string()),
        ("url", pa.string()),
        ("created", pa.string()),
        ("language", pa.string()),
        ("license", pa.string()),
        ("refusal", pa.string()),
        ("error", pa.string()),
    ]
)


@dataclass(frozen=True)
class Partition:
    """A bounded slice of one source's input: what one task reads."""

    source: str
    reader: str
    slices: tuple[Slice, ...]
    fingerprints: tuple[str, ...]
    fields: Fields
    settings: dict[str, Any]
    max_document_bytes: int
    limit: int | None = None

    @property
    def key(self) -> str:
        """Name of this partition's texts: the hash of its input, reader and settings."""
        code = hash_of([Path(__file__), Path(records.__file__)]) + units.unit("read", self.reader).fingerprint
        spans = [(piece.name, piece.start, piece.stop) for piece in self.slices]
        made_of = (self.source, self.reader, spans, self.fingerprints, self.fields, self.settings)
        return parts.key_of(code, *made_of, self.max_document_bytes, self.limit)

    @property
    def bytes(self) -> int:
        """Decoded size that is expected of it."""
        return sum(piece.bytes for piece in self.slices)


@dataclass(frozen=True)
class Measure:
    """A unit's pass over the text: a scorer, or what a deduplicator or orderer needs of each document.

    ``files`` are the settings that name files; ``fitted`` is where what the unit has learnt is kept.
    """

    kind: str
    name: str
    settings: dict[str, Any] = field(default_factory=dict)
    files: dict[str, Files] = field(default_factory=dict)
    fitted: str | None = None

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns that it gives."""
        if self.kind == "tokenize":
            return (Column("tokens", "BIGINT", "length in tokens with one end-of-text token"),)
        return units.unit(self.kind, self.name).columns_with(self.settings)

    @property
    def key(self) -> str:
        """Name of its results: the hash of the unit's code and settings."""
        if self.kind == "tokenize":
            code = hash_of([Path(tokenize.__file__)])
            return parts.key_of(self.name, code, tokenize.load(tokenize.TokenizerSpec(**self.settings)).fingerprint)
        unit = units.unit(self.kind, self.name)
        learnt = Path(self.fitted).name if self.fitted else None
        contents = known_by_content(self.settings, self.files)
        return parts.key_of(self.name, unit.fingerprint, contents, model_of(self.settings), learnt)

    @property
    def needs(self) -> tuple[str, ...]:
        """The fields of the input that it reads beside the text."""
        needs = () if self.kind == "tokenize" else units.unit(self.kind, self.name).needs
        return tuple(name for name in needs if name in TEXTS.names)

    def compute(self, batch: TextBatch, documents: pa.Table | None = None) -> pa.Table:
        """Return one row per document of ``batch``; UnitError if the unit breaks its contract.

        The error names the first document at fault, where it is known which ``documents`` they are.
        """
        if self.kind == "tokenize":
            lengths = tokenize.load(tokenize.TokenizerSpec(**self.settings)).lengths(batch.texts)
            return pa.table({"tokens": lengths})
        unit, given = units.unit(self.kind, self.name), self.given
        try:
            found = call(unit, batch, given)
        except GristmillError:
            raise
        except Exception as error:
            on = _named(documents, _failing(unit, batch, given, documents), " (%s)")
            raise UnitError(f"{self.name} failed on a text{on}: {units.told(unit, error)}") from error
        names = [column.name for column in self.columns]
        if sorted(found) != sorted(names):
            raise UnitError(f"{self.name} gave the columns {sorted(found)}, it declares {sorted(names)}")
        return pa.table({c.name: _checked(self.name, c, found[c.name], len(batch), documents) for c in self.columns})

    @property
    def given(self) -> dict[str, Any]:
        """The settings with paths as they are on this machine, and what the unit has learnt."""
        learnt = {"fitted": parts.read_arrays(Path(self.fitted))} if self.fitted else {}
        return found_at(self.settings, self.files) | learnt


def call(unit: units.Unit, batch: TextBatch, settings: dict[str, Any]) -> dict[str, Any]:
    """Call a unit's measure on a batch, or on each text if it is written for one text."""
    function = unit.measure
    if function is None:
        raise UnitError(f"{unit.name} measures nothing")
    given = units.accepted(function, settings)
    names = [column.name for column in unit.columns_with(settings)]
    if next(iter(units.parameters(function))) == "text":
        rows = [function(text, **given) for text in batch.texts.to_pylist()]
        if not rows:
            return {name: [] for name in names}
        if isinstance(rows[0], dict):
            return {name: [row.get(name) for row in rows] for name in rows[0]}
        return {names[0]: rows}
    found = function(batch, **given)
    return found if isinstance(found, dict) else {names[0]: found}


def _failing(unit: units.Unit, batch: TextBatch, settings: dict[str, Any], documents: pa.Table | None) -> int | None:
    """The first document that a unit fails on when it is given that one alone, if there is one."""
    if documents is None:
        return None
    for row in range(len(batch)):
        try:
            call(unit, TextBatch(batch.texts.slice(row, 1), documents.slice(row, 1)), settings)
        except Exception:
            return row
    return None


def _named(documents: pa.Table | None, row: int | None, form: str) -> str:
    """Where a document is from, if that is known: its file and record, or else what it is called."""
    if documents is None or row is None:
        return ""
    names = [name for name in ("file", "record", "doc_id") if name in documents.column_names]
    found = {name: documents[name][row].as_py() for name in names}
    file = [found.pop("file")] if "file" in found else []
    return form % ", ".join([*file, *(f"{name} {value}" for name, value in found.items() if value is not None)])


def _checked(name: str, column: Column, values: Any, rows: int, documents: pa.Table | None) -> pa.Array:
    try:
        array = values if isinstance(values, pa.Array) else pa.array(values)
        array = array.cast(column.arrow)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise UnitError(f"{name} gave values of {column.name} that are not {column.type}: {error}") from None
    if len(array) != rows:
        raise UnitError(f"{name} gave {len(array)} values of {column.name} for {rows} documents")
    first = ", first for %s"
    if array.null_count and not column.optional:
        on = _named(documents, int(array.is_null().to_numpy(False).argmax()), first)
        raise UnitError(f"{name} gave no value of {column.name} for {array.null_count} of {rows} documents{on}")
    infinite = _infinite(array)
    if len(infinite):
        raise UnitError(
            f"{name} gave a value of {column.name} that is not finite{_named(documents, infinite[0], first)}"
        )
    return array


def _infinite(array: pa.Array) -> list[int]:
    """The rows of an array of numbers, or of lists of numbers, that hold one that is not finite."""
    lists = pa.types.is_list(array.type)
    flat = pc.list_flatten(array) if lists else array
    if not pa.types.is_floating(flat.type):
        return []
    at = np.flatnonzero(~np.isfinite(flat.fill_null(0).to_numpy(zero_copy_only=False)))
    rows: list[int] = (pc.list_parent_indices(array).to_numpy()[at] if lists else at).tolist()
    return rows


def ingest(partition: Partition, measures: tuple[Measure, ...], folder: str) -> dict[str, Any]:
    """Read a partition, unless it was read before, and compute every measure that is missing.

    Returns a manifest: the numbers of records and record bytes per slice, and of texts.
    """
    home = Path(folder) / partition.key
    manifest = home / "manifest.json"
    missing = [measure for measure in measures if not (home / measured_file(measure)).is_file()]
    if not manifest.is_file():
        counts = _decode(partition, tuple(measures), home)
        parts.write_json(manifest, counts)
    elif missing:
        measure_texts(home / "texts.parquet", home, tuple(missing))
    return parts.read_json(manifest)


def warm(measures: tuple[Measure, ...]) -> None:
    """Import what measures and load its kernels, so that the first partition need not wait for them."""
    batch = TextBatch(pa.array(["A first text, to begin with.\n\nAnd a line more."], pa.large_string()))
    for measure in measures:
        measure.compute(batch)


def measured_file(measure: Measure) -> str:
    """Return the name of the file that holds a measure of a partition."""
    return f"{measure.name}-{measure.key}.parquet"


def _decode(partition: Partition, measures: tuple[Measure, ...], home: Path) -> dict[str, Any]:
    counts = Counts(len(partition.slices))
    with ExitStack() as stack:
        records = Sink(stack, home / "records.parquet", RECORDS)
        texts = Sink(stack, home / "texts.parquet", TEXTS)
        measured = [Sink(stack, home / measured_file(m), _schema(m)) for m in measures]
        for number, batch in _bounded(partition):
            found = _identify(partition, number, batch)
            records.write(found.select(RECORDS.names))
            kept = found.filter(pc.and_(pc.is_null(found["error"]), pc.is_null(found["refusal"])))
            texts.write(kept.select(TEXTS.names))
            _measure(kept, measures, measured)
            counts.records[number] += found.num_rows
            counts.record_bytes[number] += pc.sum(found["record_bytes"]).as_py() or 0
            counts.texts += kept.num_rows
    return {"records": counts.records, "record_bytes": counts.record_bytes, "texts": counts.texts}


class Counts:
    """Records and their bytes per slice of a partition, and the texts kept of them."""

    def __init__(self, slices: int) -> None:
        self.records = [0] * slices
        self.record_bytes = [0] * slices
        self.texts = 0


def _bounded(partition: Partition) -> Iterator[tuple[int, pa.RecordBatch]]:
    reader = units.unit("read", partition.reader)
    for number, piece in enumerate(partition.slices):
        left = partition.limit
        with units.blamed(reader, f" on {piece.name}"):
            for batch in reader.call(piece, partition.fields, **partition.settings):
                yield number, batch if left is None else batch.slice(0, left)
                if left is not None:
                    left -= batch.num_rows
                    if left <= 0:
                        break


def _identify(partition: Partition, number: int, batch: pa.RecordBatch) -> pa.Table:
    table = pa.Table.from_batches([batch])
    table = table.rename_columns({"bytes": "record_bytes"})
    table = table.append_column("slice", pa.array([number] * table.num_rows, pa.int32()))
    text = table["text"].combine_chunks() if table.num_rows else pa.array([], pa.large_string())
    size = pc.fill_null(pc.binary_length(text), 0)
    piece = partition.slices[number]
    columns = {
        "doc_id": _doc_ids(partition.source, piece.name, table),
        "bytes": size.cast(pa.int64()),
        "characters": pc.fill_null(pc.utf8_length(text), 0).cast(pa.int64()),
        "file": pa.array([piece.name] * table.num_rows, pa.string()),
        "record": table["row"] if piece.start == 0 else pa.nulls(table.num_rows, pa.int64()),
        "content_hash": pa.array([_content_hash(value) for value in _buffers(text)], pa.binary()),
        "refusal": _refusal(text, size, partition.max_document_bytes),
    }
    for name, values in columns.items():
        table = table.append_column(name, values)
    return table


def _buffers(text: pa.Array) -> Iterator[memoryview]:
    offsets = np.frombuffer(text.buffers()[1], np.int64)[text.offset : text.offset + len(text) + 1]
    data = memoryview(text.buffers()[2] or b"")
    for start, stop in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
        yield data[start:stop]


def _content_hash(text: memoryview) -> bytes:
    return hashlib.blake2b(text, digest_size=16).digest()


def _doc_ids(source: str, file: str, table: pa.Table) -> pa.Array:
    own = table["id"].to_pylist()
    places = table["place"].to_pylist()
    seed = hashlib.blake2b(source.encode() + b"\0", digest_size=8)
    found = np.empty(len(own), np.uint64)
    for i, (identity, place) in enumerate(zip(own, places, strict=True)):
        digest = seed.copy()
        digest.update(b"i" + identity.encode() if identity is not None else f"p{file}\0{place}".encode())
        found[i] = int.from_bytes(digest.digest(), "little")
    return pa.array(found)


def _refusal(text: pa.Array, size: pa.Array, largest: int) -> pa.Array:
    blank = pc.equal(pc.binary_length(pc.utf8_trim_whitespace(text)), 0)
    refusal = pc.if_else(pc.greater(size, largest), "max_document_bytes", None)
    return pc.if_else(pc.fill_null(blank, False), "not_blank", refusal).cast(pa.string())


def measure_some(
    texts: Path, home: Path, measures: tuple[Measure, ...], wanted: np.ndarray, laid: Laid | None = None
) -> None:
    """Compute into ``home`` the missing measures of the ``wanted`` doc_ids of a file of texts, after their edits."""
    missing = tuple(measure for measure in measures if not (home / measured_file(measure)).is_file())
    if missing:
        measure_texts(texts, home, missing, wanted, laid)


def measure_texts(
    path: Path,
    home: Path,
    measures: tuple[Measure, ...],
    wanted: np.ndarray | None = None,
    laid: Laid | None = None,
) -> None:
    """Compute into ``home`` measures of a file of texts, of all its documents or of the ``wanted`` doc_ids.

    Texts are as read, or as the edits ``laid`` down for them make them.
    """
    edits = laid.read() if laid else None
    columns = ["doc_id", "text", *sorted({name for measure in measures for name in measure.needs})]
    with ExitStack() as stack:
        measured = [Sink(stack, home / measured_file(m), _schema(m)) for m in measures]
        with pq.ParquetFile(path) as texts:
            for group in range(texts.num_row_groups):
                table = texts.read_row_group(group, columns=columns)
                if wanted is not None:
                    table = table.filter(np.isin(table["doc_id"].to_numpy(), wanted))
                if edits is not None:
                    table = with_edits(table, edits)
                _measure(table, measures, measured)


def _measure(table: pa.Table, measures: Iterable[Measure], sinks: list["Sink"]) -> None:
    for piece in pieces(table):
        batch = TextBatch(piece["text"].combine_chunks(), piece)
        for measure, sink in zip(measures, sinks, strict=True):
            sink.write(measure.compute(batch, piece).add_column(0, "doc_id", piece["doc_id"]))


def _schema(measure: Measure) -> pa.Schema:
    return pa.schema([("doc_id", pa.uint64()), *((c.name, c.arrow) for c in measure.columns)])


class Sink:
    """A Parquet file written batch by batch, whole or not at all."""

    def __init__(self, stack: ExitStack, path: Path, schema: pa.Schema) -> None:
        temporary = stack.enter_context(parts.aside(path))
        self._schema = schema
        self._writer = stack.enter_context(pq.ParquetWriter(temporary, schema, compression="zstd", compression_level=1))

    def write(self, table: pa.Table) -> None:
        """Append rows as row groups of their own."""
        if table.num_rows:
            self._writer.write_table(table.select(self._schema.names).cast(self._schema))
