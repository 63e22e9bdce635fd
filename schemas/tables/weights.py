"""One row per document that reached the end, with its weight and copies."""

from schemas.table import Column, Table

weights = Table(
    name="weights",
    meaning="One row per document that reached the end, with its weight and copies.",
    columns=(
        Column("doc_id", "UBIGINT", "kept document"),
        Column("weight", "DOUBLE", "expected number of times it is seen (its domain's epochs)"),
        Column("copies", "INTEGER", "times it is written: the whole part, and one more by the hash for the fraction"),
    ),
    key=("doc_id",),
)
