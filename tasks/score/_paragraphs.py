"""What a student says of paragraphs: gathered for their documents, or as reasons to cut them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.errors import RecipeError
from schemas.rule import Rule
from tasks.score._heads import Head, slug
from tasks.text.batch import TextBatch
from tasks.text.features import Pieces
from tasks.text.spans import Spans

Floats = NDArray[np.float64]
Masks = NDArray[np.bool_]
COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    ">=": np.greater_equal,
    ">": np.greater,
    "<=": np.less_equal,
    "<": np.less,
    "==": np.equal,
    "!=": np.not_equal,
    "in": lambda values, threshold: np.isin(values, threshold.split("|")),
    "not in": lambda values, threshold: ~np.isin(values, threshold.split("|")),
}


def check(thresholds: dict[str, float], heads: tuple[Head, ...], unit: str) -> None:
    """Refuse thresholds of anything but numbers predicted for paragraphs."""
    numbers = [head.name for head in heads if head.number]
    wrong = [name for name in thresholds if name not in numbers]
    if wrong:
        raise RecipeError(f"student: a threshold is of a head that is a number, got '{wrong[0]}'; those: {numbers}")
    if thresholds and unit == "document":
        raise RecipeError("student: `thresholds` say which paragraphs count; they need `unit: paragraph`")


def long_enough(pieces: Pieces, least_words: int) -> Masks:
    """Say which pieces have at least ``least_words`` words."""
    return np.asarray(np.diff(pieces.words, axis=1).ravel() >= least_words, bool)


def gathered_numbers(
    name: str, values: Floats, pieces: Pieces, documents: int, threshold: float | None
) -> dict[str, Any]:
    """Return the columns of a number: mean by words, lowest, highest, share of at least ``threshold``, count."""
    document, size = pieces.document, np.diff(pieces.words, axis=1).ravel().astype(np.float64)
    count = np.bincount(document, minlength=documents)
    none = count == 0
    lowest, highest = np.full(documents, np.inf), np.full(documents, -np.inf)
    np.minimum.at(lowest, document, values)
    np.maximum.at(highest, document, values)
    total = np.bincount(document, weights=size, minlength=documents)
    mean = np.bincount(document, weights=values * size, minlength=documents) / np.where(none, 1.0, total)
    found = {name: _or_null(mean, none)}
    found |= {f"{name}_lowest": _or_null(lowest, none), f"{name}_highest": _or_null(highest, none)}
    if threshold is not None:
        above = np.bincount(document, weights=(values >= threshold).astype(float), minlength=documents)
        found[f"{name}_share"] = _or_null(above / np.maximum(count, 1), none)
    return {**found, f"{name}_paragraphs": count}


def gathered_labels(
    head: Head, probabilities: Floats, chosen: NDArray[np.int64], pieces: Pieces, documents: int
) -> dict[str, Any]:
    """Return the columns of a label: that of most words, shares of paragraphs, highest probabilities, count."""
    document, size = pieces.document, np.diff(pieces.words, axis=1).ravel().astype(np.float64)
    labels = len(head.labels)
    count = np.bincount(document, minlength=documents)
    none = count == 0
    cells, shape = document * labels + chosen, (documents, labels)
    words = np.bincount(cells, weights=size, minlength=documents * labels).reshape(shape)
    shares = np.bincount(cells, minlength=documents * labels).reshape(shape) / np.maximum(count, 1)[:, None]
    highest = np.zeros(shape)
    np.maximum.at(highest, document, probabilities)
    main = pa.array(np.array(head.labels, object)[words.argmax(axis=1)], pa.string(), mask=none)
    found: dict[str, Any] = {head.name: main}
    for kind, values in (("share", shares), ("highest", highest)):
        for k, label in enumerate(head.labels):
            found[f"{head.name}_{slug(label)}_{kind}"] = _or_null(values[:, k], none)
    return {**found, f"{head.name}_paragraphs": count}


def _or_null(values: Floats, none: Masks) -> pa.Array:
    return pa.array(np.where(none, 0.0, values), mask=none)


def passing(values: NDArray[Any], rule: Rule) -> Masks:
    """Say for each value whether ``rule`` keeps it.

    >>> passing(np.array([1.0, 3.0]), Rule("educational >= 3", "educational", ">=", 3.0)).tolist()
    [False, True]
    """
    return np.asarray(COMPARE[rule.operator](values, rule.threshold), bool)


def cut(batch: TextBatch, pieces: Pieces, failing: Masks, reasons: list[str]) -> Spans:
    """Return the spans that cut the ``failing`` ones of all paragraphs of a batch, each with its reason.

    What separates a paragraph from the next goes with it, so that its neighbours stay as far apart as two paragraphs
    are; after the last one kept, what separates goes too.
    """
    offsets = batch.paragraphs.offsets
    starts, stops = pieces.starts.copy(), pieces.stops.copy()
    if len(pieces):
        stops[:-1] = np.where(pieces.document[1:] == pieces.document[:-1], pieces.starts[1:], pieces.stops[:-1])
        # Of a run of failing paragraphs at the end, each takes what is before it instead.
        last = _runs_to_the_end(failing, offsets, pieces.document)
        first = np.concatenate([[True], pieces.document[1:] != pieces.document[:-1]])
        starts = np.where(last & ~first, np.concatenate([[0], pieces.stops[:-1]]), starts)
        stops = np.where(last, pieces.stops, stops)
    rows = np.flatnonzero(failing)
    cuts = pa.array([""] * len(rows), pa.string())
    return Spans(
        pieces.document[rows], starts[rows], stops[rows], cuts, pa.array([reasons[i] for i in rows], pa.string())
    )


def _runs_to_the_end(failing: Masks, offsets: NDArray[np.int64], document: NDArray[np.int64]) -> Masks:
    """Say which paragraphs have nothing but failing ones from them to the end of their document."""
    kept = np.concatenate([[0], np.cumsum(~failing)])
    return np.asarray(kept[offsets[document + 1]] == kept[np.arange(len(failing))], bool)
