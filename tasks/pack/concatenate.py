"""Packing without padding: documents joined in order and cut every so many tokens."""

import numpy as np
import pyarrow as pa

from schemas.recipe import Count
from tasks.distinct import distinct
from tasks.pack._segments import segments_table, shuffled, token_counts

CUTS = True


def concatenate(documents: pa.Table, *, context_length: Count = 2048, seed: int = 0, shuffle: bool = True) -> pa.Table:
    """Join documents in order and cut every ``context_length`` tokens; the last context is shorter.

    No padding, but documents are cut wherever a context ends. ``documents`` has doc_id, copy and tokens, in order.
    With ``shuffle`` the contexts are then shuffled by ``seed``.

    Returns the segments: context_id, position, doc_id, copy, start, stop (tokens). Raises UnitError for a document
    without tokens.

    Source: Brown et al. 2020, arXiv:2005.14165, section 2.3 and appendix B.

    >>> table = pa.table({"doc_id": [7, 8], "copy": [0, 0], "tokens": [3, 2]})
    >>> concatenate(table, context_length=4, shuffle=False).select(["context_id", "doc_id", "start"]).to_pydict()
    {'context_id': [0, 0, 1], 'doc_id': [7, 8, 8], 'start': [0, 0, 1]}
    """
    tokens = token_counts(documents)
    ends = np.cumsum(tokens)
    total = int(ends[-1]) if len(ends) else 0
    begins = distinct(np.append(ends - tokens, np.arange(0, total, context_length)))
    row = np.searchsorted(ends, begins, side="right")
    start = begins - (ends - tokens)[row]
    stop = np.append(begins[1:], total)[: len(begins)] - (ends - tokens)[row]
    context = begins // context_length
    if shuffle:
        context = shuffled(context, -(-total // context_length), seed)
    return segments_table(documents, row, start, stop, context)
