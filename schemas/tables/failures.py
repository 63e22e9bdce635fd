"""One row per record or file that could not be processed."""

from schemas.table import Column, Table

failures = Table(
    name="failures",
    meaning="One row per record or file that could not be processed.",
    columns=(
        Column("step", "INTEGER", "step at which it failed"),
        Column("source", "VARCHAR", "source"),
        Column("file", "VARCHAR", "input file, relative to its source"),
        Column("row", "BIGINT", "record in that file, from 0"),
        Column("place", "BIGINT", "byte offset of the line in the decoded file, or record number"),
        Column("bytes", "BIGINT", "size of the record"),
        Column("doc_id", "UBIGINT", "document, if it had become one"),
        Column("error", "VARCHAR", "what went wrong"),
    ),
    key=("source", "file", "place", "step"),
)
