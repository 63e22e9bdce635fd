"""One row per figure about an annotation, a deduplication, the edits, the order or the packing."""

from schemas.table import Column, Table

metrics = Table(
    name="metrics",
    meaning="One row per figure about a deduplication, the order or the packing.",
    columns=(
        Column("step", "INTEGER", "order or pack step"),
        Column("name", "VARCHAR", "figure"),
        Column("value", "DOUBLE", "its value"),
    ),
    key=("step", "name"),
)
