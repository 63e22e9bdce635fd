"""One row per document drawn for a person to look at, behind a rule that is for some documents only."""

from schemas.table import Column, Table

audit_samples = Table(
    name="audit_samples",
    meaning="One row per document drawn for a person to look at, behind a rule that is for some documents only.",
    columns=(
        Column("step", "INTEGER", "filter step"),
        Column("rule", "VARCHAR", "rule with a `where`"),
        Column("drawn_from", "VARCHAR", "dropped; escalated: met the rule and passed; unmet: the rule was not for it"),
        Column("number", "INTEGER", "from 1, in the order of drawing"),
        Column("doc_id", "UBIGINT", "document"),
        Column("documents", "BIGINT", "documents that it was drawn from"),
    ),
    key=("step", "rule", "drawn_from", "number"),
)
