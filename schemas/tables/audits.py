"""One row per law checked in this run."""

from schemas.table import Column, Table

audits = Table(
    name="audits",
    meaning="One row per law checked in this run.",
    columns=(
        Column("law", "VARCHAR", "the law"),
        Column("offenders", "BIGINT", "rows that break it"),
        Column("allowed", "BIGINT", "how many may"),
        Column("passed", "BOOLEAN", "whether it holds"),
        Column("example", "VARCHAR", "one offender"),
    ),
    key=("law",),
)
