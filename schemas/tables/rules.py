"""One row per rule of the run, and per value of `per` where thresholds differ."""

from schemas.table import Column, Table

rules = Table(
    name="rules",
    meaning="One row per rule of the run, and per value of `per` where thresholds differ.",
    columns=(
        Column("step", "INTEGER", "filter step that applies it"),
        Column("rule_set", "VARCHAR", "rule set it belongs to, or 'inline'"),
        Column("rule", "VARCHAR", "its name, unique within the step"),
        Column("score", "VARCHAR", "column of scores or documents that it compares"),
        Column("operator", "VARCHAR", "comparison that keeps a document"),
        Column("threshold", "DOUBLE", "number to compare with; null for labels"),
        Column("threshold_label", "VARCHAR", "label to compare with, or several separated by |; null for numbers"),
        Column("quantile", "DOUBLE", "quantile that gave the threshold, if one did"),
        Column("per", "VARCHAR", "column whose values have thresholds of their own, if any"),
        Column("per_value", "VARCHAR", "value of that column that this row is for"),
        Column("inverse", "BOOLEAN", "true if documents are kept that fail the rule set"),
        Column("only_where", "VARCHAR", "the rule is for documents that pass this one; null: for all"),
        Column("missing", "VARCHAR", "keep or drop: what becomes of a document without a value, where the recipe says"),
        Column("citation", "VARCHAR", "where the rule comes from"),
    ),
    key=("step", "rule", "per_value"),
)
