"""Contexts as lists of pieces: spans of documents and inserted tokens, with what a trainer must know of each."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

from tasks.write._slices import gathered

Integers = np.ndarray[Any, np.dtype[Any]]

PIECES = pa.schema(
    [
        pa.field("context_id", pa.int64()),  # from 0, without gaps
        pa.field("position", pa.int32()),  # of the piece in its context, from 0
        pa.field("doc_id", pa.uint64()),  # null: of no document
        pa.field("copy", pa.int32()),
        pa.field("start", pa.int64()),  # tokens of the document; an inserted piece stands before start == stop
        pa.field("stop", pa.int64()),
        pa.field("inserted", pa.list_(pa.int32())),  # the tokens that stand here; null: those of the document
        pa.field("role", pa.string()),  # text, or what an inserted piece is
        pa.field("loss_weight", pa.float64()),  # 0: masked
        pa.field("position_offset", pa.int64()),  # position id of the first token; the next ones count up
        pa.field("attention", pa.int32()),  # pieces of a context with the same number see each other
        pa.field("causal", pa.bool_()),  # false: these tokens of one attention number all see each other
    ]
)
DEFAULTS: dict[str, Any] = {
    "inserted": None,
    "role": "text",
    "loss_weight": 1.0,
    "position_offset": 0,
    "attention": 0,
    "causal": True,
}


def pieces(**columns: Any) -> pa.Table:
    """Return a table of pieces from columns; those left out have the values of a plain span of text.

    >>> pieces(context_id=[0], position=[0], doc_id=[7], copy=[0], start=[0], stop=[5])["role"].to_pylist()
    ['text']
    """
    rows = len(columns["context_id"])
    filled = {
        name: columns[name] if name in columns else pa.repeat(pa.scalar(value, PIECES.field(name).type), rows)
        for name, value in DEFAULTS.items()
    }
    arrays = [_array(columns.get(field.name, filled.get(field.name)), field.type) for field in PIECES]
    return pa.Table.from_arrays(arrays, schema=PIECES)


def _array(values: Any, kind: pa.DataType) -> pa.Array:
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    return values.cast(kind) if isinstance(values, pa.Array) else pa.array(values, kind)


def one_each(documents: pa.Table) -> pa.Table:
    """Return a context per row of ``documents`` (doc_id, copy, tokens), in their order, each of one whole document."""
    rows = documents.num_rows
    return pieces(
        context_id=np.arange(rows),
        position=np.zeros(rows, np.int32),
        doc_id=documents["doc_id"],
        copy=documents["copy"],
        start=np.zeros(rows, np.int64),
        stop=documents["tokens"],
    )


def lengths(table: pa.Table) -> Integers:
    """Return the tokens of each piece, int64."""
    spans = table["stop"].to_numpy() - table["start"].to_numpy()
    if table["inserted"].null_count == table.num_rows:
        return np.asarray(spans, np.int64)
    inserted = pc.fill_null(pc.list_value_length(table["inserted"]), 0).to_numpy()
    return np.asarray(np.where(is_inserted(table), inserted, spans), np.int64)


def is_inserted(table: pa.Table) -> Integers:
    """Return which pieces are inserted tokens rather than spans of a document."""
    return np.asarray(table["inserted"].is_valid().to_numpy(), bool)


def firsts(table: pa.Table) -> Integers:
    """Return the row of each context's first piece, and the number of rows at the end: int64 (contexts + 1)."""
    context = table["context_id"].to_numpy()
    return np.append(np.flatnonzero(np.diff(context, prepend=-1)), len(context))


def context_lengths(table: pa.Table) -> Integers:
    """Return the tokens of each context, int64."""
    return np.bincount(table["context_id"].to_numpy(), weights=lengths(table)).astype(np.int64)


def numbered(table: pa.Table) -> pa.Table:
    """Sort pieces by (context_id, position), leave empty ones out, and number contexts and positions from 0.

    Where two pieces have one place, the one that comes first in the table stays first.
    """
    held = lengths(table) > 0
    table = table if held.all() else table.filter(pa.array(held))
    context, position = table["context_id"].to_numpy(), table["position"].to_numpy()
    rises = np.diff(context)
    if ((rises < 0) | ((rises == 0) & (np.diff(position) < 0))).any():
        order = np.lexsort([position, context])
        table, context = table.take(pa.array(order)), context[order]
    new = np.cumsum(np.diff(context, prepend=context[:1]) > 0) if len(context) else context
    begins = np.append(np.flatnonzero(np.diff(new, prepend=-1)), len(new))
    place = np.arange(len(new)) - np.repeat(begins[:-1], np.diff(begins))
    return replaced(table, context_id=new, position=place)


def replaced(table: pa.Table, **columns: Any) -> pa.Table:
    """Return the table with these columns in place of its own."""
    for name, values in columns.items():
        field = table.schema.field(name)
        table = table.set_column(table.schema.get_field_index(name), field, _array(values, field.type))
    return table


def cut(
    items: pa.Table, item: Integers, start: Integers, stop: Integers, context: Integers, place: Integers
) -> pa.Table:
    """Return contexts made of spans of other contexts, the ``items``.

    The ``i``-th span is tokens ``start[i]`` to ``stop[i]`` of context ``item[i]``; it goes to context ``context[i]`` as
    its ``place[i]``-th. Pieces on a border are cut, inserted ones too; position ids stay those of the item.
    """
    size = lengths(items)
    begins = np.cumsum(size) - size
    origin = begins[firsts(items)[:-1]] if len(size) else begins
    span, row, first, last = overlaps(size, origin[item] + start, origin[item] + stop)
    taken = replaced(parts(items, row, first, last), context_id=context[span])
    return numbered(replaced(taken, position=_ranked(context[span], place[span])))


