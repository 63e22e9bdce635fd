"""Which output file each kept document and context goes to: decided from sizes alone, before any text is read."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa

from tasks.pack._segments import Integers, rows_of
from tasks.transform._pieces import context_lengths, is_inserted

FILE_BYTES = 64 << 20
BYTES_PER_TOKEN = 4  # so that a file of contexts is about as large as one of texts with a usual vocabulary
Content = Literal["documents", "contexts"]


@dataclass(frozen=True)
class Share:
    """What one part of texts gives: ``file`` is the index of the output file each row goes to.

    ``documents`` has file, position, doc_id, bytes; ``segments`` has file, context_id, position, doc_id, start, stop,
    or is None when nothing was packed.
    """

    documents: pa.Table
    segments: pa.Table | None


@dataclass(frozen=True)
class OutputFile:
    """One file to write, in every format: number ``index`` of ``count``, its documents or segments in ``rows``."""

    content: Content
    index: int
    count: int
    rows: pa.Table

    @property
    def name(self) -> str:
        """The file's name without format."""
        return f"{self.content}-{self.index:05d}-of-{self.count:05d}"


@dataclass(frozen=True)
class Plan:
    """Everything an export has to do: ``shares`` by part of texts, then ``files``."""

    shares: dict[int, Share]
    files: tuple[OutputFile, ...]


def plan_export(places: pa.Table, segments: pa.Table | None = None, *, file_bytes: int = FILE_BYTES) -> Plan:
    """Cut an order, and its contexts, into output files of about ``file_bytes`` of text.

    ``places`` is the order, one row per kept occurrence: position (0, 1, ...), doc_id, copy, part, source, id, domain,
    url, created, declared_language, license, weight, bytes, tokens. ``segments`` are contexts as pieces. A file holds
    at least one document or context. The cuts depend on the order and the sizes only, not on how texts are spread over
    parts.
    """
    file = _files(places["bytes"].to_numpy(), file_bytes)
    files = _cut("documents", places, file)
    documents = places.select(["position", "doc_id", "bytes"]).add_column(0, "file", pa.array(file))
    part = places["part"].to_numpy()
    shares = {number: Share(rows, None) for number, rows in _grouped(documents, part).items()}
    if segments is None:
        return Plan(shares, tuple(files))
    context = segments["context_id"].to_numpy()
    file = _files(context_lengths(segments), max(file_bytes // BYTES_PER_TOKEN, 1))[context]
    files += _cut("contexts", segments, file)
    spans = segments.append_column("file", pa.array(file)).filter(pa.array(~is_inserted(segments)))
    wanted = spans.select(["file", "context_id", "position", "doc_id", "start", "stop"])
    pieces = _grouped(wanted, part[rows_of(spans, places)])
    return Plan({n: Share(share.documents, pieces.get(n)) for n, share in shares.items()}, tuple(files))


def _files(sizes: Integers, target: int) -> Integers:
    """Return the file, from 0 and without gaps, of each of a row of things of these sizes."""
    band = (np.cumsum(sizes) - sizes) // target
    return np.cumsum(np.diff(band, prepend=band[:1]) > 0)


def _cut(content: Content, rows: pa.Table, file: Integers) -> list[OutputFile]:
    """Slice ``rows``, which are sorted by ``file``, into the files."""
    ends = np.append(np.flatnonzero(np.diff(file)) + 1, len(file)) if len(file) else np.empty(0, np.int64)
    begins = np.concatenate([[0], ends[:-1]]) if len(ends) else ends
    cuts = list(zip(begins.tolist(), ends.tolist(), strict=True))
    return [OutputFile(content, i, len(cuts), _own(rows, a, b)) for i, (a, b) in enumerate(cuts)]


def _own(rows: pa.Table, start: int, stop: int) -> pa.Table:
    """Rows ``start`` to ``stop`` in buffers of their own: a slice that is pickled takes the whole table along."""
    return rows.take(pa.array(np.arange(start, stop)))


def _grouped(rows: pa.Table, part: Integers) -> dict[int, pa.Table]:
    """Split ``rows`` by ``part``, each keeping their order."""
    order = np.argsort(part, kind="stable")
    numbers, begins = np.unique(part[order], return_index=True)
    ends = np.append(begins[1:], len(part))[: len(numbers)]
    rows = rows.take(pa.array(order))
    return {int(n): _own(rows, a, b) for n, a, b in zip(numbers, begins, ends, strict=True)}
