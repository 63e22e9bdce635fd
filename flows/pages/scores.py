"""The report's pictures of scores: a histogram per score that a rule compares, and a table of quantiles."""

from collections.abc import Sequence
from typing import Any

from flows.pages import charts, facts, histograms
from flows.pages.facts import Row
from flows.pages.numbers import count, number, percent
from tasks.ledger import Ledger

AXIS = (0, 1, 2, 4, 7, 8)
SPREAD = (2, 3, 4, 5, 6)
SHOWN_SPREADS = 6
Key = tuple[int, str]


def scores(ledger: Ledger, rules: Sequence[Row], sources: Sequence[str]) -> Row:
    """Return a chart per score and step, quantiles per score, bars for labels, and the share of documents looked at."""
    known = facts.columns(ledger)
    asked = list(dict.fromkeys((row["step"], row["score"]) for row in rules if row["score"] in known))
    numeric = [key for key in asked if known[key[1]] in facts.NUMERIC]
    meanings = facts.meanings(ledger, [score for _, score in asked])
    spreads, stride = facts.spreads(ledger, numeric)
    met = [key for key in numeric if (None, *key) in spreads and spreads[None, *key]["documents"]]
    pictures = _charts_of(ledger, met, rules, spreads, sources[:SHOWN_SPREADS])
    quantiles = [
        {"step": step, "score": score, "rules": _thresholds(rules, (step, score)), **spreads[None, step, score]}
        for step, score in met
    ]
    worded = [_worded(ledger, key) for key in asked if key not in numeric]
    for row in [*pictures, *worded]:
        meaning = meanings[row["score"]]
        row["meaning"] = meaning[:1].upper() + meaning[1:].rstrip(".")
        row["steps"] = sum(score == row["score"] for _, score in asked)
    return {"charts": pictures, "labels": worded, "quantiles": quantiles, "stride": stride, "probes": facts.QUANTILES}


def _charts_of(
    ledger: Ledger, keys: list[Key], rules: Sequence[Row], spreads: dict[Any, Row], sources: Sequence[str]
) -> list[Row]:
    scales = {}
    for step, score in keys:
        spread = spreads[None, step, score]
        compared = _thresholds(rules, (step, score))
        scales[step, score] = histograms.axis([spread["quantiles"][k] for k in AXIS], compared, spread["whole"])
    counted = facts.histograms(ledger, {key: edges for key, (_, edges) in scales.items()})
    return [_chart(key, scales[key], counted[key], rules, spreads, sources) for key in keys]


def _chart(
    key: Key,
    scale: tuple[charts.Axis, list[float]],
    counted: list[list[int]],
    rules: Sequence[Row],
    spreads: dict[Any, Row],
    sources: Sequence[str],
) -> Row:
    step, score = key
    thresholds = _thresholds(rules, key)
    apart = [
        (name, [spreads[name, step, score]["quantiles"][k] for k in SPREAD])
        for name in sources
        if len(sources) > 1 and (name, step, score) in spreads and spreads[name, step, score]["documents"]
    ]
    met, failed = counted
    says = f"{score}: {count(sum(met))} documents, {count(sum(failed))} fail; " + ", ".join(
        f"keep {operator} {number(value)}" for operator, value in thresholds[:3]
    )
    drawn = histograms.histogram(*scale, met, failed, thresholds, apart)
    share = sum(failed) / sum(met) if sum(met) else 0.0
    return {"step": step, "score": score, "chart": drawn, "label": says, "met": sum(met), "failed": sum(failed),
            "share": share}  # fmt: skip


def _thresholds(rules: Sequence[Row], key: Key) -> list[tuple[str, float]]:
    """Return the (operator, threshold) pairs for a score in a step; an inverse rule keeps the other side."""
    pairs: list[tuple[str, float]] = [
        (str(INVERSES.get(row["operator"], row["operator"])) if row["inverse"] else row["operator"], value)
        for row in rules
        if (row["step"], row["score"]) == key
        for value in row["thresholds"] or ()
    ]
    return list(dict.fromkeys(pairs))


INVERSES = {">=": "<", ">": "<=", "<=": ">", "<": ">="}


def _worded(ledger: Ledger, key: Key) -> Row:
    rows = facts.labels(ledger, *key)
    most = max((row["documents"] for row in rows), default=0)
    for row in rows:
        row["name"] = "no label" if row["label"] is None else row["label"] or "(empty)"
        passed = row["documents"] - row["fails"]
        parts = [("kept", passed, f"{count(passed)} pass"), ("dropped", row["fails"], f"{count(row['fails'])} fail")]
        row["bar"] = charts.stack(parts, most)
        row["says"] = (
            f"{row['name']}: {count(row['documents'])} documents, {percent(row['fails'] / row['documents'])} fail"
        )
    return {"step": key[0], "score": key[1], "rows": rows}
