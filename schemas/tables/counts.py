"""What stood after each step, counted while it ran; audits hold it against the drops."""

from schemas.table import Column, Table

counts = Table(
    name="counts",
    meaning="One row per step and source: what was left after it, counted while it ran.",
    columns=(
        Column("step", "INTEGER", "step, 0 for reading"),
        Column("source", "VARCHAR", "source"),
        Column("documents", "BIGINT", "documents left"),
        Column("bytes", "BIGINT", "their text in UTF-8 bytes"),
        Column("tokens", "BIGINT", "their tokens"),
    ),
    key=("step", "source"),
)
