"""Documents whose texts are equal to the byte."""

import numpy as np
import pyarrow as pa

from schemas.errors import UnitError
from tasks.deduplicate._clusters import RECALL, Duplicates, Ids, Numbers, duplicates, ranked
from tasks.distinct import distinct

NEEDS = ("content_hash",)


def exact(documents: pa.Table, *, prefer: str | None = None) -> Duplicates:
    """Keep one of the documents with the same content hash.

    ``documents`` has doc_id, content_hash (16 bytes; null: never a duplicate), characters and the score that ``prefer``
    names. The highest score survives, then the lowest doc_id. Needs 140 bytes per document. The probability that any
    two of 10^12 different texts share their 128 bits is below 10^-14.

    Source: Lee et al. 2022, arXiv:2107.06499 (what duplicates do to a model); hash of the whole text: Gristmill.

    >>> documents = {"doc_id": [1, 2, 3], "content_hash": [b"x" * 16, b"y" * 16, b"x" * 16], "characters": [9, 9, 9]}
    >>> exact(pa.table(documents)).removed.select(["doc_id", "survivor_id"]).to_pylist()
    [{'doc_id': 3, 'survivor_id': 1}]
    """
    doc_ids, rank = ranked(documents, prefer)
    known, halves = _hashes(documents)
    by_id = np.searchsorted(doc_ids, documents["doc_id"].cast(pa.uint64()).to_numpy()[known])
    order = np.lexsort((rank[by_id], halves[:, 1], halves[:, 0]))
    first = np.ones(len(order), bool)
    first[1:] = (halves[order[1:]] != halves[order[:-1]]).any(axis=1)
    ids = doc_ids[by_id[order]]
    survivors = ids[first][np.cumsum(first) - 1]
    lost = ~first
    statistics = {"documents": len(doc_ids), "clusters": len(distinct(survivors[lost]))}
    return duplicates("exact", ids[lost], survivors[lost], np.ones(lost.sum()), statistics, RECALL.empty_table())


def _hashes(documents: pa.Table) -> tuple[Numbers, Ids]:
    """Return the rows that have a hash, and their hashes as two 64-bit numbers each."""
    if "content_hash" not in documents.column_names:
        raise UnitError("exact deduplication needs the column content_hash")
    column = documents["content_hash"].combine_chunks()
    known = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False)).astype(np.int64)
    try:
        fixed = column.drop_null().cast(pa.binary(16))
    except pa.ArrowInvalid as error:
        raise UnitError(f"content_hash must have 16 bytes: {error}") from None
    data = np.frombuffer(fixed.buffers()[1] or b"", np.uint8)[16 * fixed.offset :][: 16 * len(fixed)]
    return known, data.view(np.uint64).reshape(-1, 2)
