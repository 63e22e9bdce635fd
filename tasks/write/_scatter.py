"""First half of an export: read each part of texts once and sort what it holds by output file."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.errors import InputError, UnitError
from tasks.distinct import distinct
from tasks.pack._segments import Integers
from tasks.parts import aside
from tasks.text.edits import with_edits
from tasks.tokenize import BYTES, TokenizerSpec, load
from tasks.write._plan import Share
from tasks.write._shelf import Shelf, Writer, writing
from tasks.write._slices import gathered

BLOCK_BYTES = 16 << 20


@dataclass(frozen=True)
class Block:
    """Texts held in memory at once: those of ``rows`` (sorted) of the part."""

    rows: Integers
    texts: pa.Array
    metadata: pa.Array


@dataclass(frozen=True)
class Wanted:
    """Rows of a share sorted by ``row``, the row of the part that holds their document."""

    row: Integers
    table: pa.Table

    def within(self, block: Block) -> tuple[pa.Table, Integers]:
        """Return what is wanted of a block's documents, and which of them each row is."""
        begin, end = np.searchsorted(self.row, [block.rows[0], block.rows[-1] + 1])
        return self.table.slice(begin, end - begin), np.searchsorted(block.rows, self.row[begin:end])


def scatter(
    texts: str, share: Share, target: str, *, tokenizer: TokenizerSpec = BYTES, edits: pa.Table | None = None
) -> Shelf:
    """Write what one part of texts gives to all output files into the one file ``target``, and return its index.

    ``texts`` is a Parquet file with doc_id, text and metadata; ``edits`` (see ``tasks.text.edits``) are applied. About
    16 MB of text are held at a time, whatever the part's size (a longer document is held whole). A ``target`` that
    exists is taken as done: name it after the plan.
    Raises InputError if a wanted document is not in the part, UnitError if it has fewer tokens than were packed.
    """
    path = Path(target)
    if not path.is_file():
        with pq.ParquetFile(texts) as part, aside(path) as temporary, writing(temporary) as shelf:
            _scatter(part, texts, share, shelf, tokenizer, edits)
    return Shelf.open(path)


def _scatter(
    part: pq.ParquetFile, name: str, share: Share, shelf: Writer, tokenizer: TokenizerSpec, edits: pa.Table | None
) -> None:
    held = part.read(columns=["doc_id"], use_threads=False)["doc_id"].to_numpy()
    order = np.argsort(held, kind="stable")
    documents = _wanted(share.documents, held, order, name)
    segments = _wanted(share.segments, held, order, name) if share.segments is not None else None
    for block in _blocks(part, distinct(documents.row), edits):
        _put_documents(*documents.within(block), block, shelf)
        if segments is not None:
            _put_contexts(*segments.within(block), block, shelf, tokenizer)
        del block  # before the next is read


def _wanted(table: pa.Table, held: Integers, order: Integers, name: str) -> Wanted:
    doc_id = table["doc_id"].to_numpy()
    at = np.minimum(np.searchsorted(held, doc_id, sorter=order), len(held) - 1)
    missing = held[order[at]] != doc_id if len(held) else np.ones(len(doc_id), bool)
    if missing.any():
        raise InputError(f"texts '{name}' lack document {doc_id[missing][0]} and {int(missing.sum()) - 1} others")
    row = order[at]
    by_row = np.argsort(row, kind="stable")
    return Wanted(row[by_row], table.take(pa.array(by_row)))


def _blocks(part: pq.ParquetFile, rows: Integers, edits: pa.Table | None) -> Iterator[Block]:
    """Yield the texts of ``rows``, about ``BLOCK_BYTES`` at a time; row groups without any are not read."""
    waiting: list[tuple[Integers, pa.Table]] = []
    begin = size = 0
    for group in range(part.num_row_groups):
        end = begin + part.metadata.row_group(group).num_rows
        inside = rows[np.searchsorted(rows, begin) : np.searchsorted(rows, end)]
        if len(inside):
            table = part.read_row_group(group, columns=["doc_id", "text", "metadata"], use_threads=False)
            table = table if len(inside) == end - begin else table.take(pa.array(inside - begin))
            table = table if edits is None else with_edits(table, edits)
            waiting.append((inside, table))
            size += table.nbytes
        if size >= BLOCK_BYTES:
            yield _block(waiting)
            size = 0
        begin = end
    if waiting:
        yield _block(waiting)


def _block(waiting: list[tuple[Integers, pa.Table]]) -> Block:
    """Join what is ``waiting``, and forget it."""
    table = pa.concat_tables([table for _, table in waiting])
    rows = np.concatenate([rows for rows, _ in waiting])
    waiting.clear()
    return Block(rows, table["text"].combine_chunks().cast(pa.large_string()), table["metadata"].combine_chunks())


def _put_documents(wanted: pa.Table, local: Integers, block: Block, shelf: Writer) -> None:
    position = wanted["position"].to_numpy()
    for file, rows in _by_file(wanted["file"].to_numpy(), [position]):
        chosen = pa.array(local[rows])
        columns = {
            "position": pa.array(position[rows]),
            "text": block.texts.take(chosen),
            "metadata": block.metadata.take(chosen),
        }
        shelf.put("documents", file, pa.RecordBatch.from_pydict(columns))


def _put_contexts(wanted: pa.Table, local: Integers, block: Block, shelf: Writer, tokenizer: TokenizerSpec) -> None:
    ids, offsets = load(tokenizer).encode(block.texts)
    context, position, start, stop = (wanted[name].to_numpy() for name in ("context_id", "position", "start", "stop"))
    length = np.diff(offsets)[local]
    if (stop > length).any():
        row = int((stop > length).argmax())
        document, found = wanted["doc_id"][row], length[row]
        raise UnitError(f"document {document} has {found} tokens but was packed up to {stop[row]}: another tokenizer?")
    begin, size = offsets[local] + start, stop - start
    for file, rows in _by_file(wanted["file"].to_numpy(), [position, context]):
        tokens = gathered(ids, begin[rows], size[rows])
        ends = np.concatenate([[0], np.cumsum(size[rows])])
        columns = {
            "context_id": pa.array(context[rows]),
            "position": pa.array(position[rows]),
            "tokens": pa.LargeListArray.from_arrays(pa.array(ends), pa.array(tokens)),
        }
        shelf.put("contexts", file, pa.RecordBatch.from_pydict(columns))


def _by_file(file: Integers, keys: list[Integers]) -> Iterator[tuple[int, Integers]]:
    """Yield each output file and its rows, sorted by ``keys`` (the last is the first to sort by)."""
    order = np.lexsort([*keys, file])
    files, begins = np.unique(file[order], return_index=True)
    yield from zip(files.tolist(), np.split(order, begins[1:])[: len(files)], strict=True)
