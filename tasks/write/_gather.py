"""Second half of an export: collect an output file's share from every part, put it in order, and write it."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from schemas.errors import AuditError, UnitError
from tasks import units
from tasks.distinct import distinct
from tasks.pack._segments import Integers
from tasks.parts import aside
from tasks.transform._pieces import firsts, is_inserted, lengths
from tasks.write._plan import BYTES_PER_TOKEN, OutputFile, Plan
from tasks.write._shelf import CONTENTS, Piece, Shelf, pieces, read
from tasks.write._slices import gathered

GROUP_BYTES = 8 << 20  # text per batch, which is a row group in Parquet
GROUP_TOKENS = GROUP_BYTES // BYTES_PER_TOKEN
COLUMNS = (
    *("position", "doc_id", "copy", "source", "id", "domain", "url", "created", "declared_language", "license"),
    *("weight", "tokens"),
)


@dataclass(frozen=True)
class Job:
    """One output file and where its share lies."""

    file: OutputFile
    pieces: tuple[Piece, ...]


def jobs(plan: Plan, shelves: list[Shelf]) -> list[Job]:
    """Say for each output file of ``plan`` where ``scatter`` has put its share."""
    found = pieces(shelves)
    return [Job(file, tuple(found.get((file.content, file.index), []))) for file in plan.files]


def gather(job: Job, release: str, *, formats: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Write one output file in every format (writer to settings) under ``release``, and return its rows of ``exports``.

    A format of several files has them all at hand, the one that the contents are counted in first. The bytes depend on
    the order alone, not on how texts were spread over parts. A file that exists is taken as done.
    Holds one output file's texts or tokens in memory. ``documents`` counts, in files of contexts, the documents that
    begin there, so that every document counts once. Raises AuditError if the share is not what was planned.
    """
    paths = {name: files_of(name, formats[name], job.file, Path(release)) for name in formats}
    todo = {name: files for name, files in paths.items() if not all(path.is_file() for path in files)}
    if todo:
        batches = _documents(job) if job.file.content == "documents" else _contexts(job)
        for name, files in todo.items():
            with ExitStack() as stack:  # which renames the last file first: if the first is there, all are
                temporary = [stack.enter_context(aside(path)) for path in files]
                units.unit("write", name).apply(batches(), *temporary, **formats[name])
    return [row for name, files in paths.items() for row in _rows(job.file, name, files, Path(release))]


def files_of(name: str, settings: dict[str, Any], file: OutputFile, release: Path) -> list[Path]:
    """Return the paths of an output file in one format: none where the format does not hold such contents."""
    module = units.unit("write", name).module
    if file.content not in getattr(module, "CONTENTS", CONTENTS):
        return []
    named = module.files(**units.accepted(module.files, settings)) if hasattr(module, "files") else module.FILES
    return [release / name / pattern.format(file.name) for pattern in named]


def _rows(file: OutputFile, name: str, paths: list[Path], release: Path) -> Iterator[dict[str, Any]]:
    for path in paths[:1]:
        _check(file, path)
        yield row_of(name, file.content, path, release, _counts(file))
    yield from (row_of(name, file.content, path, release) for path in paths[1:])


def row_of(name: str, content: str, path: Path, release: Path, counts: dict[str, int] | None = None) -> dict[str, Any]:
    """Return a file's row of ``exports``; a file beside another counts nothing."""
    with path.open("rb") as written:
        digest = hashlib.file_digest(written, "sha256").hexdigest()
    return {
        "format": name,
        "content": content,
        "path": path.relative_to(release).as_posix(),
        **(counts or {"documents": 0, "contexts": 0, "tokens": 0}),
        "bytes": path.stat().st_size,
        "sha256": digest,
    }


