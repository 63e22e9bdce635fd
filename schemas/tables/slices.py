"""Which part holds which slice of which input file."""

from schemas.table import Column, Table

slices = Table(
    name="slices",
    meaning="One row per slice of an input file, in the part that one task read.",
    columns=(
        Column("part", "INTEGER", "part that holds its records"),
        Column("slice", "INTEGER", "number of the slice in that part, from 0"),
        Column("source", "VARCHAR", "source"),
        Column("file", "VARCHAR", "input file, relative to its source"),
        Column("records", "BIGINT", "records found in it"),
        Column("record_bytes", "BIGINT", "size of those records, decoded"),
    ),
    key=("part", "slice"),
)
