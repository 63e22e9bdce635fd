"""Charts as plain geometry: numbers in, rounded coordinates out; the macros of ``templates/charts.html`` draw them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from flows.pages.numbers import count, number, percent


@dataclass(frozen=True)
class Axis:
    """A stretch of numbers laid from 0 to 1; ``log`` puts powers of ten at equal distances."""

    low: float
    high: float
    log: bool = False

    def place(self, value: float) -> float:
        """Return where ``value`` lies, held within [0, 1].

        >>> Axis(0, 10).place(2.5), Axis(1, 100, log=True).place(10), Axis(0, 1).place(7)
        (0.25, 0.5, 1.0)
        """
        low, high, at = (self._bent(v) for v in (self.low, self.high, value))
        return min(max((at - low) / (high - low), 0.0), 1.0) if high > low else 0.5

    def ticks(self, wanted: int = 5) -> list[float]:
        """Return round numbers inside the axis.

        >>> Axis(0, 1).ticks(), Axis(3, 4000, log=True).ticks()
        ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [10.0, 100.0, 1000.0])
        """
        if self.log:
            first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
            stride = max(1, math.ceil((last - first + 1) / 6))
            return [10.0**power for power in range(first, last + 1, stride)]
        step = nice_step((self.high - self.low) / wanted)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(k * step, 12) + 0.0 for k in range(first, last + 1)]

    def edges(self, bins: int) -> list[float]:
        """Return the ``bins + 1`` limits of bins that look equally wide."""
        low, high = self._bent(self.low), self._bent(self.high)
        bent = [low + (high - low) * k / bins for k in range(bins + 1)]
        return [10.0**v if self.log else v for v in bent]

    def _bent(self, value: float) -> float:
        return math.log10(max(value, self.low * 1e-3)) if self.log else value


@dataclass(frozen=True)
class Bar:
    """A rectangle with its kind (a CSS class) and what it says when pointed at."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    title: str


@dataclass(frozen=True)
class Mark:
    """A tick, line or label: its place, text, and side (start, middle or end)."""

    at: float
    text: str = ""
    side: str = "middle"
    row: int = 0


def nice_step(rough: float) -> float:
    """Return the nearest of 1, 2 and 5 times a power of ten that is not smaller than ``rough``.

    >>> nice_step(0.25), nice_step(3), nice_step(70)
    (0.5, 5.0, 100.0)
    """
    power = 10.0 ** math.floor(math.log10(rough)) if rough > 0 else 1.0
    return next(round(m * power, 12) for m in (1, 2, 5, 10) if m * power >= rough * (1 - 1e-9))


def stack(parts: Sequence[tuple[str, float, str]], whole: float) -> list[Bar]:
    """Lay (kind, amount, title) side by side on a rail of length 100 that stands for ``whole``.

    >>> [bar.width for bar in stack([("kept", 3, "a"), ("failed", 1, "b")], 4)]
    [75.0, 25.0]
    """
    bars, at = [], 0.0
    for kind, amount, title in parts:
        width = 100 * amount / whole if whole else 0.0
        if width:
            bars.append(Bar(round(at, 3), 0, round(width, 3), 10, kind, title))
        at += width
    return bars


@dataclass(frozen=True)
class Columns:
    """Upright bars with their axes."""

    bars: list[Bar]
    x_ticks: list[Mark]
    y_ticks: list[Mark]
    width: float
    height: float
    left: float
    right: float
    base: float


def columns(
    groups: Sequence[tuple[str, Sequence[tuple[str, float, str]]]], *, shares: bool = False, every: int = 1
) -> Columns:
    """Lay out one column per (label, parts); parts are (kind, amount, title) from the base up.

    ``shares`` stretches every column to the same height; ``every`` says how many columns apart labels stand.
    """
    width, left, base, plot = 520.0, 52.0, 190.0, 168.0
    slot = (width - left - 8) / max(len(groups), 1)
    sums = [sum(amount for _, amount, _ in parts) for _, parts in groups]
    scale = Axis(0, 1 if shares else max([*sums, 1]))
    bars, ticks = [], []
    for k, (label, parts) in enumerate(groups):
        left_edge, floor = left + slot * k, base
        for kind, amount, title in parts:
            high = plot * scale.place(amount / (sums[k] or 1) if shares else amount)
            floor -= high
            if amount:
                bars.append(
                    Bar(_round(left_edge + 0.5), _round(floor), _round(slot - 1), max(_round(high), 0.5), kind, title)
                )
        if k % every == 0:
            ticks.append(Mark(_round(left_edge + slot / 2), label))
    form = partial(percent, digits=0) if shares else brief
    y_ticks = [Mark(_round(base - plot * scale.place(v)), form(v)) for v in scale.ticks(3)]
    return Columns(bars, ticks, y_ticks, width, base + 32, left, width - 8, base)


@dataclass(frozen=True)
class Curve:
    """A line with a band around it and measured points."""

    line: str
    band: str
    points: list[Bar]
    x_ticks: list[Mark]
    y_ticks: list[Mark]
    width: float = 520.0
    height: float = 254.0
    left: float = 52.0
    right: float = 512.0
    base: float = 212.0


def curve(rows: Sequence[tuple[float, int, int, float, float]]) -> Curve:
    """Lay out rows of (similarity, pairs, found, expected share, its standard deviation), in order of similarity."""
    across, up = Axis(min(0.1 * int(10 * rows[0][0]), 0.9), 1.0), Axis(0, 1)
    line, upper, lower, points = [], [], [], []
    for jaccard, pairs, found, expected, deviation in rows:
        x = 52 + 460 * across.place(jaccard)
        y_of = [212 - 188 * up.place(expected + sign * 3 * deviation) for sign in (-1, 0, 1)]
        lower.append((x, y_of[0]))
        line.append((x, y_of[1]))
        upper.append((x, y_of[2]))
        if pairs:
            says = (
                f"Jaccard {number(jaccard)}: {count(found)} of {count(pairs)} pairs found, {percent(found / pairs)}; "
            )
            says += f"expected {percent(expected)}"
            points.append(Bar(_round(x), _round(212 - 188 * up.place(found / pairs)), 0, 0, "point", says))
    x_ticks = [Mark(_round(52 + 460 * across.place(v)), number(v)) for v in across.ticks(5)]
    y_ticks = [Mark(_round(212 - 188 * v), percent(v, 0)) for v in up.ticks(4)]
    return Curve(_points(line), _points([*upper, *reversed(lower)]), points, x_ticks, y_ticks)


def _points(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{_round(x)},{_round(y)}" for x, y in places)


def dots(read: float | None, kept: float, drawn: float | None, most: float) -> dict[str, float | None]:
    """Place a domain's shares on a line from 0 to ``most``: as read, as kept, as drawn (None: not known)."""
    scale = Axis(0, most or 1)
    x = {"input": read, "from": kept, "to": kept if drawn is None else drawn, "drawn": drawn}
    return {key: None if share is None else _round(8 + 284 * scale.place(share)) for key, share in x.items()}


def brief(value: float) -> str:
    """Return an axis label: thousands as k, millions as M.

    >>> brief(500), brief(2500), brief(3e6)
    ('500', '2.5k', '3M')
    """
    for power, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if value >= power:
            return f"{value / power:g}{letter}"
    return f"{value:g}"


def _round(value: float) -> float:
    return round(value, 1) + 0.0
