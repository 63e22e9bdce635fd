"""In-context order: related documents next to each other, so that a context is about one thing."""

from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.errors import RecipeError
from schemas.table import Column
from tasks.order._embedding import embeddings
from tasks.order._features import word_counts
from tasks.order._neighbors import Mapper
from tasks.order._pipeline import arrange, relate, vectors_of
from tasks.text.batch import TextBatch

COLUMNS = (
    Column("word_buckets", "USMALLINT[]", "hash buckets of the document's most frequent words, most frequent first"),
    Column("word_counts", "UTINYINT[]", "how often each of those buckets occurs, at most 255"),
    Column("embedding", "FLOAT[]", "embedding by the model that the recipe names; empty without one"),
)


def measure(batch: TextBatch, *, features: int = 256, model: str | None = None) -> dict[str, pa.Array]:
    """Count hashed words (at most 3 x ``features`` bytes per document), or embed with ``model`` instead."""
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
    neighbors: int = 10,
    traversal: Literal["greedy_edges", "residual_degree"] = "greedy_edges",
    apart: float = 0.9,
    apart_tokens: int = 8192,
    dimensions: int = 128,
    features: int = 256,
    model: str | None = None,
    mapper: Mapper = map,
) -> NDArray[np.int64]:
    """Related documents next to each other, near-duplicates apart (In-Context Pretraining).

    ``documents`` needs doc_id, tokens and the columns of ``measure``. Returns int64 row numbers in the new order, the
    same documents in the same order however the rows arrive.

    Each document is linked to its ``neighbors`` nearest by the cosine of its word weights (of ``features`` hashed
    words; candidates are sought with FAISS in their ``dimensions`` main directions) or of the embeddings of ``model``
    (a local folder or hub name). ``traversal`` makes a path of these links: the heaviest edges first, or the paper's
    walk from the document with the fewest unvisited neighbors to the most similar one. Documents with a cosine above
    ``apart`` are never linked and are kept ``apart_tokens`` from each other, at least the length of a context.

    Slices of the search go through ``mapper(function, slices)``, where ``function`` is ``partial(search, index)``.

    Source: Shi et al. 2023, arXiv:2310.10638, algorithm 1; greedy_edges: Gristmill.
    """
    _check(neighbors=neighbors, dimensions=dimensions, features=features, apart_tokens=apart_tokens)
    if not 0.0 < apart <= 1.0:
        raise RecipeError(f"order in_context: apart is a cosine in (0, 1], got {apart}")
    rows = np.argsort(documents["doc_id"].to_numpy(), kind="stable")
    if len(rows) < 2:
        return rows
    documents = documents.take(pa.array(rows))
    vectors = vectors_of(documents, dimensions=dimensions, seed=seed, model=model)
    related = relate(vectors, neighbors=neighbors, seed=seed, mapper=mapper)
    path = arrange(
        related,
        documents["tokens"].to_numpy().astype(np.int64),
        neighbors=neighbors,
        traversal=traversal,
        apart=apart,
        apart_tokens=apart_tokens,
        seed=seed,
        mapper=mapper,
    )
    return rows[path.order]


def _check(**counts: int) -> None:
    for name, value in counts.items():
        if value < 1:
            raise RecipeError(f"order in_context: {name} must be at least 1, got {value}")
