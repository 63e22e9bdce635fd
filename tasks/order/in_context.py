"""In-context order: related documents next to each other, so that a context is about one thing."""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.recipe import Count, ShareAbove0
from schemas.table import Column
from tasks.order._embedding import embeddings
from tasks.order._features import word_counts
from tasks.order._neighbors import Mapper
from tasks.order._pipeline import Settings, arrange, sliced
from tasks.text.batch import TextBatch

COLUMNS = (
    Column("word_buckets", "INTEGER[]", "hash buckets of the document's most frequent words, most frequent first"),
    Column("word_counts", "UTINYINT[]", "how often each of those buckets occurs, at most 255"),
    Column("embedding", "FLOAT[]", "embedding by the model that the recipe names; empty without one"),
)


def measure(batch: TextBatch, *, features: Count = 256, model: str | None = None) -> dict[str, pa.Array]:
    """Count hashed words (at most 5 x ``features`` bytes per document), or embed with ``model`` instead."""
    if model is not None:
        none = np.zeros(len(batch) + 1, np.int64)
        buckets, counts = word_counts(np.zeros(0, np.uint64), none, 0)
        return {"word_buckets": buckets, "word_counts": counts, "embedding": embeddings(batch.texts, model)}
    buckets, counts = word_counts(batch.words.hashes, batch.words.offsets, features)
    nothing = pa.array([[]] * len(batch), pa.list_(pa.float32()))
    return {"word_buckets": buckets, "word_counts": counts, "embedding": nothing}


def in_context(
    documents: pa.Table,
    *,
    seed: int,
    neighbors: Count = 10,
    traversal: Literal["greedy_edges", "residual_degree"] = "greedy_edges",
    apart: ShareAbove0 = 0.9,
    apart_tokens: Count = 8192,
    dimensions: Count = 128,
    features: Count = 256,
    model: str | None = None,
    measured: Sequence[str] | None = None,
    folder: Path | None = None,
    mapper: Mapper = map,
) -> NDArray[np.int64]:
    """Related documents next to each other, near-duplicates apart (In-Context Pretraining).

    ``documents`` needs doc_id and tokens, and the columns of ``measure`` unless ``measured`` names Parquet files with
    doc_id and those. Returns int64 row numbers in the new order, the same documents in the same order however the rows
    arrive.

    Each document is linked to its ``neighbors`` nearest by the cosine of its word weights (of ``features`` hashed
    words) or of the embeddings of ``model`` (a local folder or hub name). More than 131,072 documents (8,192 with a
    model) are put in coarse cells by their ``dimensions`` main directions, and sought in the nearest cells. How far to
    look is raised until 95 % of the true neighbors of a sample are found. ``traversal`` makes a path of these links:
    the heaviest edges first, or the paper's walk from the document with the fewest unvisited neighbors to the most
    similar one. Documents with a cosine above ``apart`` are never linked and are kept ``apart_tokens`` from each other,
    at least the length of a context.

    Cells and what was found in them are kept in ``folder``, where a second call finds them; their slices go through
    ``mapper(function, slices)``.

    Source: Shi et al. 2023, arXiv:2310.10638, algorithm 1; greedy_edges: Gristmill.
    """
    rows = np.argsort(documents["doc_id"].to_numpy(), kind="stable")
    if len(rows) < 2:
        return rows
    settings = Settings(neighbors, traversal, apart, apart_tokens, dimensions, seed)
    sources = sliced(documents) if measured is None else list(measured)
    ranked = documents.select(["doc_id", "tokens"]).take(pa.array(rows))
    with nullcontext(folder) if folder else TemporaryDirectory(prefix="in_context-") as where:
        way = arrange(ranked, sources, Path(where), settings, mapper, worded=model is None)
    return rows[way.order]
