"""How well a scorer that learnt from labels agrees with labels that it has not seen."""

from schemas.table import Column, Table

agreement = Table(
    name="agreement",
    meaning="One row per figure about a learnt score, measured on documents that were held out.",
    columns=(
        Column("step", "INTEGER", "score step"),
        Column("unit", "VARCHAR", "scorer"),
        Column("head", "VARCHAR", "what was learnt"),
        Column("metric", "VARCHAR", "figure: r, spearman, mae, f1, kappa, accuracy, auc, calibration_error..."),
        Column("part", "VARCHAR", "the label or the bin that the figure is of; null for all", optional=True),
        Column("source", "VARCHAR", "the source that the figure is of; null for all", optional=True),
        Column("value", "DOUBLE", "its value"),
        Column("documents", "BIGINT", "held-out documents or paragraphs that it is measured on"),
    ),
    key=("step", "unit", "head", "metric", "part", "source"),
)
