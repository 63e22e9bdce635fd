"""The report's section on other thresholds: what each would keep, which rules overlap, what scores follow."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flows.pages import facts, hypotheses
from flows.pages.charts import Axis, Mark
from flows.pages.facts import Row
from flows.pages.histograms import SIGNS, axis
from flows.pages.hypotheses import Change, Overlap
from flows.pages.judged import FALLING, RISING, Judged, judged
from flows.pages.numbers import count, number, part, percent
from flows.pages.scores import AXIS
from tasks.ledger import Ledger

SHOWN_CURVES = 12
SHOWN_SOURCES = 6
SHOWN_RULES = 16
SHOWN_SCORES = 40
WIDTH, LEFT, RIGHT, TOP, HEIGHT = 372.0, 40.0, 14.0, 22.0, 150.0
PLOT = WIDTH - LEFT - RIGHT
BASE = TOP + HEIGHT


@dataclass(frozen=True)
class Line:
    """A line of a chart: its points, its kind (a CSS class) and what it says when pointed at."""

    points: str
    kind: str
    title: str


@dataclass(frozen=True)
class Trade:
    """What is drawn for one rule: kept shares against the threshold, and the thresholds in use."""

    lines: list[Line]
    thresholds: list[Mark]
    dots: list[tuple[float, float]]
    x_ticks: list[Mark]
    y_ticks: list[Mark]
    log: bool
    width: float = WIDTH
    height: float = BASE + 20
    left: float = LEFT
    right: float = LEFT + PLOT
    top: float = TOP
    base: float = BASE


def whatif(ledger: Ledger, rules: Sequence[Row], sources: Sequence[str]) -> Row:
    """Return a chart per rule that drops documents, the overlap of rules, and what the scores correlate with."""
    named = list(sources[:SHOWN_SOURCES]) if len(sources) > 1 else []
    found = judged(ledger)
    overlap = hypotheses.overlap(ledger)
    scores, looked_at = hypotheses.correlations(ledger)
    stride = max(1, ledger.value("SELECT count(*) FROM documents") // facts.SAMPLE)
    curves = _curves(ledger, found, rules, named, stride)
    return {
        "stride": stride,
        "curves": curves,
        "steps": len({row["step"] for row in curves}),
        "legend": [{"name": name, "colour": f"c{k}"} for k, name in enumerate(named)],
        "overlap": _matrix(overlap),
        "documents": overlap.documents,
        "scores": [_leaning(row) for row in scores[:SHOWN_SCORES]],
        "others": max(0, len(scores) - SHOWN_SCORES),
        "looked_at": looked_at,
    }


def _curves(ledger: Ledger, found: list[Judged], rules: Sequence[Row], named: list[str], stride: int) -> list[Row]:
    fails = {(row["step"], row["rule"]): (row["alone"], row["fails"]) for row in rules}
    able = [r for r in found if r.operator in (*RISING, *FALLING) and r.numbers and not r.inverse]
    able = [r for r in able if fails.get((r.step, r.rule), (0, 0))[1]]
    able = sorted(able, key=lambda r: fails[r.step, r.rule], reverse=True)[:SHOWN_CURVES]
    chosen = [r for r in found if r in able]
    spreads, _ = facts.spreads(ledger, list(dict.fromkeys((r.step, r.score) for r in chosen)))
    # a score that no document has keeps nothing at any threshold
    chosen = [r for r in chosen if spreads[None, r.step, r.score]["quantiles"]]
    asked: list[tuple[Change, list[float]]] = []
    scales: list[Axis] = []
    for rule in chosen:
        spread = spreads[None, rule.step, rule.score]
        pairs = [(rule.operator, value) for value in rule.numbers]
        scale, edges = axis([spread["quantiles"][k] for k in AXIS], pairs, spread["whole"])
        scales.append(scale)
        if spread["whole"]:
            # Between whole numbers nothing changes: ask at them, not between.
            edges = [edge + (0.5 if rule.operator in (">=", "<") else -0.5) for edge in edges if edge % 1 == 0.5]
        asked.append((hypotheses.placed(ledger, found, rule, rule), sorted({*edges, *rule.numbers})))
    curves = hypotheses.curves(ledger, asked, by=("source",), stride=stride)
    return [
        _chart(change.asked, scale, at, rows, named)
        for (change, at), scale, rows in zip(asked, scales, curves, strict=True)
        if rows
    ]


def _chart(rule: Judged, scale: Axis, at: Sequence[float], rows: list[Row], named: list[str]) -> Row:
    """Lay out a rule's chart, and say in a sentence what its present threshold keeps."""
    kept = {
        name: {row["threshold"]: (row["documents"], row["tokens"], row["met"], row["met_tokens"]) for row in rows
               if row["source"] == name}
        for name in {row["source"] for row in rows}
    }  # fmt: skip
    whole = {t: tuple(map(sum, zip(*(held[t] for held in kept.values()), strict=True))) for t in at}
    documents = {t: found[0] / found[2] if found[2] else 0.0 for t, found in whole.items()}
    tokens = {t: found[1] / found[3] if found[3] else 0.0 for t, found in whole.items()}
    now = rule.numbers
    single = now[0] if len(now) == 1 else None
    lines = [
        _line(scale, {t: held[t][0] / held[t][2] for t in at}, f"c{k}", name, single)
        for k, name in enumerate(named)
        for held in [kept.get(name)]
        if held and held[at[0]][2]
    ]
    lines += [
        _line(scale, tokens, "tokens", "tokens of all sources", single),
        _line(scale, documents, "all", "documents of all sources", single),
    ]
    dots = [] if single is None else [(_x(scale, single), _y(share[single])) for share in (tokens, documents)]
    says = f"{rule.score} {SIGNS.get(rule.operator, rule.operator)} threshold"
    met = max(found[2] for found in whole.values())
    effect = (
        f"{SIGNS.get(rule.operator, rule.operator)} {number(single)} keeps {percent(documents[single])} of the "
        f"documents and {percent(tokens[single])} of the tokens"
        if single is not None
        else f"{len(now)} thresholds, per {rule.per}"
    )
    drawn = Trade(
        lines,
        _marks(scale, rule),
        dots,
        [Mark(_x(scale, v), number(v)) for v in scale.ticks(6)],
        [Mark(_y(v), percent(v, 0)) for v in Axis(0, 1).ticks(4)],
        scale.log,
    )
    return {"rule": rule.rule, "step": rule.step, "score": rule.score, "met": met, "says": effect, "chart": drawn,
            "label": f"{says}: shares kept of {count(met)} documents; {effect}"}  # fmt: skip


