"""A rule is data: a comparison that a document must pass to be kept."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Operator = Literal[">=", ">", "<=", "<", "==", "!=", "in", "not in"]


@dataclass(frozen=True)
class Rule:
    """Keep a document when ``score operator threshold`` holds."""

    name: str
    score: str
    operator: Operator
    threshold: float | str

    def __str__(self) -> str:
        return f"{self.score} {self.operator} {self.threshold}"


def mismatch(rule: Rule, labels: bool) -> str:
    """Say why a rule cannot be of a score that holds labels, or else numbers; blank if it can be.

    >>> mismatch(Rule("r", "words", ">=", "many"), labels=False)
    "words holds numbers, got 'many'"
    >>> mismatch(Rule("r", "words", "in", "1|2"), labels=False)
    '`in` takes labels, and words holds numbers; got 1, 2'
    """
    if labels == isinstance(rule.threshold, str):
        return ""
    if rule.operator in ("in", "not in"):
        given = str(rule.threshold).replace("|", ", ")
        return f"`{rule.operator}` takes labels, and {rule.score} holds numbers; got {given}"
    return f"{rule.score} holds {'labels' if labels else 'numbers'}, got {rule.threshold!r}"


@dataclass(frozen=True)
class RuleSet:
    """Rules published together, with what they mean and where they come from.

    ``variants``: the rules as tools of these names read them, when they differ; the first are ``rules``. Rules of the
    same name in two variants have the same threshold, so that each is one setting.
    """

    meaning: str
    source: str
    rules: tuple[Rule, ...]
    variants: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)

    @property
    def every_rule(self) -> Iterator[Rule]:
        """The rules of all variants."""
        for rules in self.variants.values() if self.variants else (self.rules,):
            yield from rules

    @property
    def settings(self) -> dict[str, tuple[Any, Any]]:
        """The thresholds by rule and what else may be set: name to (type, default)."""
        variant = {"variant": (Literal[tuple(self.variants)], next(iter(self.variants)))} if self.variants else {}
        thresholds = {rule.name: (float | str, rule.threshold) for rule in self.every_rule}
        return {**variant, **thresholds, "inverse": (bool, False)}

    def chosen(self, settings: Mapping[str, Any]) -> tuple[Rule, ...]:
        """Return the rules of the variant that ``settings`` name, of the first if they name none."""
        return self.variants[settings.get("variant", next(iter(self.variants)))] if self.variants else self.rules

    def idle(self, settings: Mapping[str, Any]) -> list[str]:
        """Return the thresholds that ``settings`` change and no rule of the chosen variant has."""
        names = {rule.name for rule in self.chosen(settings)}
        return [
            r.name for r in self.every_rule if r.name not in names and settings.get(r.name, r.threshold) != r.threshold
        ]
