"""One row per step of the recipe; step 0 is reading."""

from schemas.table import Column, Table

steps = Table(
    name="steps",
    meaning="One row per step of the recipe; step 0 is reading.",
    columns=(
        Column("step", "INTEGER", "0 for reading, then 1, 2, … as written in the recipe"),
        Column("kind", "VARCHAR", "read, or what the recipe says: score, filter, select, …"),
        Column("settings", "VARCHAR", "the step as resolved, JSON"),
    ),
    key=("step",),
)
