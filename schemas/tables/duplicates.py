"""One row per removed duplicate, with the evidence."""

from schemas.table import Column, Table

duplicates = Table(
    name="duplicates",
    meaning="One row per removed duplicate, with the evidence.",
    columns=(
        Column("doc_id", "UBIGINT", "the removed document"),
        Column("step", "INTEGER", "step that removed it"),
        Column("method", "VARCHAR", "deduplicator that found it"),
        Column("survivor_id", "UBIGINT", "member of its cluster that stays"),
        Column("similarity", "DOUBLE", "verified Jaccard similarity of the two, in [0, 1]"),
        Column("cluster_id", "UBIGINT", "cluster, named by its survivor"),
    ),
    key=("doc_id",),
)