def placed(segments: pa.Table, items: pa.Table | None) -> pa.Table:
    """Return the contexts of a packer's ``segments``: of documents, or of the ``items`` that its doc_ids number."""
    if items is None:
        return pieces(**{name: segments[name] for name in segments.column_names})
    item = segments["doc_id"].to_numpy().astype(np.int64)
    return cut(items, item, *(segments[name].to_numpy() for name in ("start", "stop", "context_id", "position")))


def overlaps(size: Integers, left: Integers, right: Integers) -> tuple[Integers, Integers, Integers, Integers]:
    """Return what each span ``left`` to ``right`` of all tokens, laid end to end, holds of pieces of these sizes.

    Per piece of a span, in order: the span, the row of the piece, and its first and last (not in it) token.
    """
    ends = np.cumsum(size)
    begins = ends - size
    low, high = np.searchsorted(ends, left, side="right"), np.searchsorted(begins, right, side="left")
    count = np.maximum(high - low, 0)
    span = np.repeat(np.arange(len(left)), count)
    row = np.arange(len(span)) - np.repeat(np.cumsum(count) - count, count) + low[span]
    return span, row, np.maximum(left[span] - begins[row], 0), np.minimum(right[span] - begins[row], size[row])


def parts(table: pa.Table, row: Integers, first: Integers, last: Integers) -> pa.Table:
    """Return tokens ``first`` to ``last`` of the piece in each ``row``; context and place stay those of the row."""
    taken = table.take(pa.array(row))
    text = ~is_inserted(taken)
    at = taken["start"].to_numpy()
    return replaced(
        taken,
        start=np.where(text, at + first, at),
        stop=np.where(text, at + last, taken["stop"].to_numpy()),
        position_offset=taken["position_offset"].to_numpy() + first,
        inserted=_cut_lists(taken["inserted"].combine_chunks(), first, last),
    )


def _ranked(context: Integers, place: Integers) -> Integers:
    """Number rows by context and place, keeping their order where both are the same."""
    order = np.lexsort([np.arange(len(place)), place, context])
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order))
    return rank


def _cut_lists(lists: pa.Array, first: Integers, last: Integers) -> pa.Array:
    if lists.null_count == len(lists):
        return lists
    valid = np.asarray(lists.is_valid())
    size = np.where(valid, last - first, 0)
    begin = np.where(valid, lists.offsets.to_numpy()[:-1] + first, 0)
    values = gathered(lists.values.to_numpy().astype(np.int32, copy=False), begin, size)
    ends = np.concatenate([[0], np.cumsum(size)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(ends), pa.array(values), mask=pa.array(~valid))


def lists_of(tokens: list[Any], rows: Integers, total: int) -> pa.Array:
    """Return a column ``inserted`` of ``total`` rows with ``tokens[i]`` in row ``rows[i]`` and null elsewhere."""
    found: list[Any] = [None] * total
    for row, ids in zip(rows.tolist(), tokens, strict=True):
        found[row] = ids
    return pa.array(found, pa.list_(pa.int32()))


def attending(table: pa.Table, attention: str) -> pa.Table:
    """Set who sees whom and the position ids: within each ``document`` anew, or over the whole ``context``.

    Pieces side by side that are of one copy of one document go together; inserted pieces go with what follows them,
    and at a context's end with what is before.
    """
    size, begins = lengths(table), firsts(table)
    ends = np.cumsum(size) - size
    context = table["context_id"].to_numpy()
    if attention == "context":
        return replaced(table, attention=np.zeros(len(size), np.int32), position_offset=ends - ends[begins[context]])
    group = _groups(context, owners(table), is_inserted(table))
    head = np.append(True, np.diff(group) != 0) if len(group) else np.zeros(0, bool)
    start_of = ends[np.flatnonzero(head)][np.cumsum(head) - 1] if len(group) else ends
    number = np.cumsum(head) - 1
    return replaced(
        table, attention=number - number[begins[context]] if len(group) else number, position_offset=ends - start_of
    )


def owners(table: pa.Table) -> Integers:
    """Return a number per (doc_id, copy), -1 for pieces of no document."""
    _, index = np.unique(pc.fill_null(table["doc_id"], 0).to_numpy(), return_inverse=True)
    owner = index.astype(np.int64) << 31 | table["copy"].fill_null(0).to_numpy()
    return np.where(table["doc_id"].is_valid().to_numpy(), owner, -1)


@njit(nogil=True, cache=True)
def _groups(context: Integers, owner: Integers, inserted: Integers) -> Integers:
    """Return a number per piece that changes where another document, or context, begins."""
    group = np.empty(len(context), np.int64)
    number = -1
    for i in range(len(context)):
        fresh = i == 0 or context[i] != context[i - 1]
        if not fresh and owner[i] != owner[i - 1]:
            fresh = not (inserted[i - 1] and owner[i - 1] == -1) and not (
                owner[i] == -1 and (i + 1 == len(context) or context[i + 1] != context[i])
            )
        if fresh:
            number += 1
        group[i] = number
    return group
