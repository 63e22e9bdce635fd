"""Rules become rows: thresholds resolved, every rule evaluated for every document that met it, drops with values."""

from dataclasses import dataclass
from typing import Any

from schemas.recipe import InlineRule, Step
from schemas.rule import Operator, Rule
from schemas.table import quoted
from tasks.check import columns, rules_of, scorer_of
from tasks.ledger import Ledger

SQL_OPERATORS = {">=": ">=", ">": ">", "<=": "<=", "<": "<", "==": "=", "!=": "<>", "in": "in", "not in": "not in"}
# A document without a value is not what a rule excludes, and not what one asks for.
EXCLUDING = {operator: operator in ("!=", "not in") for operator in SQL_OPERATORS}


@dataclass(frozen=True)
class Decided:
    """A rule of one filter step, ready to be written as SQL."""

    step: int
    rule_set: str
    inline: InlineRule
    inverse: bool
    citation: str
    labels: bool = False
    guard: str = "true"
    scorers: tuple[str, ...] = ()

    @property
    def documents(self) -> str:
        """Documents with the step at which each left and the scores that this rule reads; no other table is joined."""
        joins = "".join(f" LEFT JOIN score_{name} USING (doc_id)" for name in self.scorers)
        columns = "".join(f", score_{name}.* EXCLUDE (doc_id)" for name in self.scorers)
        return (
            f"(SELECT documents.*, coalesce(fates.step, 1000000) AS left_at{columns} "
            f"FROM documents LEFT JOIN fates USING (doc_id){joins})"
        )

    @property
    def kept(self) -> str:
        """The comparison as SQL over a measured document ``m`` and a row ``r`` of the rules."""
        value = f'm."{self.inline.rule.score}"'
        operator = self.inline.rule.operator
        threshold = "r.threshold_label" if self.labels else "r.threshold"
        missing = EXCLUDING[operator] if self.inline.missing is None else self.inline.missing == "keep"
        return f"coalesce({compared(value, operator, threshold)}, {missing})"

    def select(self, documents: str, where: str = "true") -> str:
        """The decisions of this rule as SQL, over a relation with a row per document and its scores."""
        rule = self.inline.rule
        value = f'm."{rule.score}"'
        number, label = ("NULL::DOUBLE", f"{value}::VARCHAR") if self.labels else (f"{value}::DOUBLE", "NULL::VARCHAR")
        per = f'r.per_value IS NOT DISTINCT FROM m."{self.inline.per}"::VARCHAR' if self.inline.per else "r.per IS NULL"
        return (
            f"SELECT m.doc_id, {self.step}::INTEGER AS step, r.rule_set, r.rule, r.score, r.operator, "
            f"{number} AS value, {label} AS label, r.threshold, r.threshold_label, {self.kept} AS kept "
            f"FROM {documents} m JOIN rules r ON r.step = {self.step} AND r.rule = {quoted(rule.name)} AND {per} "
            f"WHERE {where} AND {self.guard}"
        )


def compared(value: str, operator: Operator, threshold: str) -> str:
    """Return a comparison as SQL; null where there is no value."""
    if operator in ("in", "not in"):
        found = f"list_contains(string_split({threshold}, '|'), {value})"
        return f"NOT {found}" if operator == "not in" else found
    return f"{value} {SQL_OPERATORS[operator]} {threshold}"


def condition(rule: Rule) -> str:
    """Return what a rule with a fixed threshold asks of a measured document ``m``, as SQL."""
    threshold = quoted(rule.threshold) if isinstance(rule.threshold, str) else repr(rule.threshold)
    holds = compared(f'm."{rule.score}"', rule.operator, threshold)
    return f"coalesce({holds}, {EXCLUDING[rule.operator]})"


def decided(steps: tuple[Step, ...]) -> list[Decided]:
    """Return the rules of every filter step of a recipe, in order."""
    labels, makers = columns(steps), scorer_of(steps)

    def ready(index: int, name: str, rule: InlineRule, inverse: bool, citation: str) -> Decided:
        read = [rule.rule.score, rule.per, rule.where.score if rule.where else None]
        scorers = tuple(sorted({makers[column] for column in read if column in makers}))
        guard = condition(rule.where) if rule.where else "true"
        return Decided(index, name, rule, inverse, citation, labels[rule.rule.score], guard, scorers)

    return [
        ready(index, *found)
        for index, step in enumerate(steps, start=1)
        if step.kind == "filter"
        for found in rules_of(step)
    ]


