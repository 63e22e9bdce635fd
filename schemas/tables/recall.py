"""Measured share of candidate pairs found against the theory of MinHash-LSH."""

from schemas.table import Column, Table

recall = Table(
    name="recall",
    meaning="Measured share of candidate pairs found against the theory of MinHash-LSH.",
    columns=(
        Column("step", "INTEGER", "deduplication step"),
        Column("jaccard", "DOUBLE", "mean similarity of the pairs in this bin"),
        Column("pairs", "BIGINT", "pairs looked at"),
        Column("found", "BIGINT", "pairs that share a band"),
        Column("expected", "DOUBLE", "expected share by the S-curve"),
        Column("deviation", "DOUBLE", "binomial standard deviation of that share"),
    ),
    key=("step", "jaccard"),
)
