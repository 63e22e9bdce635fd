"""Edits of texts: spans settled where they overlap, counted in bytes or characters, and applied to whole batches.

Kernels work on spans in bytes; what is kept counts characters, which mean the same in every language and tool. A batch
is copied once, whatever the number of its edits.
"""

from typing import Any

import numpy as np
import pyarrow as pa
from numba import njit

from schemas.errors import UnitError
from tasks.distinct import distinct
from tasks.text.batch import TextBatch
from tasks.text.borrow import Array, Int, borrow


def apply(
    texts: pa.Array, document: np.ndarray, starts: np.ndarray, stops: np.ndarray, replacements: pa.Array
) -> pa.Array:
    """Return the texts with each span replaced, as large_string.

    ``document``: index into ``texts``; ``starts``, ``stops``: bytes into their data, on the borders of characters; all
    int64. Spans are sorted and do not overlap. ``replacements``: strings, one per span; an empty one cuts.

    >>> one = np.array([0])
    >>> apply(pa.array(["to be or not", ""]), one, one + 2, one + 5, pa.array([""])).to_pylist()
    ['to or not', '']
    """
    batch = TextBatch(texts)
    new = TextBatch(replacements)
    data, offsets = _spliced(batch.data, batch.offsets, document, starts, stops, new.data, new.offsets)
    return pa.LargeStringArray.from_buffers(len(texts), pa.py_buffer(offsets), pa.py_buffer(data))


def with_edits(table: pa.Table, edits: pa.Table) -> pa.Table:
    """Return ``table`` (doc_id, text and more) with its texts as the edits make them.

    ``edits`` has doc_id, start, stop (characters) and replacement, as the ledger's table of this name; those of other
    documents are left aside. UnitError if one ends after its text.
    """
    if not table.num_rows or not edits.num_rows:
        return table
    texts = table["text"].combine_chunks()
    document, rows = rows_of(table["doc_id"].to_numpy(), edits)
    if not len(rows):
        return table
    batch = TextBatch(texts)
    mine = edits.take(pa.array(rows))
    starts, stops = in_bytes(batch, document, mine["start"].to_numpy(), mine["stop"].to_numpy())
    text = apply(texts, document, starts, stops, mine["replacement"].combine_chunks())
    return table.set_column(table.column_names.index("text"), "text", text)


