"""One row per written file."""

from schemas.table import Column, Table

exports = Table(
    name="exports",
    meaning="One row per written file.",
    columns=(
        Column("format", "VARCHAR", "writer"),
        Column("content", "VARCHAR", "documents or contexts"),
        Column("path", "VARCHAR", "path within the release"),
        Column("documents", "BIGINT", "document occurrences in the file"),
        Column("contexts", "BIGINT", "contexts in the file"),
        Column("tokens", "BIGINT", "tokens in the file"),
        Column("bytes", "BIGINT", "size of the file"),
        Column("sha256", "VARCHAR", "SHA-256 of the file"),
    ),
    key=("path",),
)
