"""What a person sees in the terminal: steps as they go, the table at the end, answers as tables."""

import csv
import re
import sys
from typing import Any

import orjson
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
console = Console(stderr=True)
output = Console(width=None if sys.stdout.isatty() else 160)
PLAIN = ("step", "position", "row", "place")
SMALLEST_ID = 10**15  # no count is as large; an id under another column's name is
UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def size(count: float) -> str:
    """Return a number of bytes as a person reads it.

    >>> size(111_500_000)
    '111.5 MB'
    """
    for unit in UNITS[:-1]:
        if abs(count) < 1000:
            return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} {UNITS[-1]}"


class Steps:
    """Shows each step with its progress, and keeps a line for each that ended."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task("starting", total=None)

    def started(self, step: str) -> None:
        """Show a new step."""
        self._bar.update(self._task, description=step, completed=0, total=None)

    def moved(self, done: int, total: int) -> None:
        """Move the bar."""
        self._bar.update(self._task, completed=done, total=total)

    def ended(self, step: str, seconds: float, documents: int, size_: int) -> None:
        """Leave a line behind."""
        self._bar.console.print(
            f"[green]✓[/] {step:<16} {documents:>12,} documents {size(size_):>10} {seconds:>8.1f} s", highlight=False
        )


def progress() -> Progress:
    """Return a bar for the step at hand."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:.0f}"))
    return Progress(*columns, TimeElapsedColumn(), console=console, transient=True)


def table(rows: list[dict[str, Any]], title: str | None = None, empty: str = "no rows") -> None:
    """Print rows as a table."""
    if not rows:
        output.print(f"[dim]{empty}[/]")
        return
    heading = None if title is None else Text(title)
    shown = Table(title=heading, title_justify="left", header_style="bold", box=None, pad_edge=False)
    numeric = {key: all(isinstance(row[key], int | float | None) for row in rows) for key in rows[0]}
    for key, is_number in numeric.items():
        shown.add_column(Text(key), justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(Text(cell(key, row[key])) for key in row))
    output.print(shown, highlight=False)


def cell(name: str, value: Any) -> str:
    """Return a value as a table shows it; ids are never grouped."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value) if name in PLAIN or name.endswith("id") or value >= SMALLEST_ID else f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, bytes):
        return value.hex()
    # A document's text may hold what a terminal obeys: it is shown, not sent.
    return CONTROLS.sub("\ufffd", str(value))


def as_csv(rows: list[dict[str, Any]]) -> None:
    """Print rows as CSV with a header."""
    if rows:
        writer = csv.DictWriter(sys.stdout, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({k: v.hex() if isinstance(v, bytes) else v for k, v in row.items()} for row in rows)


def as_json(rows: list[dict[str, Any]]) -> None:
    """Print rows as JSON, one array of objects."""
    plain = lambda value: value.hex() if isinstance(value, bytes) else str(value)  # noqa: E731
    sys.stdout.buffer.write(orjson.dumps(rows, default=plain, option=orjson.OPT_INDENT_2) + b"\n")
    sys.stdout.buffer.flush()
