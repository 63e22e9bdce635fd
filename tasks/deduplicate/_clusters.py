"""What every deduplicator shares: who survives, the table of removed documents, the largest clusters."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.errors import UnitError

Ids = np.ndarray[Any, np.dtype[np.uint64]]
Numbers = np.ndarray[Any, np.dtype[np.int64]]
Floats = np.ndarray[Any, np.dtype[np.float64]]

LARGEST = 20
REMOVED = pa.schema(
    [
        ("method", pa.string()),
        ("doc_id", pa.uint64()),
        ("survivor_id", pa.uint64()),
        ("similarity", pa.float64()),
        ("cluster_id", pa.uint64()),
    ]
)
CLUSTERS = pa.schema(
    [
        ("cluster_id", pa.uint64()),
        ("documents", pa.int64()),
        ("mean_similarity", pa.float64()),
        ("least_similarity", pa.float64()),
    ]
)
RECALL = pa.schema(
    [
        ("jaccard", pa.float64()),
        ("pairs", pa.int64()),
        ("found", pa.int64()),
        ("expected", pa.float64()),
        ("deviation", pa.float64()),
    ]
)


@dataclass(frozen=True)
class Duplicates:
    """What a deduplicator found.

    ``removed``: one row per removed document (method, doc_id, survivor_id, similarity, cluster_id), by doc_id.
    ``clusters``: the largest clusters: cluster_id (the survivor), documents (with it), mean and least similarity to it.
    ``statistics``: counts by name. ``recall``: measured share of pairs found against theory, one row per similarity.
    """

    removed: pa.Table
    clusters: pa.Table
    statistics: dict[str, int] = field(default_factory=dict)
    recall: pa.Table = field(default_factory=RECALL.empty_table)


def duplicates(
    method: str, doc_ids: Ids, survivors: Ids, similarity: Floats, statistics: dict[str, int], recall: pa.Table
) -> Duplicates:
    """Return the tables for these removed documents, whatever order they come in."""
    order = np.argsort(doc_ids)
    columns = [pa.array([method] * len(order), pa.string()), doc_ids[order], survivors[order], similarity[order]]
    removed = pa.table([*columns, survivors[order]], schema=REMOVED)
    return Duplicates(removed, largest(removed), {**statistics, "removed": len(order)}, recall)


def largest(removed: pa.Table, count: int = LARGEST) -> pa.Table:
    """Return the ``count`` largest clusters, larger first, then by cluster_id."""
    sums = removed.group_by("cluster_id", use_threads=False).aggregate(
        [("doc_id", "count"), ("similarity", "mean"), ("similarity", "min")]
    )
    sizes = pc.add(sums["doc_id_count"], 1)
    table = pa.table(
        [sums["cluster_id"], sizes, sums["similarity_mean"], sums["similarity_min"]], names=CLUSTERS.names
    ).cast(CLUSTERS)
    return table.sort_by([("documents", "descending"), ("cluster_id", "ascending")]).slice(0, count).combine_chunks()


def ranked(documents: pa.Table, prefer: str | None) -> tuple[Ids, Numbers]:
    """Return the doc_ids in ascending order and each one's rank: 0 is the document that survives against all others.

    Higher ``prefer`` first (no value counts as lowest), then more characters, then the lower doc_id: a total order, so
    that the survivor of a cluster depends on its members only. UnitError for a missing column or a repeated doc_id.
    """
    doc_ids = by_doc_id(documents, "doc_id")
    if len(doc_ids) and (doc_ids[1:] == doc_ids[:-1]).any():
        raise UnitError(f"doc_id {doc_ids[1:][doc_ids[1:] == doc_ids[:-1]][0]} is there twice")
    keys = [doc_ids, -by_doc_id(documents, "characters").astype(np.int64)]
    if prefer:
        keys.append(-_score(by_doc_id(documents, prefer), prefer))
    rank = np.empty(len(doc_ids), np.int64)
    rank[np.lexsort(keys)] = np.arange(len(doc_ids))
    return doc_ids, rank


def by_doc_id(documents: pa.Table, name: str) -> Any:
    """Return one column as an array, in order of doc_id (null: NaN); UnitError when it is not there."""
    for column in ("doc_id", name):
        if column not in documents.column_names:
            raise UnitError(f"deduplication needs the column {column}; there are: {', '.join(documents.column_names)}")
    doc_ids = documents["doc_id"].cast(pa.uint64()).to_numpy()
    return documents[name].to_numpy()[np.argsort(doc_ids)] if name != "doc_id" else np.sort(doc_ids)


def _score(values: Any, name: str) -> Floats:
    if values.dtype.kind not in "fiub":
        raise UnitError(f"prefer needs a column of numbers; {name} is not")
    score = np.asarray(values, np.float64)
    return np.where(np.isnan(score), -np.inf, score)
