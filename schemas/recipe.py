"""The recipe's types: what a YAML file may say; units and settings are resolved against the registry elsewhere."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from schemas.errors import RecipeError
from schemas.rule import Operator, Rule

Kind = Literal[
    "score",
    "annotate",
    "decontaminate",
    "edit",
    "filter",
    "select",
    "deduplicate",
    "reweight",
    "order",
    "transform",
    "pack",
]
# What a setting may be; Pydantic refuses other values where the recipe is read, and says in which line.
FilePath = Annotated[str, "path"]  # taken from the recipe's folder, known by what is in it
Count = Annotated[int, Field(ge=1)]
Whole = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
ShareAbove0 = Annotated[float, Field(gt=0, le=1)]
Above0 = Annotated[float, Field(gt=0, allow_inf_nan=False)]
From0 = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
ZstdLevel = Annotated[int, Field(ge=-(1 << 17), le=22)]
SIZES = (">=", ">", "<=", "<")
COMPARISON = re.compile(r"^\s*(\w+)\s*(>=|<=|==|!=|>|<|\bnot in\b|\bin\b)\s*([^\s=<>!].*?)\s*$")
QUANTILE = re.compile(r"^q(\d*\.?\d+)$")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Strict(BaseModel):
    """A part of the recipe: unknown keys are refused, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Strict):
    """Where documents come from: a path, glob, folder, URL or list of them, and which field holds what."""

    path: str | list[str]
    format: str | None = None
    domain: str | None = None
    text: str = "text"
    id: str = "id"
    url: str = "url"
    created: str = "created"
    language: str = "language"
    license: str = "license"
    reader: dict[str, Any] = Field(default_factory=dict)


class Tokenizer(Strict):
    """What counts as a token: UTF-8 bytes, or a `tokenizers` JSON file."""

    file: str | None = None
    end_of_text: str | None = None


class Call(Strict):
    """A unit with its settings, as the recipe asks for it."""

    name: str
    settings: dict[str, Any] = Field(default_factory=dict)


class InlineRule(Strict):
    """A rule in the recipe; ``quantile`` gives the threshold, ``thresholds`` those of single values of ``per``.

    ``where``: the rule is for documents that pass this one. ``missing``: what becomes of a document without a value.
    """

    rule: Rule
    where: Rule | None = None
    missing: Literal["keep", "drop"] | None = None
    quantile: float | None = None
    per: str | None = None
    thresholds: dict[str, float] = Field(default_factory=dict)


class Step(Strict):
    """One step: its kind, the units it calls, inline rules; then what some kinds have of their own.

    ``by``: the column that mixing works on. ``where``: whom scoring is for. ``attention``: who sees whom in a context.
    """

    kind: Kind
    calls: tuple[Call, ...] = ()
    rules: tuple[InlineRule, ...] = ()
    by: str = "domain"
    where: Rule | None = None
    attention: Literal["document", "context"] = "document"


class Recipe(Strict):
    """What to do, from files to a release."""

    name: str
    seed: int = Field(0, ge=0, lt=2**63)
    sources: dict[str, Source] = Field(min_length=1)
    steps: tuple[Step, ...] = ()
    export: tuple[Call, ...] = (Call(name="parquet"),)
    tokenizer: Tokenizer = Tokenizer()
    tolerance: int | float | str = 0
    survival_floor: float = Field(0.0, ge=0, le=1)
    max_document_bytes: int = Field(10_000_000, gt=0)
    folder: Path = Field(Path(), exclude=True)

    @field_validator("name")
    @classmethod
    def _name(cls, value: str) -> str:
        """What can be the name of a folder anywhere."""
        if not NAME.fullmatch(value):
            raise ValueError(
                "a name is of letters (a to z, A to Z), digits, '.', '_' and '-', and begins with a letter or digit"
            )
        return value

    @field_validator("tolerance")
    @classmethod
    def _tolerance(cls, value: int | float | str) -> int | float:
        """A count, or a share such as 0.001 or "0.1%"."""
        if isinstance(value, str):
            if not re.fullmatch(r"\d+(\.\d+)?\s*%", value):
                raise ValueError("a tolerance is a count of documents or a share such as '0.1%'")
            value = float(value.rstrip(" %")) / 100
        if not value >= 0 or (isinstance(value, float) and value > 1):
            raise ValueError("a tolerance is a count of at least 0, or a share between 0 and 1")
        return value

    def at(self, path: str) -> str:
        """Return where a path of the recipe is: relative paths are taken from the recipe's folder."""
        if "://" in path:
            return path
        expanded = Path(path).expanduser()
        return str(expanded if expanded.is_absolute() else self.folder.absolute() / expanded)

    def tolerated(self, records: int) -> int:
        """How many of ``records`` may fail."""
        return int(self.tolerance * records) if isinstance(self.tolerance, float) else int(self.tolerance)


def inline_rule(text: str) -> InlineRule:
    """Read ``SCORE OPERATOR VALUE``; the value is a number, a label, a list of labels or a quantile such as ``q0.1``.

    >>> str(inline_rule("language_score >= 0.65").rule)
    'language_score >= 0.65'
    >>> inline_rule("words >= q0.1").quantile
    0.1
    """
    match = COMPARISON.match(text)
    if not match:
        raise RecipeError(f"cannot read rule {text!r}; write it as 'language_score >= 0.65'")
    score, operator, value = match.groups()
    threshold, quantile = _value(value)
    if operator in ("in", "not in"):
        threshold = "|".join(label.strip(" '\"") for label in value.strip("[]()").split(","))
    elif QUANTILE.match(value) and quantile is None and operator in SIZES:
        raise RecipeError(f"rule {text!r}: a quantile lies from q0, the least value, to q1, the greatest; got {value}")
    if isinstance(threshold, str) and operator in SIZES and score != "created":
        raise RecipeError(f"rule {text!r} compares {score} with {threshold!r}, which is not a number")
    kept: Operator = operator  # type: ignore[assignment]  # COMPARISON admits operators only
    return InlineRule(rule=Rule(text.strip(), score, kept, threshold), quantile=quantile)


def _value(value: str) -> tuple[float | str, float | None]:
    quantile = QUANTILE.match(value)
    if quantile and float(quantile[1]) <= 1:
        return 0.0, float(quantile[1])
    try:
        return float(value), None
    except ValueError:
        return value.strip(" '\""), None