def _line(scale: Axis, shares: dict[float, float], kind: str, name: str, now: float | None) -> Line:
    points = " ".join(f"{_x(scale, t)},{_y(share)}" for t, share in sorted(shares.items()))
    says = f"{name}: {percent(shares[now])} kept at {number(now)}" if now is not None else name
    return Line(points, kind, says)


def _marks(scale: Axis, rule: Judged) -> list[Mark]:
    places = [_x(scale, value) for value in rule.numbers]
    sign = SIGNS.get(rule.operator, rule.operator)
    text = f"now {sign} {number(rule.numbers[0])}" if len(places) == 1 else f"now {len(places)} thresholds"
    side = "end" if places[-1] > LEFT + PLOT * 0.6 else "start"
    labelled = places[0] if side == "end" else places[-1]
    return [Mark(at, text if at == labelled else "", side) for at in places]


def _matrix(found: Overlap) -> list[Row]:
    """Return the rules that fail most, in order, each with the shares of its documents that fail each other one."""
    most = np.argsort(-found.fails, kind="stable")[:SHOWN_RULES]
    order = sorted(int(k) for k in most if found.fails[k])
    return [
        {
            "number": n,
            "rule": found.rules[i].rule,
            "short": found.rules[i].rule.removeprefix(f"{found.rules[i].rule_set}."),
            "step": found.rules[i].step,
            "fails": int(found.fails[i]),
            "alone": int(found.alone[i]),
            "shares": [part(int(found.both[i, j]), int(found.known[i, j])) for j in order],
        }
        for n, i in enumerate(order, 1)
    ]  # fmt: skip


def _leaning(row: Row) -> Row:
    """Add to a correlation the bars that show it, from the middle to either side."""
    bars: Row = {}
    for what in ("length", "duplicates"):
        value = row[what] or 0.0
        strong = ("length" if what == "length" else "repetition") in row["follows"]
        bars[f"{what}_text"] = "–" if row[what] is None else f"{round(value, 2) + 0.0:+.2f}".replace("-", "−")
        bars[f"{what}_bar"] = {
            "x": round(50 + 50 * min(value, 0.0), 1), "width": round(50 * abs(value), 1),
            "kind": "dropped1" if strong else "kept",
        }  # fmt: skip
    return {**row, **bars}


def _x(scale: Axis, value: float) -> float:
    return round(LEFT + PLOT * scale.place(value), 1) + 0.0


def _y(share: float) -> float:
    return round(BASE - HEIGHT * share, 1) + 0.0
