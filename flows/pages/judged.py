"""The rules of a ledger as SQL over its scores, so that they can be asked again with another threshold."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flows.pages import facts
from schemas.recipe import inline_rule
from schemas.rule import Operator
from schemas.table import identifier, quoted
from tasks.decide import EXCLUDING, compared, condition
from tasks.ledger import Ledger

KEPT = 1_000_000  # the step at which a document left that never did
RISING, FALLING = (">=", ">"), ("<=", "<")
RULES = """
SELECT step, rule, any_value(rule_set) AS rule_set, any_value(score) AS score, any_value(operator) AS operator,
       any_value(per) AS per, coalesce(bool_or(inverse), false) AS inverse, any_value(only_where) AS only_where,
       any_value(missing) AS missing,
       list({'value': per_value, 'number': threshold, 'label': threshold_label} ORDER BY per_value) AS thresholds
FROM rules GROUP BY step, rule ORDER BY step, min(rowid)
"""
Threshold = float | str


@dataclass(frozen=True)
class Judged:
    """One rule of a run: what it compares, and the threshold of each value of ``per`` (None: of all)."""

    step: int
    rule: str
    rule_set: str
    score: str
    operator: Operator
    thresholds: tuple[tuple[str | None, Threshold], ...]
    per: str | None = None
    inverse: bool = False
    only_where: str | None = None
    missing: str | None = None

    @property
    def value(self) -> str:
        """The score as SQL over a document ``m``."""
        return f"m.{identifier(self.score)}"

    @property
    def numbers(self) -> list[float]:
        """The thresholds in use, if they are numbers."""
        return sorted({value for _, value in self.thresholds if not isinstance(value, str)})

    @property
    def guard(self) -> str:
        """Whether the rule is for a document, as SQL."""
        return condition(inline_rule(self.only_where).rule) if self.only_where else "true"

    @property
    def passes(self) -> str:
        """Whether a document passes the rule, as SQL; who has no threshold passes."""
        missing = EXCLUDING[self.operator] if self.missing is None else self.missing == "keep"
        cases = [(value, compared(self.value, self.operator, _literal(at))) for value, at in self.thresholds]
        holds = cases[0][1] if cases and self.per is None else self._per(cases, missing)
        return f"(NOT {self.guard} OR coalesce({holds}, {missing}))"

    @property
    def threshold(self) -> str:
        """The threshold of a document, as SQL."""
        if self.per is None:
            return _literal(self.thresholds[0][1])
        whens = " ".join(f"WHEN {self._of(value)} THEN {_literal(at)}" for value, at in self.thresholds)
        return f"CASE {whens} END"

    @property
    def unknown(self) -> str:
        """Whether the rule cannot be judged, as SQL: the document was never given the score."""
        return "false" if self.missing else f"({self.guard} AND {self.value} IS NULL)"

    def at(self, threshold: Threshold) -> "Judged":
        """Return the rule with one threshold for all."""
        return replace(self, thresholds=((None, threshold),), per=None)

    def _per(self, cases: Sequence[tuple[str | None, str]], missing: bool) -> str:
        whens = " ".join(f"WHEN {self._of(value)} THEN coalesce({holds}, {missing})" for value, holds in cases)
        return f"CASE {whens} ELSE true END" if cases else "true"

    def _of(self, value: str | None) -> str:
        return f'm."{self.per}"::VARCHAR IS NOT DISTINCT FROM {"NULL" if value is None else quoted(value)}'


def _literal(value: Threshold) -> str:
    return quoted(value) if isinstance(value, str) else f"{float(value)!r}::DOUBLE"


def judged(ledger: Ledger) -> list[Judged]:
    """Return the rules of every filter step, in order."""
    return [_judged(row) for row in ledger.rows(RULES)]


def _judged(row: dict[str, Any]) -> Judged:
    found = tuple(
        (entry["value"], entry["number"] if entry["label"] is None else entry["label"]) for entry in row["thresholds"]
    )
    row["thresholds"] = tuple((value, at) for value, at in found if at is not None)
    return Judged(**row)


def stays(rules: Iterable[Judged]) -> str:
    """Whether a document passes all of these rules of a step, as SQL; an inverse set keeps what fails it."""
    rules = list(rules)
    parts = [rule.passes for rule in rules if not rule.inverse]
    for name in dict.fromkeys(rule.rule_set for rule in rules if rule.inverse):
        members = [rule.passes for rule in rules if rule.inverse and rule.rule_set == name]
        parts.append(f"NOT ({' AND '.join(members)})")
    return " AND ".join(parts) or "true"


def measured(ledger: Ledger) -> str:
    """Return the FROM clause of one row ``m`` per document: its scores, and the step ``gone`` at which it left."""
    return f"FROM (SELECT *, coalesce(left_at, {KEPT}) AS gone {facts.origin(ledger)}) m"
