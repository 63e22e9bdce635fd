"""One row per stratum of a selection: what was asked of it, what it had, what it gave."""

from schemas.table import Column, Table

quotas = Table(
    name="quotas",
    meaning="One row per stratum of a selection: the tokens asked of it, those it had and those it gave.",
    columns=(
        Column("step", "INTEGER", "select step"),
        Column("method", "VARCHAR", "unit that selected"),
        Column("stratum", "VARCHAR", "values of the columns selected by, from the outermost, joined by ' / '"),
        Column("quota", "BIGINT", "tokens asked of the stratum; null where documents are judged one by one", True),
        Column("available", "BIGINT", "tokens of its documents that could be taken, each once"),
        Column("redistributed", "BIGINT", "tokens added for strata that ran short; negative: asked of others instead"),
        Column("achieved", "BIGINT", "tokens taken, copies counted each time"),
        Column("shortfall", "BIGINT", "tokens of the quota that the stratum could not give"),
        Column("excess", "BIGINT", "tokens beyond what was asked of it in the end: the rest of its last document"),
        Column("candidates", "BIGINT", "documents that the step met in the stratum"),
        Column("documents", "BIGINT", "documents taken"),
        Column("repeats", "BIGINT", "copies beyond the first"),
        Column("missing", "BIGINT", "documents without a score"),
        Column("threshold", "DOUBLE", "score at the cut, where the cut is one in the score", True),
    ),
    key=("step", "stratum"),
)
