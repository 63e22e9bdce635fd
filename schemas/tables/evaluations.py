"""One row per evaluation set that was looked for, with how much of it was found and is left."""

from schemas.table import Column, Table

evaluations = Table(
    name="evaluations",
    meaning="One row per evaluation set that was looked for, with how much of it was found and is left.",
    columns=(
        Column("step", "INTEGER", "decontaminate step"),
        Column("method", "VARCHAR", "decontaminator that looked for it"),
        Column("evaluation", "VARCHAR", "evaluation set: the name of its file"),
        Column("items", "BIGINT", "items that it has"),
        Column("sought", "BIGINT", "of them, those long enough to be found"),
        Column("found", "BIGINT", "items of which a document holds a part"),
        Column("found_share", "DOUBLE", "the same in all items, in [0, 1]"),
        Column("documents", "BIGINT", "documents that hold a part of an item"),
        Column("tokens", "BIGINT", "their tokens"),
        Column("found_after", "BIGINT", "items of which a document holds a part after the step"),
        Column("documents_after", "BIGINT", "documents that hold a part of an item after the step"),
    ),
    key=("step", "method", "evaluation"),
)
