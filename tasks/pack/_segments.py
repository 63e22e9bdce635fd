"""What packers share: documents in, contexts numbered and, when asked, shuffled."""

from typing import Any

import numpy as np
import pyarrow as pa

from schemas.errors import UnitError
from tasks.distinct import distinct

Integers = np.ndarray[Any, np.dtype[Any]]

SEGMENTS = pa.schema(
    [
        pa.field("context_id", pa.int64()),
        pa.field("position", pa.int32()),  # of the segment in its context, from 0
        pa.field("doc_id", pa.uint64()),
        pa.field("copy", pa.int32()),
        pa.field("start", pa.int64()),  # tokens of the document
        pa.field("stop", pa.int64()),
    ]
)


def token_counts(documents: pa.Table) -> Integers:
    """Return the documents' lengths in tokens as int64; UnitError names a document without tokens."""
    tokens = documents["tokens"].to_numpy().astype(np.int64, copy=False)
    if len(tokens) and tokens.min() < 1:
        row = int(tokens.argmin())
        raise UnitError(f"document {documents['doc_id'][row]} has {tokens[row]} tokens; each needs at least 1")
    return tokens


def segments_table(documents: pa.Table, row: Integers, start: Integers, stop: Integers, context: Integers) -> pa.Table:
    """Return the segments sorted by context, and within a context in the order given.

    ``row`` is the document of each segment as a row of ``documents``; ``context`` its context; none from 0 is left out.
    """
    order = np.argsort(context, kind="stable")
    context, row = context[order], row[order]
    first = np.flatnonzero(np.diff(context, prepend=-1))
    columns = [
        pa.array(context),
        pa.array((np.arange(len(context)) - first[context]).astype(np.int32)),
        pa.array(documents["doc_id"].to_numpy()[row]),
        pa.array(documents["copy"].to_numpy()[row].astype(np.int32)),
        pa.array(start[order]),
        pa.array(stop[order]),
    ]
    return pa.Table.from_arrays(columns, schema=SEGMENTS)


def rows_of(segments: pa.Table, documents: pa.Table) -> Integers:
    """Return the row of ``documents`` (doc_id, copy) that each segment is a piece of; UnitError if there is none."""
    ids = distinct(documents["doc_id"].to_numpy())
    known, wanted = _occurrences(documents, ids), _occurrences(segments, ids)
    order = np.argsort(known, kind="stable")
    known = known[order]
    at = np.searchsorted(known, wanted)
    if len(wanted) and (at.max() == len(known) or (known[at] != wanted).any()):
        raise UnitError("a segment names a document or copy that is not among those packed")
    return order[at]


def _occurrences(table: pa.Table, ids: Integers) -> Integers:
    """Return one number per (doc_id, copy), -1 where the document is not among the sorted ``ids``."""
    doc_id, copy = table["doc_id"].to_numpy(), table["copy"].to_numpy().astype(np.int64)
    at = np.searchsorted(ids, doc_id)
    found = ids[np.minimum(at, len(ids) - 1)] == doc_id if len(ids) else np.zeros(len(doc_id), bool)
    return np.where(found, at << 31 | copy, -1)


def shuffled(context: Integers, contexts: int, seed: int) -> Integers:
    """Return ``context`` with the numbers 0..contexts-1 permuted by ``seed``.

    The permutation sorts SplitMix64 values (Steele, Lea and Flood 2014) of the numbers and not NumPy's random numbers,
    which may differ from version to version.
    """
    with np.errstate(over="ignore"):
        mixed = np.arange(1, contexts + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        mixed += np.uint64(seed * 0xD1342543DE82EF95 % 2**64)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    rank = np.empty(contexts, np.int64)
    rank[np.argsort(mixed, kind="stable")] = np.arange(contexts)
    return rank[context]
