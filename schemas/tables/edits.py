"""One row per span of a text to cut or replace at export."""

from schemas.table import Column, Table

edits = Table(
    name="edits",
    meaning="One row per span of a text to cut or replace at export.",
    columns=(
        Column("doc_id", "UBIGINT", "document to edit"),
        Column("step", "INTEGER", "step that asked for it"),
        Column("start", "BIGINT", "first character of the span"),
        Column("stop", "BIGINT", "first character after the span"),
        Column("replacement", "VARCHAR", "text to put there"),
        Column("reason", "VARCHAR", "unit or rule that asked for it"),
    ),
    key=("doc_id", "start"),
)
