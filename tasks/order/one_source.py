"""Contexts of one source each, the sources spread evenly: the plain order that content orders are compared with."""

from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.recipe import Count
from tasks.draw import noise, uniform


def one_source(
    documents: pa.Table,
    *,
    seed: int,
    context_length: Count = 8192,
    contexts: Count = 1,
    by: Literal["source", "domain"] = "source",
) -> NDArray[np.int64]:
    """Documents of one source next to each other, context after context, sources by their weight (UniChunk).

    ``documents`` needs doc_id, tokens and the column ``by`` (source or domain). Returns int64 row numbers in the new
    order, the same documents in the same order however the rows arrive.

    Every source's documents are shuffled by ``seed`` and dealt into stretches of ``contexts`` contexts of
    ``context_length`` tokens. The stretches of all sources are then laid down so that each source is spread evenly: any
    part of the order has the mixture that the copies of the documents (from the weights) give the whole. A packer that
    joins and cuts in this order puts at most the rest of one document of the source before into a stretch.

    Source: Zhao et al. 2024, arXiv:2402.13991, section 2; the even spread: Gristmill.

    >>> table = pa.table({"doc_id": pa.array(range(6), pa.uint64()), "tokens": [5] * 6, "source": list("ababab")})
    >>> "".join(table["source"].to_pylist()[i] for i in one_source(table, seed=1, context_length=10))
    'aabbab'
    """
    doc_ids = documents["doc_id"].to_numpy().astype(np.uint64)
    if len(doc_ids) == 0:
        return np.zeros(0, np.int64)
    names, source = np.unique(documents[by].to_numpy(zero_copy_only=False).astype(str), return_inverse=True)
    rows = np.lexsort((doc_ids, noise(doc_ids, seed), source))
    source = source[rows]
    starts = np.searchsorted(source, np.arange(len(names)))
    tokens = documents["tokens"].to_numpy().astype(np.int64)[rows]
    before = np.cumsum(tokens) - tokens
    stretch = (before - before[starts][source]) // (context_length * contexts)
    ends = np.append(starts[1:], len(rows)) - 1
    # One draw per source: where in its own rhythm it begins.
    offset = uniform(doc_ids[rows][starts], seed)
    place = (stretch + offset[source]) / (stretch[ends] + 1)[source]
    return rows[np.lexsort((np.arange(len(rows)), source, place))]