def resolve_rules(ledger: Ledger, rules: list[Decided]) -> None:
    """Write the rules with their thresholds; quantiles are taken over the live documents, per value where asked."""
    for rule in rules:
        ledger.insert("rules", [_row(rule, **threshold) for threshold in _thresholds(ledger, rule)])


def _row(rule: Decided, *, threshold: float | str | None, per_value: str | None) -> dict[str, Any]:
    compared = rule.inline.rule
    return {
        "step": rule.step,
        "rule_set": rule.rule_set,
        "rule": compared.name,
        "score": compared.score,
        "operator": compared.operator,
        "threshold": None if rule.labels else threshold,
        "threshold_label": threshold if rule.labels else None,
        "quantile": rule.inline.quantile,
        "per": rule.inline.per,
        "per_value": per_value,
        "inverse": rule.inverse,
        "only_where": str(rule.inline.where) if rule.inline.where else None,
        "missing": rule.inline.missing,
        "citation": rule.citation,
    }


def _thresholds(ledger: Ledger, rule: Decided) -> list[dict[str, Any]]:
    inline = rule.inline
    if inline.per is None and inline.quantile is None:
        return [{"threshold": inline.rule.threshold, "per_value": None}]
    value = f'm."{inline.rule.score}"'
    quantile = f"quantile_disc({value}, {inline.quantile})::DOUBLE" if inline.quantile is not None else "NULL::DOUBLE"
    per = f'm."{inline.per}"::VARCHAR' if inline.per else "NULL::VARCHAR"
    found = ledger.rows(
        f"SELECT {per} AS per_value, {quantile} AS threshold FROM measured m SEMI JOIN live USING (doc_id) "
        "GROUP BY 1 ORDER BY 1"
    )
    for row in found:
        if inline.quantile is None:
            row["threshold"] = inline.rule.threshold
        if row["per_value"] in inline.thresholds:
            row["threshold"] = inline.thresholds[row["per_value"]]
    return found


def drop(ledger: Ledger, step: int, rules: list[Decided]) -> None:
    """Write a row of ``drops`` for each rule that a live document failed in this step."""
    ledger.run("CREATE OR REPLACE TEMP TABLE met AS SELECT * FROM measured SEMI JOIN live USING (doc_id)")
    straight = [rule.select("met") for rule in rules if not rule.inverse]
    if straight:
        ledger.run(
            "INSERT INTO drops BY NAME "
            "SELECT doc_id, step, rule, value, label, threshold, threshold_label "
            f"FROM ({' UNION ALL '.join(straight)}) WHERE NOT kept"
        )
    for name in dict.fromkeys(rule.rule_set for rule in rules if rule.inverse):
        members = [rule.select("met") for rule in rules if rule.inverse and rule.rule_set == name]
        ledger.run(
            "INSERT INTO drops BY NAME "
            f"SELECT doc_id, {step} AS step, {quoted('not ' + name)} AS rule, 0.0 AS value, 1.0 AS threshold "
            f"FROM ({' UNION ALL '.join(members)}) GROUP BY doc_id HAVING bool_and(kept)"
        )
    ledger.run("DROP TABLE met")


def create_views(ledger: Ledger, rules: list[Decided]) -> None:
    """Create the view ``decisions`` over every rule of the run."""
    empty = (
        "SELECT NULL::UBIGINT AS doc_id, NULL::INTEGER AS step, NULL::VARCHAR AS rule_set, NULL::VARCHAR AS rule, "
        "NULL::VARCHAR AS score, NULL::VARCHAR AS operator, NULL::DOUBLE AS value, NULL::VARCHAR AS label, "
        "NULL::DOUBLE AS threshold, NULL::VARCHAR AS threshold_label, NULL::BOOLEAN AS kept WHERE false"
    )
    selects = [rule.select(rule.documents, f"m.left_at >= {rule.step}") for rule in rules]
    ledger.run(f"CREATE VIEW decisions AS {' UNION ALL '.join(selects or [empty])}")
    ledger.run("COMMENT ON VIEW decisions IS 'One row per document and rule that it met: value, threshold, kept.'")
