"""One row per piece of a document at a place in a context."""

from schemas.table import Column, Table

segments = Table(
    name="segments",
    meaning="One row per piece of a document at a place in a context.",
    columns=(
        Column("context_id", "BIGINT", "context, from 0, in the order of training"),
        Column("position", "INTEGER", "place in the context, from 0"),
        Column("doc_id", "UBIGINT", "document"),
        Column("copy", "INTEGER", "which copy, from 0"),
        Column("start", "BIGINT", "first token of the document in this piece"),
        Column("stop", "BIGINT", "first token after the piece"),
        Column("loss_weight", "DOUBLE", "weight of the piece's tokens in the loss"),
        Column("position_offset", "BIGINT", "position id of the piece's first token"),
    ),
    key=("context_id", "position"),
)
