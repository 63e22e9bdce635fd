"""Trees of documents: each brings those most like it, and they bring theirs, until a context is full.

One branch makes a path, as in-context order does, from seeded beginnings instead of lonely ones; many branches make a
star around a document. Documents are used once, so the last trees find little and come near to a random order.
Not part of it: the folder tree as a retriever (order ``repository``), and the cut of a context's last document, which
is the packer's.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from schemas.recipe import Count, From0, Share
from schemas.table import Column
from tasks.draw import noise
from tasks.order import in_context
from tasks.order._cells import Source
from tasks.order._neighbors import Mapper
from tasks.order._pipeline import Settings, neighbors_of, sliced
from tasks.order._search import Asked, calibrated, search
from tasks.order._terms import TERM_COLUMNS, count_terms
from tasks.order._trees import grow_among, laid_down
from tasks.order._vectors import PPM
from tasks.order._words_search import grow
from tasks.text.batch import TextBatch

Retriever = Literal["vectors", "words"]
LEAST_NEIGHBORS = 10


def columns(*, retriever: Retriever = "vectors") -> tuple[Column, ...]:
    """The columns that ``measure`` gives for a retriever."""
    return in_context.COLUMNS if retriever == "vectors" else TERM_COLUMNS


def measure(
    batch: TextBatch,
    *,
    retriever: Retriever = "vectors",
    features: Count = 256,
    model: str | None = None,
    terms: Count = 512,
    query: Count = 300,
) -> dict[str, Any]:
    """Count words as the retriever needs them: as ``in_context`` does for vectors, as ``chain`` does for words."""
    if retriever == "vectors":
        return in_context.measure(batch, features=features, model=model)
    return count_terms(batch, terms=terms, query=query)


def tree(
    documents: pa.Table,
    *,
    seed: int,
    branches: Count = 1,
    inside: Literal["breadth", "reversed", "depth", "random"] = "breadth",
    retriever: Retriever = "vectors",
    context_length: Count = 32_768,
    dimensions: Count = 128,
    features: Count = 256,
    model: str | None = None,
    terms: Count = 512,
    query: Count = 300,
    buffer: Count = 4096,
    k1: From0 = 1.5,
    b: Share = 0.75,
    measured: Sequence[str] | None = None,
    folder: Path | None = None,
    mapper: Mapper = map,
) -> NDArray[np.int64]:
    """Trees of related documents, one per context: each document brings the most similar ones left (SPLiCe).

    ``documents`` needs doc_id and tokens, and the columns of ``measure`` unless ``measured`` names Parquet files with
    doc_id and those. Returns int64 row numbers in the new order, the same documents in the same order however the rows
    arrive.

    A tree begins with a document drawn by ``seed``; breadth first, each brings the ``branches`` nearest that no tree
    has yet, until its tokens fill a context of ``context_length`` (counted from the beginning of the whole order, as
    documents that are joined and cut come to lie). ``inside`` a tree documents stand ``breadth`` first, ``reversed``,
    ``depth`` first or at ``random``. The ``retriever`` goes by ``vectors`` (of ``features`` words or of a ``model``,
    in cells by ``dimensions``, kept in ``folder``, all as for ``in_context``; four times as many neighbors as branches
    are sought among all documents, at least 40) or by ``words`` (BM25 over a ``buffer``, with the settings of
    ``chain``).

    Source: Staniszewski et al. 2023, arXiv:2312.17296, algorithm 1.
    """
    rows = np.argsort(documents["doc_id"].to_numpy(), kind="stable")
    if len(rows) < 2:
        return rows
    documents = documents.take(pa.array(rows))
    doc_ids = documents["doc_id"].to_numpy().astype(np.uint64)
    if retriever == "words":
        shape = {"branches": branches, "roots": 1, "context_length": context_length, "buffer": buffer}
        documents = _joined(documents, measured) if measured is not None else documents
        grown = grow(documents, **shape, k1=k1, b=b, seed=seed, mapper=mapper)
    else:
        sources = sliced(documents) if measured is None else list(measured)
        settings = Settings(4 * max(branches, LEAST_NEIGHBORS), "greedy_edges", 1.0, 1, dimensions, seed)
        with nullcontext(folder) if folder else TemporaryDirectory(prefix="tree-") as where:
            ids = _by_vectors(documents, sources, Path(where), settings, mapper, worded=model is None)
        roots = np.argsort(noise(doc_ids, seed), kind="stable")
        tokens = documents["tokens"].to_numpy().astype(np.int64)
        grown = grow_among(ids, roots, tokens, branches=branches, context_length=context_length)
    return rows[laid_down(grown, doc_ids, inside=inside, seed=seed)]


def _by_vectors(
    documents: pa.Table, sources: Sequence[Source], folder: Path, settings: Settings, mapper: Mapper, worded: bool
) -> NDArray[np.int32]:
    """The neighbors of every document, by ascending doc_id."""
    cells = neighbors_of(documents["doc_id"].to_numpy(), sources, folder, settings, mapper, worded)
    candidates = min(settings.neighbors, len(documents) - 1)
    effort, _ = calibrated(cells, neighbors=min(LEAST_NEIGHBORS, candidates), candidates=candidates, mapper=mapper)
    return search(cells, Asked(candidates, candidates, PPM, effort), mapper).ids


def _joined(documents: pa.Table, measured: Sequence[str]) -> pa.Table:
    """The documents, by ascending doc_id, with what files hold of them."""
    found = pa.concat_tables([pq.read_table(file, partitioning=None) for file in measured])
    rows = np.argsort(found["doc_id"].to_numpy(), kind="stable")
    places = np.searchsorted(found["doc_id"].to_numpy(), documents["doc_id"].to_numpy(), sorter=rows)
    found = found.take(pa.array(rows[places])).drop_columns("doc_id")
    for name in found.column_names:
        documents = documents.append_column(name, found[name])
    return documents
