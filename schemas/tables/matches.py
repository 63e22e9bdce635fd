"""One row per span of a document that holds a part of an evaluation item."""

from schemas.table import Column, Table

matches = Table(
    name="matches",
    meaning="One row per span of a document that holds a part of an evaluation item.",
    columns=(
        Column("step", "INTEGER", "decontaminate step"),
        Column("method", "VARCHAR", "decontaminator that found it"),
        Column("doc_id", "UBIGINT", "document"),
        Column("evaluation", "VARCHAR", "evaluation set: the name of its file"),
        Column("item", "VARCHAR", "the item's own id, or its number in the file, from 0"),
        Column("start", "BIGINT", "first character of the span"),
        Column("stop", "BIGINT", "first character after the span"),
        Column("overlap", "DOUBLE", "share of the item that the whole document holds, in (0, 1]"),
        Column("action", "VARCHAR", "what became of the span: drop, cut, or flag if it stays"),
        Column("snippet", "VARCHAR", "the span, 200 characters of it at most"),
    ),
    key=("step", "method", "doc_id", "evaluation", "item", "start"),
)
