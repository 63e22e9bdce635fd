"""Documents whose texts are equal to the byte."""

import numpy as np
import pyarrow as pa

from schemas.errors import UnitError
from tasks.deduplicate._clusters import RECALL, Duplicates, by_doc_id, duplicates, ranked


def exact(documents: pa.Table, *, prefer: str | None = None) -> Duplicates:
    """Keep one of the documents with the same content hash.

    ``documents`` has doc_id, content_hash (128 bits; null: never a duplicate), characters and the score that ``prefer``
    names. The highest score survives, then the lowest doc_id. Needs 40 bytes per document.
    With 128 bits two texts in 10^12 share a hash by chance with probability below 10^-14.

    Source: Lee et al. 2022, arXiv:2107.06499 (what duplicates do); exact hashing as in CCNet, arXiv:1911.00359.

    >>> documents = {"doc_id": [1, 2, 3], "content_hash": [b"x", b"y", b"x"], "characters": [9, 9, 9]}
    >>> exact(pa.table(documents)).removed.select(["doc_id", "survivor_id"]).to_pylist()
    [{'doc_id': 3, 'survivor_id': 1}]
    """
    if "content_hash" not in documents.column_names:
        raise UnitError("exact deduplication needs the column content_hash")
    doc_ids, rank = ranked(documents, prefer)
    hashes = documents["content_hash"].combine_chunks().dictionary_encode()
    codes = by_doc_id(documents.append_column("code", hashes.indices.fill_null(-1)), "code")
    known = np.flatnonzero(codes >= 0)
    order = known[np.lexsort((rank[known], codes[known]))]
    first = np.ones(len(order), bool)
    first[1:] = codes[order][1:] != codes[order][:-1]
    survivors = order[first][np.cumsum(first) - 1]
    lost = ~first
    statistics = {"documents": len(doc_ids), "clusters": len(np.unique(survivors[lost]))}
    return duplicates(
        "exact", doc_ids[order[lost]], doc_ids[survivors[lost]], np.ones(lost.sum()), statistics, RECALL.empty_table()
    )
