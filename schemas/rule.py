"""A rule is data: a comparison that a document must pass to be kept."""

from dataclasses import dataclass
from typing import Literal

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


@dataclass(frozen=True)
class RuleSet:
    """Rules published together, with what they mean and where they come from."""

    meaning: str
    source: str
    rules: tuple[Rule, ...]
