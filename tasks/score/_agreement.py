"""How well a student agrees with labels that it has not seen, and which of its columns may decide."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import accuracy_score, average_precision_score, cohen_kappa_score, f1_score, roc_auc_score

from schemas.tables import tables
from tasks.distinct import distinct
from tasks.score._learning import Floats

BINS = 10
FEWEST = 10  # held-out pieces of a source: fewer say nothing about it
TEXTS = ("head", "metric", "part", "source")


@dataclass(frozen=True)
class Figure:
    """One figure about a head: of all that was held out, or of a ``part`` (a label, a bin) or a ``source`` of it."""

    head: str
    metric: str
    value: float
    documents: int
    part: str = ""
    source: str = ""


@dataclass(frozen=True)
class Gate:
    """What a ``column`` must reach to decide: a ``metric`` has the ``value``, and may not be below the ``limit``."""

    column: str
    metric: str
    value: float
    limit: float


def numbers(head: str, predicted: Floats, given: Floats, sources: NDArray[Any]) -> list[Figure]:
    """Return the figures of predicted numbers: r, Spearman and MAE (per source too), means, calibration."""

    def measure(rows: NDArray[Any], source: str = "") -> Iterator[Figure]:
        guess, truth, count = predicted[rows], given[rows], int(rows.sum())
        if np.ptp(guess) > 0 and np.ptp(truth) > 0:
            yield Figure(head, "r", float(pearsonr(guess, truth).statistic), count, source=source)
            yield Figure(head, "spearman", float(spearmanr(guess, truth).statistic), count, source=source)
        yield Figure(head, "mae", float(np.abs(guess - truth).mean()), count, source=source)

    everything = np.ones(len(given), bool)
    found = [*measure(everything), *(f for name, rows in _each(sources) for f in measure(rows, name))]
    means = (("mean_labelled", given), ("mean_predicted", predicted))
    found += [Figure(head, name, float(values.mean()), len(given)) for name, values in means]
    return found + _reliability(head, predicted, given, float(given.min()), float(given.max()))


def labels(
    head: str,
    probabilities: Floats,
    chosen: NDArray[np.int64],
    given: NDArray[np.int64],
    names: list[str],
    sources: NDArray[Any],
) -> list[Figure]:
    """Return the figures of predicted labels: F1, kappa and accuracy (per source too), F1 and shares per label, ECE."""

    def measure(rows: NDArray[Any], source: str = "") -> Iterator[Figure]:
        guess, truth, count = chosen[rows], given[rows], int(rows.sum())
        known = np.union1d(guess, truth)
        macro = f1_score(truth, guess, labels=distinct(truth), average="macro", zero_division=0.0)
        yield Figure(head, "f1", float(macro), count, source=source)
        yield Figure(head, "accuracy", float(accuracy_score(truth, guess)), count, source=source)
        if len(known) > 1:
            yield Figure(head, "kappa", float(cohen_kappa_score(truth, guess)), count, source=source)

    everything = np.ones(len(given), bool)
    found = [*measure(everything), *(f for name, rows in _each(sources) for f in measure(rows, name))]
    for code, name in enumerate(names):
        of_label = int((given == code).sum())
        if of_label:
            score = f1_score(given, chosen, labels=[code], average="macro", zero_division=0.0)
            found.append(Figure(head, "f1", float(score), of_label, part=name))
        found.append(Figure(head, "share_labelled", of_label / len(given), len(given), part=name))
        found.append(Figure(head, "share_predicted", float((chosen == code).mean()), len(given), part=name))
    sure = probabilities[np.arange(len(chosen)), chosen]
    return found + _reliability(head, sure, (chosen == given).astype(float), 0.0, 1.0)


def likeness(head: str, predicted: Floats, given: NDArray[np.bool_], sources: NDArray[Any]) -> list[Figure]:
    """Return the figures of a balanced probability: AUC, average precision, F1 at 0.5, calibration, means per source.

    All but the means are among as much weight of what is ``given`` as of what is not.
    """
    count = len(given)
    weight = np.where(given, 0.5 / max(int(given.sum()), 1), 0.5 / max(int((~given).sum()), 1))
    found = [
        Figure(head, "auc", float(roc_auc_score(given, predicted)), count),
        Figure(
            head, "average_precision", float(average_precision_score(given, predicted, sample_weight=weight)), count
        ),
        Figure(head, "f1", float(f1_score(given, predicted >= 0.5, average="macro", sample_weight=weight)), count),
    ]
    for name, rows in _each(sources):
        found.append(Figure(head, "mean_predicted", float(predicted[rows].mean()), int(rows.sum()), source=name))
    return found + _reliability(head, predicted, given.astype(float), 0.0, 1.0, weight)


def _each(sources: NDArray[Any]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    for name in distinct(sources):
        rows = sources == name
        if rows.sum() >= FEWEST:
            yield str(name), rows


def _reliability(
    head: str, expected: Floats, observed: Floats, low: float, high: float, weight: Floats | None = None
) -> list[Figure]:
    """What was expected and observed in ten bins of what was expected, and their mean distance (of labels, the ECE)."""
    width = (high - low) / BINS or 1.0
    bins = np.clip(((expected - low) / width).astype(np.int64), 0, BINS - 1)
    shares = np.full(len(expected), 1 / len(expected)) if weight is None else weight
    found, distance = [], 0.0
    for k in distinct(bins):
        rows = bins == k
        means, count = np.average((expected[rows], observed[rows]), axis=1, weights=shares[rows]), int(rows.sum())
        part = f"{low + k * width:.6g} to {low + (k + 1) * width:.6g}"
        found += [
            Figure(head, name, float(m), count, part) for name, m in zip(("expected", "observed"), means, strict=True)
        ]
        distance += float(shares[rows].sum() * abs(means[0] - means[1]))
    return [Figure(head, "calibration_error", distance, len(expected)), *found]


def value_of(figures: list[Figure], metric: str) -> float:
    """Return the figure over all that was held out; not a number where it cannot be computed."""
    found = [f.value for f in figures if f.metric == metric and not f.part and not f.source]
    return found[0] if found else float("nan")


def packed(figures: list[Figure], gates: list[Gate]) -> dict[str, NDArray[Any]]:
    """Return figures and gates as arrays, to be kept with what was learnt."""
    return {
        **{f"agreement_{name}": np.array([getattr(f, name) for f in figures], np.str_) for name in TEXTS},
        "agreement_value": np.array([f.value for f in figures], np.float64),
        "agreement_documents": np.array([f.documents for f in figures], np.int64),
        "gate_column": np.array([gate.column for gate in gates], np.str_),
        "gate_metric": np.array([gate.metric for gate in gates], np.str_),
        "gate_value": np.array([gate.value for gate in gates], np.float64),
        "gate_limit": np.array([gate.limit for gate in gates], np.float64),
    }


def figures_of(fitted: dict[str, NDArray[Any]], step: int, unit: str) -> pa.Table:
    """Return the rows of the ledger's table ``agreement`` that were kept with what was learnt."""
    count = len(fitted["agreement_value"])
    blank = {name: [str(text) or None for text in fitted[f"agreement_{name}"]] for name in TEXTS}
    numbers = {"value": fitted["agreement_value"], "documents": fitted["agreement_documents"]}
    schema = tables()["agreement"].arrow
    columns = {"step": [step] * count, "unit": [unit] * count, **blank, **numbers}
    return pa.table([pa.array(columns[name], schema.field(name).type) for name in schema.names], schema=schema)


def refused(fitted: dict[str, NDArray[Any]]) -> dict[str, str]:
    """Return the columns that may not decide, with the reason: agreement on what was held out is too low."""
    gates = zip(*(fitted[f"gate_{name}"] for name in ("column", "metric", "value", "limit")), strict=True)
    return {
        str(column): f"{metric} on held-out labels is "
        + ("not to be had" if np.isnan(value) else f"{value:.3f}")
        + f", {limit:g} or more is asked for"
        for column, metric, value, limit in gates
        if not value >= limit
    }
