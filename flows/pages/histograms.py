"""Histograms of scores: an axis fit for the values, bars in two colours, thresholds, the spread of each source."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from flows.pages.charts import Axis, Bar, Mark, brief, nice_step
from flows.pages.numbers import count, number

BINS = 40
LEFT, RIGHT, TOP, HEIGHT, STRIP = 92.0, 14.0, 10.0, 118.0, 15.0
WIDTH = 372.0
PLOT = WIDTH - LEFT - RIGHT
OVERFLOW = 10.0
HALVES = {">=": -0.5, "<": -0.5, ">": 0.5, "<=": 0.5}
SIGNS = {">=": "≥", "<=": "≤", "==": "=", "!=": "≠"}


@dataclass(frozen=True)
class Strip:
    """The spread of one source under a histogram: 5th to 95th percentile, the middle half, the median."""

    name: str
    y: float
    whiskers: tuple[float, float]
    box: tuple[float, float]
    median: float
    title: str


@dataclass(frozen=True)
class Cut:
    """The mark on a bar that is taller than the axis, and its number beside it."""

    at: float
    text_at: float
    text: str
    side: str


@dataclass
class Histogram:
    """Everything that is drawn for one score."""

    bars: list[Bar] = field(default_factory=list)
    cut: list[Cut] = field(default_factory=list)
    x_ticks: list[Mark] = field(default_factory=list)
    y_ticks: list[Mark] = field(default_factory=list)
    thresholds: list[Mark] = field(default_factory=list)
    strips: list[Strip] = field(default_factory=list)
    top: float = TOP
    base: float = TOP + HEIGHT
    height: float = 0.0
    width: float = WIDTH
    left: float = LEFT
    right: float = LEFT + PLOT
    log: bool = False


def axis(quantiles: Sequence[float], rules: Sequence[tuple[str, float]], whole: bool) -> tuple[Axis, list[float]]:
    """Choose an axis and bin limits for values with these (0, 1, 5, 50, 99, 100 %) quantiles.

    Counts that span two orders of magnitude get a logarithmic axis; a long tail is cut at the 99th percentile, or
    beyond the last threshold, and collected in one bar. Whole numbers have the limits between them.
    """
    least, q01, q05, middle, q99, most = quantiles
    thresholds = [value + HALVES.get(operator, 0.0) * whole for operator, value in rules]
    low = least if least >= q01 - 0.5 * (q99 - q01) else q01
    high = most if most <= q99 + 0.5 * (q99 - q01) else q99
    high = max([high, *(t + 0.1 * abs(t) for t in thresholds if t > high)])
    low = min([low, *(t - 0.1 * abs(t) for t in thresholds if t < low)])
    if least >= 0 and high > 50 * max(q05, 1.0) and middle < 0.2 * high:
        return _logarithmic(low, high, thresholds, whole)
    if whole:
        return _whole(low, max(high, min(most, low + 9), low + 2))
    if high <= low:
        low, high = low - 0.5, high + 0.5
    scale = _anchored(low, high, thresholds)
    return scale, scale.edges(BINS)


def _logarithmic(low: float, high: float, thresholds: Sequence[float], whole: bool) -> tuple[Axis, list[float]]:
    least = 0.5 if whole else 1.0
    bent = [math.log10(max(value, least)) for value in (low, high, *thresholds)]
    found = _anchored(bent[0], bent[1], bent[2:])
    edges = Axis(10.0**found.low, 10.0**found.high, log=True).edges(BINS)
    if whole:
        edges = sorted({math.floor(edge + 1e-6) + 0.5 for edge in edges})
    return Axis(edges[0], edges[-1], log=True), edges


def _whole(low: float, high: float) -> tuple[Axis, list[float]]:
    width = max(1.0, nice_step((high - low + 1) / BINS))
    bins = math.ceil((high - low + 1) / width)
    scale = Axis(math.floor(low) - 0.5, math.floor(low) - 0.5 + bins * width)
    return scale, scale.edges(bins)


def _anchored(low: float, high: float, thresholds: Sequence[float]) -> Axis:
    """Move the axis by less than a bin, so that a threshold is a limit between bins."""
    width = (high - low) / (BINS - 1)
    inside = [t for t in thresholds if low < t < high]
    start = inside[0] - math.ceil((inside[0] - low) / width) * width if inside else low - width / 2
    if low >= 0 > start and not inside:
        start, width = -1e-9, (high - low) / BINS * (1 + 1e-9)
    return Axis(start, start + BINS * width)


def histogram(
    scale: Axis,
    edges: Sequence[float],
    met: Sequence[int],
    failed: Sequence[int],
    rules: Sequence[tuple[str, float]],
    spreads: Sequence[tuple[str, Sequence[float]]] = (),
) -> Histogram:
    """Lay out documents per bin, those that fail in another colour, thresholds, and the spread of each source.

    ``met`` and ``failed`` hold one count for what lies below the first edge, one per bin, and one for what lies above
    the last; ``rules`` are (operator, threshold), ``spreads`` a name with its 5, 25, 50, 75 and 95 % quantiles.
    """
    drawn = Histogram(log=scale.log)
    whole = edges[0] % 1 == 0.5
    lines = _thresholds(scale, rules, whole)
    drawn.thresholds = lines
    drawn.top = TOP + 12.0 * (1 + max((m.row for m in lines), default=-1))
    drawn.base = drawn.top + HEIGHT
    limit = _limit(met)
    for k, (total, bad) in enumerate(zip(met, failed, strict=True)):
        left, right = _span(scale, edges, k)
        _stack(drawn, (left, right), total, bad, limit, _range(edges, k))
    axis_y = Axis(0, limit)
    drawn.y_ticks = [Mark(_round(drawn.base - HEIGHT * axis_y.place(v)), brief(v)) for v in axis_y.ticks(3)]
    drawn.x_ticks = [Mark(_x(scale, v), number(v)) for v in scale.ticks(6) if v % 1 == 0 or not whole]
    drawn.strips = [_strip(scale, name, at, drawn.base + 34 + STRIP * k) for k, (name, at) in enumerate(spreads)]
    drawn.height = drawn.base + 30 + (STRIP * len(drawn.strips) + 6 if drawn.strips else 0)
    return drawn


def _limit(counts: Sequence[int]) -> float:
    """The number at the top of the axis: the highest bar, or less if that one dwarfs all others."""
    highest, second = [*sorted(counts, reverse=True), 0, 0][:2]
    return 1.6 * second if second and highest > 4 * second else max(1.04 * highest, 1.0)


def _span(scale: Axis, edges: Sequence[float], k: int) -> tuple[float, float]:
    if k == 0:
        return LEFT - OVERFLOW, LEFT - 3
    if k == len(edges):
        return LEFT + PLOT + 3, LEFT + PLOT + OVERFLOW
    return _x(scale, edges[k - 1]), _x(scale, edges[k])


def _stack(drawn: Histogram, span: tuple[float, float], total: int, bad: int, limit: float, what: str) -> None:
    """Add the two parts of one bar; a bar higher than the axis ends in a cut with its number."""
    left, right = span
    if not total:
        return
    share = min(1.0, limit / total)
    floor = drawn.base
    for kind, documents in (("dropped", bad), ("kept", total - bad)):
        height = max(HEIGHT * documents * share / limit, 0.75 if documents else 0.0)
        if documents:
            says = f"{what}: {count(documents)} {'fail' if kind == 'dropped' else 'pass'}"
            width = max(right - left - 0.6, 0.8)
            drawn.bars.append(Bar(_round(left), _round(floor - height), _round(width), _round(height), kind, says))
        floor -= height
    if share < 1:
        side, at = ("start", right + 4) if left + right < 2 * LEFT + PLOT else ("end", left - 4)
        drawn.cut.append(Cut(_round((left + right) / 2), _round(at), count(total), side))


def _thresholds(scale: Axis, rules: Sequence[tuple[str, float]], whole: bool) -> list[Mark]:
    """Place the lines; between whole numbers, a line stands beside the bar of the last number that passes."""
    marks = []
    labelled = len(rules) <= 3
    for k, (operator, value) in enumerate(rules):
        at = _x(scale, value + HALVES.get(operator, 0.0) * whole)
        side = "start" if operator in (">=", ">") else "end"
        if side == "start" and at > LEFT + PLOT * 0.72:
            side = "end"
        if side == "end" and at < LEFT + PLOT * 0.28:
            side = "start"
        text = f"keep {SIGNS.get(operator, operator)} {number(value)}" if labelled else ""
        marks.append(Mark(at, text, side, k if labelled else 1))
    if not labelled:
        first = min(marks, key=lambda mark: mark.at)
        marks.append(replace(first, text=f"{len(rules)} thresholds", row=0))
    return marks


def _strip(scale: Axis, name: str, at: Sequence[float], y: float) -> Strip:
    q05, q25, q50, q75, q95 = (_x(scale, v) for v in at)
    says = f"{name}: median {number(at[2])}, middle half {number(at[1])} to {number(at[3])}, "
    return Strip(name, y, (q05, q95), (q25, q75), q50, says + f"5 % to 95 % {number(at[0])} to {number(at[4])}")


def _range(edges: Sequence[float], k: int) -> str:
    half = 0.5 if edges[0] % 1 == 0.5 else 0.0
    if k == 0:
        return f"up to {number(edges[0] - half)}"
    if k == len(edges):
        return f"above {number(edges[-1] - half)}"
    low, high = edges[k - 1], edges[k]
    if half:
        return number(low + 0.5) if high - low == 1 else f"{number(low + 0.5)} to {number(high - 0.5)}"
    return f"{number(low)} to {number(high)}"


def _x(scale: Axis, value: float) -> float:
    return _round(LEFT + PLOT * scale.place(value))


def _round(value: float) -> float:
    return round(value, 1) + 0.0
