"""The cluster of documents that a document is in, to filter by subject: each cluster is looked at, then decided on.

Peers that filter by topic embed documents with a language model and label clusters with another. Here a document is a
projection of its hashed words, weighted by rarity, and k-means of FAISS groups a sample in seconds; the cards that the
ledger's table ``clusters`` holds (words that set a cluster apart, its size, documents nearest to its center) are for a
person to read, and ``infra/sql/clusters.sql`` adds the mean of every score. Clusters tell subjects and kinds of text
apart, not shades of meaning. One core reads 60 MB/s, the words given.
"""

from typing import Annotated

import faiss
import numpy as np
import pyarrow as pa
from pydantic import Field

from schemas.errors import UnitError
from schemas.recipe import Count, FilePath
from schemas.table import Column
from schemas.tables import tables
from tasks.sample import Sample
from tasks.score._cards import cards, clustering_of, decided
from tasks.score._clusters import DIMENSIONS, nearest_of, points, rarity
from tasks.text.batch import TextBatch

COLUMNS = (
    Column("cluster", "VARCHAR", "cluster that the document is in; null: no word that tells", optional=True),
    Column("cluster_distance", "DOUBLE", "distance from its center, from 0 to 2; null: no cluster", optional=True),
    Column(
        "cluster_weight", "DOUBLE", "what the decisions say of its cluster: 1 keep, 0 drop; null: none", optional=True
    ),
)
MOST = 1_000  # clusters by default: a person has to look at them
ITERATIONS, ATTEMPTS = 25, 3


def fit(
    drawn: Sample,
    *,
    sample: Count = 20_000,
    clusters: Annotated[int, Field(ge=2)] | None = None,
    decisions: FilePath | None = None,
    seed: int,
) -> dict[str, np.ndarray]:
    """Group the ``sample`` documents drawn into ``clusters``, by default the root of half their number.

    ``seed`` places the first centers. Raises UnitError if no document has a word that tells, or if ``decisions`` are
    about other clusters.
    """
    ordered = Sample(drawn.documents.sort_by("doc_id"), drawn.labels)
    rarities = rarity(ordered.batches())
    found = np.concatenate([np.zeros((0, DIMENSIONS), np.float32), *(points(b, rarities) for b in ordered.batches())])
    told = found.any(1)
    if not told.any():
        raise UnitError("cluster: the sample has no document with a word that tells it from others")
    size = clusters or min(MOST, max(2, int(np.sqrt(told.sum() / 2))))
    centers = _centers(found[told], size, seed)
    labels, distances = nearest_of(found, centers)
    labels[~told] = -1
    learnt = {"rarities": rarities, "centers": centers} | cards(ordered, labels, distances, len(centers))
    return learnt | {"weights": decided(decisions, len(centers), clustering_of(centers))}


def _centers(found: np.ndarray, size: int, seed: int) -> np.ndarray:
    """Centers of clusters, that of most points first; one thread, since threads add up in the order they end."""
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        means = faiss.Kmeans(
            found.shape[1], min(size, len(np.unique(found, axis=0))), niter=ITERATIONS, nredo=ATTEMPTS,
            seed=seed % (1 << 31), min_points_per_centroid=1, max_points_per_centroid=len(found),
        )  # fmt: skip
        means.train(np.ascontiguousarray(found, np.float32))
    finally:
        faiss.omp_set_num_threads(threads)
    centers = np.asarray(means.centroids, float)
    labels, _ = nearest_of(found, centers)
    counts = np.bincount(labels, minlength=len(centers))
    return centers[np.lexsort((*centers.T[::-1], -counts))][: max(1, np.count_nonzero(counts))]


def tables_of(fitted: dict[str, np.ndarray], step: int, unit: str) -> dict[str, pa.Table]:
    """Return the rows of the ledger's table ``clusters`` for a ``step``."""
    count = len(fitted["centers"])
    rows = {
        "step": [step] * count,
        "cluster": _names(count),
        "clustering": [clustering_of(fitted["centers"])] * count,
        "documents": fitted["documents"],
        "share": fitted["documents"] / max(fitted["documents"].sum(), 1),
        "distance": fitted["distance"],
        "terms": [[str(term) for term in row if term] for row in fitted["terms"]],
        "nearest": [row[:held] for row, held in zip(fitted["nearest"], fitted["held"], strict=True)],
        "weight": fitted["weights"],
    }
    schema = tables()["clusters"].arrow
    return {"clusters": pa.table([pa.array(rows[f.name], f.type) for f in schema], schema=schema)}


def _names(count: int) -> list[str]:
    return [f"c{number:03}" for number in range(count)]


def cluster(batch: TextBatch, *, fitted: dict[str, np.ndarray]) -> dict[str, pa.Array]:
    """Cluster of a document among those found in a sample, its distance from the center, and what was decided on it.

    A first run shows the clusters; decisions follow, as a rule such as ``cluster not in [c003, c017]``, or as a file:
    `gristmill sql "SELECT cluster, clustering, 'keep' AS decision, terms FROM clusters" -f csv` prints one in which a
    person writes ``keep``, ``drop`` or a weight; ``decisions`` names it, and ``cluster_weight > 0`` is the rule (or
    ``select`` by it). Names hold for one clustering: other documents, settings or seed give other clusters, and
    decisions about others are refused. A rule by name is not: prefer the file where input grows.

    Source: 01.AI 2024, arXiv:2403.04652, section 2.1 (clusters labelled, then filtered); words in place of embeddings
    and all settings: Gristmill.
    """
    found = points(batch, fitted["rarities"])
    clusters, distances = nearest_of(found, fitted["centers"])
    none = ~found.any(1)
    names = pa.array(_names(len(fitted["centers"])), pa.string())
    return {
        "cluster": names.take(pa.array(clusters, mask=none)),
        "cluster_distance": pa.array(distances, mask=none),
        "cluster_weight": pa.array(fitted["weights"][clusters], mask=none),
    }
