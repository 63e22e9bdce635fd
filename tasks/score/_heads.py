"""What a student is to learn, as its settings say, and the columns that it then gives."""

import re
from dataclasses import dataclass
from typing import Literal

from schemas.errors import RecipeError
from schemas.table import Column
from schemas.tables import tables

Kind = Literal["number", "label"] | list[str]
NAME = re.compile(r"^[a-z][a-z0-9_]*$")


@dataclass(frozen=True)
class Head:
    """One thing to learn: a number, or one of some labels. ``labels`` is empty where they are not known beforehand."""

    name: str
    number: bool
    labels: tuple[str, ...] = ()


def heads_of(heads: dict[str, Kind] | str) -> tuple[Head, ...]:
    """Return what is to be learnt: by name, or what a prompt pack asks; RecipeError if that cannot be."""
    found = tuple(_head(name, kind) for name, kind in (_asked(heads) if isinstance(heads, str) else heads).items())
    if not found:
        raise RecipeError("student: `heads` names nothing to learn")
    return found


def _asked(prompt: str) -> dict[str, Kind]:
    from tasks.annotate._pack import load

    return {name: list(asked.choices) or "number" for name, asked in load(prompt).labels.items()}


def _head(name: str, kind: Kind) -> Head:
    if not NAME.match(name):
        raise RecipeError(f"student: head '{name}' is to name a column: lower-case letters, digits and _")
    if name in {column.name for column in tables()["documents"].columns}:
        raise RecipeError(
            f"student: head '{name}' would hide what documents have by that name; call the label otherwise"
        )
    if isinstance(kind, str):
        return Head(name, kind == "number")
    slugs = [slug(label) for label in kind]
    if len(kind) < 2 or len(set(slugs)) < len(slugs) or "" in slugs:
        raise RecipeError(f"student: head '{name}' needs two labels or more that name different columns, got {kind}")
    return Head(name, False, tuple(kind))


def slug(label: str) -> str:
    """Return a label as part of a column's name.

    >>> slug("Retail E-commerce")
    'retail_e_commerce'
    """
    return re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")


def columns_of(head: Head, *, paragraphs: bool, threshold: float | None = None) -> tuple[Column, ...]:
    """Return the columns that a head gives, for whole documents or from their paragraphs."""
    if not paragraphs:
        return _document_columns(head)
    if head.number:
        return _number_columns(head.name, threshold)
    if not head.labels:
        raise RecipeError(f"student: name the labels of head '{head.name}' to have a share of paragraphs for each")
    return _label_columns(head)


def _document_columns(head: Head) -> tuple[Column, ...]:
    name = head.name
    if head.number:
        return (Column(name, "DOUBLE", f"{name} as the student predicts it, within the range of the labels"),)
    return (
        Column(name, "VARCHAR", f"{name} as the student predicts it; rare labels are preferred by their rarity's root"),
        Column(f"{name}_probability", "DOUBLE", "calibrated probability that the label is right, in [0, 1]"),
        Column(f"{name}_margin", "DOUBLE", "by how much the label is preferred to the next, in [0, 1]"),
        *(
            Column(f"{name}_{slug(label)}_probability", "DOUBLE", f"calibrated probability of {label}, in [0, 1]")
            for label in head.labels
        ),
    )


def _number_columns(name: str, threshold: float | None) -> tuple[Column, ...]:
    share = Column(f"{name}_share", "DOUBLE", f"share of counted paragraphs of at least {threshold}", optional=True)
    return (
        Column(name, "DOUBLE", "mean over the counted paragraphs, weighted by their words", optional=True),
        Column(f"{name}_lowest", "DOUBLE", "lowest of any counted paragraph", optional=True),
        Column(f"{name}_highest", "DOUBLE", "highest of any counted paragraph", optional=True),
        *((share,) if threshold is not None else ()),
        Column(f"{name}_paragraphs", "BIGINT", "paragraphs counted: those with enough words"),
    )


def _label_columns(head: Head) -> tuple[Column, ...]:
    name = head.name
    return (
        Column(name, "VARCHAR", "the label that most words of the counted paragraphs have", optional=True),
        *(
            Column(
                f"{name}_{slug(label)}_share", "DOUBLE", f"share of counted paragraphs that are {label}", optional=True
            )
            for label in head.labels
        ),
        *(
            Column(
                f"{name}_{slug(label)}_highest",
                "DOUBLE",
                f"highest calibrated probability of {label} in any counted paragraph",
                optional=True,
            )
            for label in head.labels
        ),
        Column(f"{name}_paragraphs", "BIGINT", "paragraphs counted: those with enough words"),
    )
