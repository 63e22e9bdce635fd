"""One row per piece of a context: a span of a document, or tokens inserted beside them."""

from schemas.table import Column, Table

segments = Table(
    name="segments",
    meaning="One row per piece of a context: a span of a document, or tokens inserted beside them.",
    columns=(
        Column("context_id", "BIGINT", "context, from 0, in the order of training"),
        Column("position", "INTEGER", "place in the context, from 0"),
        Column("doc_id", "UBIGINT", "document; null: of none"),
        Column("copy", "INTEGER", "which copy, from 0"),
        Column("start", "BIGINT", "first token of the document in this piece"),
        Column("stop", "BIGINT", "first token after the piece; start, where tokens were inserted"),
        Column("inserted", "INTEGER[]", "ids of the inserted tokens; null: those of the document"),
        Column("role", "VARCHAR", "text, or what the inserted tokens are"),
        Column("loss_weight", "DOUBLE", "weight of the piece's tokens in the loss; 0: masked"),
        Column("position_offset", "BIGINT", "position id of the piece's first token"),
        Column("attention", "INTEGER", "pieces of a context with the same number see each other"),
        Column("causal", "BOOLEAN", "false: these tokens of one attention number all see each other"),
    ),
    key=("context_id", "position"),
)
