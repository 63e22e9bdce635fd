"""One row per kept document and copy: its place in the order."""

from schemas.table import Column, Table

places = Table(
    name="places",
    meaning="One row per kept document and copy: its place in the order.",
    columns=(
        Column("position", "BIGINT", "place in the order, from 0"),
        Column("doc_id", "UBIGINT", "document"),
        Column("copy", "INTEGER", "which copy, from 0"),
    ),
    key=("position",),
)
