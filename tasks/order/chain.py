"""Chains of documents that share words: each context follows from document to document, without embeddings.

The published code, as it comes, asks for the first document of a context again and again (a star); its text and its
settings mean a chain, and a chain is what this makes. It also drops the documents that are left at the end and keeps
the rest of a cut document under the wrong identity; here a chain is an order of whole documents, and nothing is lost.
A window of 4,096 documents is searched: what a document finds there grows with the share of the corpus in the window.
Cost: about 0.15 ms per document of 300 words; 5 bytes per distinct word.
"""

from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.recipe import Count, From0, Share
from tasks.order._terms import TERM_COLUMNS, count_terms
from tasks.order._words_search import Mapper, grow
from tasks.text.batch import TextBatch

COLUMNS = TERM_COLUMNS


def measure(batch: TextBatch, *, terms: Count = 512, query: Count = 300) -> dict[str, Any]:
    """Count hashed words: of the first ``terms`` distinct ones, and how many are in the first ``query`` words."""
    return count_terms(batch, terms=terms, query=query)


def chain(
    documents: pa.Table,
    *,
    seed: int,
    context_length: Count = 8192,
    buffer: Count = 4096,
    query: Count = 300,
    hops: Literal[1, 2] = 1,
    k1: From0 = 1.5,
    b: Share = 0.75,
    terms: Count = 512,
    mapper: Mapper = map,
) -> NDArray[np.int64]:
    """Chains of documents, each the one most like the beginning of the last by its words (BM25Chunk).

    ``documents`` needs doc_id, tokens and the columns of ``measure``. Returns int64 row numbers in the new order, the
    same documents in the same order however the rows arrive.

    A chain begins with the next document of a seeded order. Its first ``query`` words are looked for, by BM25 (``k1``,
    ``b``), in a window of ``buffer`` documents of that order, and the best one is next; if none has a word of them, the
    next document of the order is. A chain ends where its tokens fill a context of ``context_length``, counted from the
    beginning of the whole order, as documents that are joined and cut come to lie. ``hops: 2`` lays two chains by
    turns, so that like documents are one apart. At most the first ``terms`` distinct words of a document count. Equal
    documents by the seeded order. Shards of 65,536 documents go through ``mapper``.

    Source: Zhao et al. 2024, arXiv:2402.13991, section 2 (k1, b: Robertson and Zaragoza 2009, the usual values).
    """
    rows = np.argsort(documents["doc_id"].to_numpy(), kind="stable")
    if len(rows) < 2:
        return rows
    grown = grow(
        documents.take(pa.array(rows)),
        branches=1,
        roots=hops,
        context_length=context_length,
        buffer=buffer,
        k1=k1,
        b=b,
        seed=seed,
        mapper=mapper,
    )
    return rows[grown.sequence]
