"""The report's section on labels and on the students that learn from them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flows.pages import facts
from flows.pages.charts import Axis, Bar, Mark
from flows.pages.facts import Row
from flows.pages.numbers import count, number
from schemas.table import identifier
from tasks.ledger import Ledger

SHOWN_HEADS = 18
SHOWN_SOURCES = 10
SHOWN_LABELS = 30
SIZE, LEFT, TOP = 150.0, 34.0, 8.0

LABELS = """
SELECT step, annotator, name, count(*) FILTER (status = 'ok') AS labels, count(*) FILTER (status <> 'ok') AS errors,
       count(DISTINCT doc_id) AS documents, count(paragraph) > 0 AS paragraphs,
       avg(value) AS mean, min(value) AS least, max(value) AS most, count(DISTINCT label) AS names
FROM labels GROUP BY step, annotator, name ORDER BY step, annotator, name
"""
COSTS = """
SELECT DISTINCT annotator, metrics.name[length(annotator) + 3:] AS name, metrics.value
FROM metrics JOIN (SELECT DISTINCT step, annotator FROM labels) AS given
ON metrics.step = given.step AND starts_with(metrics.name, annotator || ': ')
ORDER BY annotator, name
"""
AGREEMENT = "SELECT * FROM agreement ORDER BY step, unit, head, metric, source NULLS FIRST, part NULLS FIRST"
FIGURES = (
    ("spearman", "rank correlation"),
    ("r", "correlation"),
    ("mae", "mean error"),
    ("f1", "macro F1"),
    ("kappa", "kappa"),
    ("accuracy", "accuracy"),
    ("auc", "AUC"),
    ("average_precision", "average precision"),
    ("calibration_error", "calibration error"),
    ("mean_labelled", "mean as labelled"),
    ("mean_predicted", "mean as predicted"),
)
LEADING = ("spearman", "f1", "auc", "mean_predicted")
LIMITS = {"spearman": "least_spearman", "f1": "least_f1", "auc": "least_auc"}


@dataclass(frozen=True)
class Reliability:
    """What was expected against what was observed: a point per bin beside the line on which both are alike."""

    points: list[Bar]
    x_ticks: list[Mark]
    y_ticks: list[Mark]
    width: float = LEFT + SIZE + 8
    height: float = TOP + SIZE + 20
    left: float = LEFT
    right: float = LEFT + SIZE
    top: float = TOP
    base: float = TOP + SIZE


def annotation(ledger: Ledger, steps: Sequence[Row]) -> Row | None:
    """Return the labels per annotator and name, and how far each student agrees with those that it has not seen."""
    given = ledger.rows(LABELS)
    learnt: dict[tuple[int, str], list[Row]] = {}
    for row in ledger.rows(AGREEMENT):
        learnt.setdefault((row["step"], row["unit"]), []).append(row)
    if not given and not learnt:
        return None
    annotators: dict[tuple[int, str], list[Row]] = {}
    for row in given:
        annotators.setdefault((row["step"], row["annotator"]), []).append(row)
    costs = ledger.rows(COSTS)
    return {
        "annotators": [
            {"step": step, "name": name, "rows": rows, "errors": sum(row["errors"] for row in rows),
             "costs": [cost for cost in costs if cost["annotator"] == name and cost["value"]]}
            for (step, name), rows in annotators.items()
        ],
        "students": [_student(ledger, steps, *key, rows) for key, rows in learnt.items()],
    }  # fmt: skip


def _student(ledger: Ledger, steps: Sequence[Row], step: int, unit: str, rows: list[Row]) -> Row:
    heads = list(dict.fromkeys(row["head"] for row in rows))
    whole = {(r["head"], r["metric"]): r for r in rows if r["part"] is None and r["source"] is None}
    settings = _settings(steps, step, unit)
    figures = [figure for figure in FIGURES if any((head, figure[0]) in whole for head in heads)]
    pool = _pool(ledger, heads)
    table = [_head(head, whole, figures, settings, pool.get(head)) for head in heads]
    return {
        "step": step,
        "unit": unit,
        "figures": figures,
        "heads": table,
        "force": bool(settings.get("force")),
        "pooled": any(row["pool"] is not None for row in table),
        "charts": [chart for head in heads[:SHOWN_HEADS] if (chart := _reliability(head, rows, whole))],
        "by_source": _by_source(heads, rows),
        "labels": [found for head in heads if (found := _labels(ledger, head, rows))],
    }


def _settings(steps: Sequence[Row], step: int, unit: str) -> Row:
    calls = [call for row in steps if row["step"] == step for call in row["calls"] if call.get("name") == unit]
    return dict(calls[0].get("settings") or {}) if calls else {}


def _head(
    head: str,
    whole: dict[tuple[str, str], Row],
    figures: Sequence[tuple[str, str]],
    settings: Row,
    pool: float | None,
) -> Row:
    found = [whole.get((head, metric)) for metric, _ in figures]
    gate, metric = "–", next((metric for metric in LIMITS if (head, metric) in whole), None)
    limit = settings.get(LIMITS[metric]) if metric else None
    fails = False
    if metric and limit is not None:
        fails = whole[head, metric]["value"] < limit
        gate = f"{'below' if fails else 'reaches'} {number(limit)}"
    values = [row and row["value"] for row in found]
    return {"name": head, "values": values, "documents": max(row["documents"] for row in found if row) if any(found)
            else None, "gate": gate, "fails": fails, "pool": pool}  # fmt: skip


def _pool(ledger: Ledger, heads: Sequence[str]) -> dict[str, float | None]:
    """Return the mean of every score that is named like a head, over all documents that have it."""
    known = facts.columns(ledger) if facts.has_scores(ledger) else {}
    numeric = [head for head in heads if known.get(head) in facts.NUMERIC]
    if not numeric:
        return {}
    asked = ", ".join(f"avg({identifier(head)}) AS {identifier(head)}" for head in numeric)
    return ledger.rows(f"SELECT {asked} FROM scores")[0]


def _reliability(head: str, rows: Sequence[Row], whole: dict[tuple[str, str], Row]) -> Row | None:
    bins: dict[str, dict[str, Row]] = {}
    for row in rows:
        if row["head"] == head and row["metric"] in ("expected", "observed") and row["source"] is None:
            bins.setdefault(row["part"], {})[row["metric"]] = row
    pairs = [(part, found["expected"], found["observed"]) for part, found in bins.items() if len(found) == 2]
    if not pairs:
        return None
    limits = [float(limit) for part, _, _ in pairs for limit in re.findall(r"-?[\d.]+(?:e[-+]?\d+)?", part)]
    values = limits + [row["value"] for _, *both in pairs for row in both]
    scale = Axis(min(values), max(values))
    most = max(expected["documents"] for _, expected, _ in pairs)
    points = [
        Bar(_at(LEFT, scale, expected["value"]), round(TOP + SIZE - SIZE * scale.place(observed["value"]), 1),
            radius := round(2 + 5 * (expected["documents"] / most) ** 0.5, 1), radius, "point",
            f"expected {number(expected['value'])}, observed {number(observed['value'])} in "
            f"{count(expected['documents'])} held out, predicted {part}")
        for part, expected, observed in sorted(pairs, key=lambda pair: (-pair[1]["documents"], pair[0]))
    ]  # fmt: skip
    ticks = scale.ticks(4)
    error = whole.get((head, "calibration_error"))
    says = f"{head}: calibration error {number(error['value'] if error else None)}"
    chart = Reliability(
        points,
        [Mark(_at(LEFT, scale, v), number(v)) for v in ticks],
        [Mark(round(TOP + SIZE - SIZE * scale.place(v), 1), number(v)) for v in ticks],
    )
    return {"head": head, "chart": chart, "label": f"{says}; observed against expected in {len(points)} bins",
            "error": error and error["value"]}  # fmt: skip


def _at(left: float, scale: Axis, value: float) -> float:
    return round(left + SIZE * scale.place(value), 1)


def _by_source(heads: Sequence[str], rows: Sequence[Row]) -> Row | None:
    """Return the leading figure of each head per source, with how many it was measured on."""
    found = {(r["head"], r["metric"], r["source"]): r for r in rows if r["source"] is not None and r["part"] is None}
    sizes: dict[str, int] = {}
    for (_, _, source), row in found.items():
        sizes[source] = max(sizes.get(source, 0), row["documents"])
    names = sorted(sizes, key=lambda name: (-sizes[name], name))[:SHOWN_SOURCES]
    table = []
    for head in heads:
        metric = next((m for m in LEADING if any((head, m, name) in found for name in names)), None)
        if metric:
            cells = [found.get((head, metric, name)) for name in names]
            table.append({"head": head, "metric": dict(FIGURES)[metric], "cells": [c and c["value"] for c in cells]})
    return {"sources": [(name, sizes[name]) for name in names], "rows": table} if table else None


def _labels(ledger: Ledger, head: str, rows: Sequence[Row]) -> Row | None:
    """Return the labels of a head: their share as labelled, as predicted for the same, and in all documents."""
    parts: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row["head"] == head and row["metric"] in ("f1", "share_labelled", "share_predicted") and row["part"]:
            parts.setdefault(row["part"], {})[row["metric"]] = row["value"]
    if not any("share_labelled" in held for held in parts.values()):
        return None
    known = facts.columns(ledger) if facts.has_scores(ledger) else {}
    pool: dict[str, float] = {}
    if known.get(head) == "VARCHAR":
        name = identifier(head)
        counted = ledger.rows(f"SELECT {name} AS label, count(*) AS n FROM scores WHERE {name} IS NOT NULL GROUP BY 1")
        pool = {row["label"]: row["n"] / sum(r["n"] for r in counted) for row in counted}
    names = sorted(parts, key=lambda label: (-parts[label].get("share_labelled", 0.0), label))
    most = max([held.get(m) or 0.0 for held in parts.values() for m in ("share_labelled", "share_predicted")]
               + list(pool.values()))  # fmt: skip
    table = [
        {"name": label, "f1": parts[label].get("f1"), "labelled": parts[label].get("share_labelled"),
         "predicted": parts[label].get("share_predicted"), "pool": pool.get(label, 0.0) if pool else None}
        for label in names[:SHOWN_LABELS]
    ]  # fmt: skip
    return {"head": head, "rows": table, "most": most, "others": len(names) - len(table), "pooled": bool(pool)}