def finished(release: Path, formats: Iterable[str], rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Write what a format has over all of its files, such as an index, and yield the rows of ``exports``."""
    for name in formats:
        module = units.unit("write", name).module
        main = [release / row["path"] for row in rows if row["format"] == name and row["tokens"]]
        if hasattr(module, "finish") and main:
            for path, data in module.finish(release / name, sorted(main)):
                with aside(path) as temporary:
                    temporary.write_bytes(data)
                yield row_of(name, "contexts", path, release)


def _check(file: OutputFile, path: Path) -> None:
    """Hold the rows of a Parquet file against the plan: what is recorded should be what was written."""
    if path.suffix != ".parquet":
        return
    written, counts = pq.read_metadata(path).num_rows, _counts(file)
    if written != counts["contexts" if file.content == "contexts" else "documents"]:
        raise AuditError(f"'{path.name}' holds {written} rows where {counts} were planned; delete it and run again")


def _counts(file: OutputFile) -> dict[str, int]:
    rows = file.rows
    if file.content == "documents":
        return {"documents": rows.num_rows, "contexts": 0, "tokens": int(rows["tokens"].to_numpy().sum())}
    begins = (rows["start"].to_numpy() == 0) & ~is_inserted(rows)
    contexts = len(distinct(rows["context_id"].to_numpy()))
    return {"documents": int(begins.sum()), "contexts": contexts, "tokens": int(lengths(rows).sum())}


def _documents(job: Job) -> Callable[[], Iterator[pa.RecordBatch]]:
    """Read the texts of a file; the result yields them in order, ``GROUP_BYTES`` at a time, as often as called."""
    share = _share(job)
    rows = job.file.rows.select(COLUMNS).combine_chunks()
    sizes = job.file.rows["bytes"].to_numpy()
    position = share["position"].to_numpy()
    order = np.argsort(position, kind="stable")
    _audit(job, position[order], rows["position"].to_numpy())

    def batches() -> Iterator[pa.RecordBatch]:
        for begin, end in _groups(sizes, GROUP_BYTES):
            chosen = pa.array(order[begin:end])
            columns = {name: rows[name].chunk(0).slice(begin, end - begin) for name in COLUMNS}
            columns |= {name: share[name].take(chosen) for name in ("text", "metadata")}
            yield pa.RecordBatch.from_pydict(columns)

    return batches


def _contexts(job: Job) -> Callable[[], Iterator[pa.RecordBatch]]:
    """Read the segments of a file; the result yields its contexts in order, as ``_documents`` does."""
    rows = job.file.rows.combine_chunks()
    ids, begin, size = _tokens(job, rows)
    first = firsts(rows)
    per_context = np.add.reduceat(size, first[:-1])
    rows = rows.to_batches()[0]

    def batches() -> Iterator[pa.RecordBatch]:
        for a, b in _groups(per_context, GROUP_TOKENS):
            inside = slice(first[a], first[b])
            values = gathered(ids, begin[inside], size[inside])
            segments = rows.slice(first[a], first[b] - first[a])
            yield _context_batch(segments, first[a : b + 1] - first[a], values, per_context[a:b])

    return batches


def _tokens(job: Job, rows: pa.Table) -> tuple[Integers, Integers, Integers]:
    """Return token ids, and which of them are those of each piece: where they begin, and how many."""
    text = ~is_inserted(rows)
    begin, size = np.zeros(len(rows), np.int64), lengths(rows)
    inserted = rows["inserted"].combine_chunks()
    own = inserted.flatten().to_numpy()
    if not text.all():
        begin[~text] = np.cumsum(size[~text]) - size[~text]
    if not text.any():
        return own, begin, size
    share = _share(job)
    context, position = share["context_id"].to_numpy(), share["position"].to_numpy()
    order = np.lexsort([position, context])
    _audit(job, context[order], rows["context_id"].to_numpy()[text])
    _audit(job, position[order], rows["position"].to_numpy()[text])
    offsets = share["tokens"].offsets.to_numpy()
    _audit(job, np.diff(offsets)[order], size[text])
    ids = share["tokens"].values.to_numpy()
    if len(own) and own.max() > np.iinfo(ids.dtype).max:
        raise UnitError(f"inserted token {own.max()} does not fit the {ids.dtype} of the tokenizer's ids")
    begin[text] = offsets[:-1][order]
    begin[~text] += len(ids)
    return np.concatenate([ids, own.astype(ids.dtype)]) if len(own) else ids, begin, size


def _context_batch(
    segments: pa.RecordBatch, first: Integers, values: Integers, per_context: Integers
) -> pa.RecordBatch:
    """One row per context: its tokens, and which document's which tokens they are."""
    ends = pa.array(np.concatenate([[0], np.cumsum(per_context)]).astype(np.int32))
    cuts = pa.array(first.astype(np.int32))
    length = lengths(pa.Table.from_batches([segments]))
    return pa.RecordBatch.from_pydict(
        {
            "context_id": segments["context_id"].take(pa.array(first[:-1])),
            "tokens": _lists(ends, pa.array(values)),
            "doc_ids": _lists(cuts, pc.fill_null(segments["doc_id"], 0)),
            "copies": _lists(cuts, pc.fill_null(segments["copy"], 0)),
            "starts": _lists(cuts, segments["start"]),
            "lengths": _lists(cuts, pa.array(length.astype(np.int32))),
            "loss_weights": _lists(cuts, segments["loss_weight"]),
            "position_offsets": _lists(cuts, segments["position_offset"]),
            "attentions": _lists(cuts, segments["attention"]),
            "causals": _lists(cuts, segments["causal"]),
            "roles": _lists(cuts, segments["role"]),
        }
    )


def _lists(offsets: pa.Array, values: pa.Array) -> pa.Array:
    element = pa.field("element", values.type, nullable=False)
    return pa.ListArray.from_arrays(offsets, values, type=pa.list_(element))


def _share(job: Job) -> pa.RecordBatch:
    """Read everything that was collected for one output file."""
    if not job.pieces:
        raise AuditError(f"{job.file.name}: nothing was collected for {job.file.rows.num_rows} rows")
    found = pa.concat_tables([read(piece) for piece in job.pieces])
    return pa.RecordBatch.from_pydict({name: found[name].combine_chunks() for name in found.column_names})


def _audit(job: Job, found: Integers, planned: Integers) -> None:
    if not np.array_equal(found, planned):
        raise AuditError(f"{job.file.name}: {len(found)} rows were collected that are not the {len(planned)} planned")


def _groups(sizes: Integers, target: int) -> Iterator[tuple[int, int]]:
    """Yield row ranges of about ``target`` in size, at least one row each."""
    band = (np.cumsum(sizes) - sizes) // target
    begins = np.flatnonzero(np.diff(band, prepend=-1) > 0)
    yield from zip(begins.tolist(), np.append(begins[1:], len(sizes)).tolist(), strict=True)
