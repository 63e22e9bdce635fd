"""One row per failed rule of a document that left, with the value that failed."""

from schemas.table import Column, Table

drops = Table(
    name="drops",
    meaning="One row per failed rule of a document that left, with the value that failed.",
    columns=(
        Column("doc_id", "UBIGINT", "the dropped document"),
        Column("step", "INTEGER", "step at which it left"),
        Column("rule", "VARCHAR", "rule that it failed"),
        Column("value", "DOUBLE", "the value it had; null for labels"),
        Column("label", "VARCHAR", "the label it had; null for numbers"),
        Column("threshold", "DOUBLE", "what the value was compared with"),
        Column("threshold_label", "VARCHAR", "what the label was compared with"),
    ),
    key=("doc_id", "step", "rule"),
)
