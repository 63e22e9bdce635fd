"""One row per span of a text to cut or replace at export."""

from schemas.table import Column, Table

edits = Table(
    name="edits",
    meaning="One row per span of a text to cut or replace at export.",
    columns=(
        Column("doc_id", "UBIGINT", "document to edit"),
        Column("step", "INTEGER", "step that asked for it"),
        Column("start", "BIGINT", "first character of the span, in the text as read"),
        Column("stop", "BIGINT", "first character after the span"),
        Column("replacement", "VARCHAR", "text to put there; empty for a cut"),
        Column("reason", "VARCHAR", "unit that asked for it, and what it found: 'pii.email'"),
    ),
    key=("doc_id", "start"),
)