def rows_of(doc_ids: np.ndarray, edits: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """Return (index into ``doc_ids``, row of ``edits``) of the edits of these documents, by document and start."""
    order = np.argsort(doc_ids, kind="stable")
    edited = edits["doc_id"].to_numpy()
    at = np.minimum(np.searchsorted(doc_ids, edited, sorter=order), len(doc_ids) - 1)
    document = order[at]
    rows = np.flatnonzero(doc_ids[document] == edited)
    rows = rows[np.lexsort([edits["start"].to_numpy()[rows], document[rows]])]
    return document[rows].astype(np.int64), rows


def in_bytes(
    batch: TextBatch, document: np.ndarray, starts: np.ndarray, stops: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return (starts, stops) in bytes into the batch's data of spans in characters of their documents.

    Spans are sorted by document and place and do not overlap. UnitError if one ends after its text.
    """
    found = _in_bytes(batch.data, batch.offsets, document, starts, stops)
    if (found < 0).any():
        row = int((found < 0).any(axis=1).argmax())
        size = int(batch.characters[document[row]])
        raise UnitError(f"an edit ends at character {stops[row]} of a text of {size}: made for another text?")
    return found[:, 0], found[:, 1]


def in_characters(
    batch: TextBatch, document: np.ndarray, starts: np.ndarray, stops: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return (starts, stops) in characters of their documents of spans in bytes into the batch's data.

    Spans are sorted and do not overlap.
    """
    found = _in_characters(batch.data, batch.offsets, document, starts, stops)
    return found[:, 0], found[:, 1]


def settle(
    starts: np.ndarray, stops: np.ndarray, cuts: np.ndarray, rank: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Decide to which span each byte belongs, and return the pieces: (span, start, stop, whether it is the first).

    ``cuts`` (bool) go before replacements, then a lower ``rank``, then the place in the list. A span keeps the bytes
    that none before it took; pieces are sorted, do not overlap, and spans left with nothing have none. Together the
    pieces cover what the spans cover. A replacement's text goes to its first piece; the others are cuts.
    """
    order = np.lexsort([np.arange(len(starts)), rank, ~cuts])
    edges = distinct(np.concatenate([starts, stops]))
    owner = _claimed(order, np.searchsorted(edges, starts), np.searchsorted(edges, stops), len(edges))
    begins = np.flatnonzero(np.diff(owner, prepend=-1))
    begins = begins[owner[begins] >= 0]
    changes = np.append(np.flatnonzero(np.diff(owner)) + 1, len(owner))
    ends = changes[np.searchsorted(changes, begins, side="right")]
    which = owner[begins]
    first = np.zeros(len(which), bool)
    first[np.unique(which, return_index=True)[1]] = True
    return which, edges[begins], edges[ends], first


@njit(nogil=True, cache=True)
def _claimed(order: Array, first: Array, last: Array, edges: Int) -> Any:
    """Return the span that owns each stretch between neighbouring edges, or -1; ``order`` says who takes first."""
    owner = np.full(edges, -1, np.int64)
    free = np.arange(edges + 1)  # leads to the next stretch that no one owns
    for span in order:
        place = first[span]
        while True:
            end = place
            while free[end] != end:
                end = free[end]
            while free[place] != end:
                following = free[place]
                free[place] = end
                place = following
            if end >= last[span]:
                break
            owner[end] = span
            free[end] = end + 1
            place = end + 1
    return owner


@njit(nogil=True, cache=True)
def _copied(target: Array, at: Int, source: Array, start: Int, stop: Int) -> Int:
    target[at : at + stop - start] = source[start:stop]
    return at + stop - start


@njit(nogil=True, cache=True)
def _spliced(
    data: Array, offsets: Array, document: Array, starts: Array, stops: Array, new: Array, new_offsets: Array
) -> Any:
    """Return (bytes, offsets) of the texts with every span replaced."""
    ends = offsets - offsets[0]
    size = ends[1:] - ends[:-1]
    for span in range(len(starts)):
        size[document[span]] += new_offsets[span + 1] - new_offsets[span] - (stops[span] - starts[span])
    for i in range(len(size)):
        ends[i + 1] = ends[i] + size[i]
    spliced = np.empty(ends[-1], np.uint8)
    at, place = 0, offsets[0]
    for span in range(len(starts)):
        at = _copied(spliced, at, data, place, starts[span])
        at = _copied(spliced, at, new, new_offsets[span], new_offsets[span + 1])
        place = stops[span]
    _copied(spliced, at, data, place, offsets[-1])
    return spliced, ends


@njit(nogil=True, cache=True)
def _in_bytes(data: Array, offsets: Array, document: Array, starts: Array, stops: Array) -> Any:
    """Return (n, 2) places in bytes; -1 where a place is beyond its text."""
    data = borrow(data)
    found = np.full((len(starts), 2), -1, np.int64)
    current, place, count = np.int64(-1), np.int64(0), np.int64(0)
    for span in range(len(starts)):
        if document[span] != current:
            current, count = document[span], np.int64(0)
            place = offsets[current]
        end = offsets[current + 1]
        for side in range(2):
            wanted = stops[span] if side else starts[span]
            while count < wanted and place < end:
                place += 1
                while place < end and (data[place] & 0xC0) == 0x80:
                    place += 1
                count += 1
            if count == wanted:
                found[span, side] = place
    return found


@njit(nogil=True, cache=True)
def _in_characters(data: Array, offsets: Array, document: Array, starts: Array, stops: Array) -> Any:
    """Return (n, 2) places in characters from the start of their texts."""
    data = borrow(data)
    found = np.empty((len(starts), 2), np.int64)
    current, place, count = np.int64(-1), np.int64(0), np.int64(0)
    for span in range(len(starts)):
        if document[span] != current:
            current, count = document[span], np.int64(0)
            place = offsets[current]
        for side in range(2):
            wanted = stops[span] if side else starts[span]
            while place < wanted:
                count += (data[place] & 0xC0) != 0x80
                place += 1
            found[span, side] = count
    return found
