"""One row per document copy whose tokens the contexts do not hold exactly once."""

from schemas.table import Column, Table

emitted = Table(
    name="emitted",
    meaning="One row per document copy whose tokens the contexts do not hold exactly once.",
    columns=(
        Column("doc_id", "UBIGINT", "document"),
        Column("copy", "INTEGER", "which copy, from 0"),
        Column("dropped", "BIGINT", "tokens that are in no context"),
        Column("repeated", "BIGINT", "tokens beyond the first occurrence of each"),
    ),
    key=("doc_id", "copy"),
)
