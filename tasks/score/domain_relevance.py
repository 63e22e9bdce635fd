"""How much more often texts like a document occur in a target than in the corpus.

Documents of corpus and target are clustered together; the two histograms over the clusters say how alike corpus and
target are (MAUVE, with its published settings), for the whole sample and for each domain: what is learnt holds these as
``similarity`` and ``similarities`` beside ``domains``. MAUVE compares sets and says nothing of one document; the score
of a document is ours: how much larger the target's share of its cluster is than the corpus's, as a logarithm. Points
are projections of hashed words, not embeddings by a language model, so figures are not those published for it. In the
published analysis similarity to the task did not explain what helps in-context learning. It reads 27 MB/s on one core,
after segmentation.
"""

from typing import Annotated

import numpy as np
import pyarrow as pa
from pydantic import Field
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from schemas.errors import UnitError
from schemas.recipe import Above0, Count, FilePath
from schemas.table import Column
from tasks.distinct import distinct
from tasks.read._whole import whole
from tasks.sample import Sample, pieces
from tasks.score._clusters import DIMENSIONS, nearest, points, principal, rarity
from tasks.score._divergence import similarity
from tasks.text.batch import TextBatch

COLUMNS = (
    Column(
        "domain_relevance",
        "DOUBLE",
        "ln(share of the target / share of the corpus in the document's cluster); null: no word that tells",
        optional=True,
    ),
    Column("domain_cluster", "INTEGER", "the cluster that the document is in; null: no word that tells", optional=True),
)
KMEANS = {"n_init": 5, "max_iter": 500}


def read_files(*, target: FilePath) -> None:
    """Raise InputError if a file cannot be read."""
    whole(target)


def fit(
    drawn: Sample,
    *,
    sample: Count = 5_000,
    target: FilePath,
    buckets: Annotated[int, Field(ge=2)] | None = None,
    explained: Annotated[float, Field(gt=0, lt=1)] = 0.9,
    mixtures: Annotated[int, Field(ge=2)] = 25,
    scale: Above0 = 5.0,
    seed: int,
) -> dict[str, np.ndarray]:
    """Cluster the ``sample`` documents drawn together with the files that ``target`` names.

    ``buckets``: clusters; by default a tenth of the smaller side, at least 2. ``explained``: the share of variance that
    the principal components keep. ``mixtures`` and ``scale``: of the similarity. ``seed`` places the first centers.
    Raises UnitError if either side has no document with a word.
    """
    documents = drawn.documents.sort_by("doc_id")
    rarities = rarity(TextBatch(piece["text"].combine_chunks()) for piece in pieces(documents))
    corpus, wanted = (_points(table, rarities) for table in (documents, whole(target)))
    told = corpus.any(1)
    if not told.any() or not wanted.any():
        raise UnitError("domain_relevance: the sample or the target has no document with a word that tells")
    both = np.concatenate([corpus[told], wanted[wanted.any(1)]])
    size = buckets or max(2, round(min(told.sum(), len(both) - told.sum()) / 10))
    mean, components = principal(both, explained)
    reduced = (both - mean) @ components.T
    means = KMeans(n_clusters=min(size, len(np.unique(reduced, axis=0))), random_state=seed % (1 << 32), **KMEANS)
    with threadpool_limits(1):  # threads would add up in the order in which they end
        centers = means.fit(reduced).cluster_centers_
    labels = nearest(both, mean, components, centers)
    domains = np.array(documents["domain"].to_pylist(), np.str_)[told]
    learnt = {"rarities": rarities, "mean": mean, "components": components, "centers": centers}
    return learnt | _compared(labels[: len(domains)], labels[len(domains) :], domains, len(centers), mixtures, scale)


def _points(table: pa.Table, rarities: np.ndarray) -> np.ndarray:
    found = [points(TextBatch(piece["text"].combine_chunks()), rarities) for piece in pieces(table)]
    return np.concatenate([np.zeros((0, DIMENSIONS), np.float32), *found])


def _compared(
    corpus: np.ndarray, target: np.ndarray, domains: np.ndarray, size: int, mixtures: int, scale: float
) -> dict[str, np.ndarray]:
    """Compare the clusters of the corpus's documents, and of those of each domain, with the target's."""
    ours, theirs = np.bincount(corpus, minlength=size), np.bincount(target, minlength=size)
    # Half a document more per cluster: a cluster that one side does not have at all has no infinite weight.
    logs = np.log(_shares(theirs + 0.5)) - np.log(_shares(ours + 0.5))
    named = distinct(domains)
    found = [
        similarity(_shares(np.bincount(chosen, minlength=size)), _shares(theirs), mixtures=mixtures, scale=scale)
        for chosen in (corpus, *(corpus[domains == name] for name in named))
    ]
    return {"logs": logs, "domains": named, "similarity": np.array(found[:1]), "similarities": np.array(found[1:])}


def _shares(counts: np.ndarray) -> np.ndarray:
    return counts / counts.sum()


def domain_relevance(batch: TextBatch, *, fitted: dict[str, np.ndarray]) -> dict[str, pa.Array]:
    """Log of how much larger the target's share of a document's cluster is than the corpus's, and the cluster.

    Source: Gristmill, on the histograms of Pillutla et al. 2021, arXiv:2102.01454; used as in Han et al. 2023,
    arXiv:2306.15091, section 4.1.
    """
    found = points(batch, fitted["rarities"])
    clusters = nearest(found, fitted["mean"], fitted["components"], fitted["centers"])
    none = ~found.any(1)
    return {
        "domain_relevance": pa.array(fitted["logs"][clusters], mask=none),
        "domain_cluster": pa.array(clusters.astype(np.int32), mask=none),
    }
