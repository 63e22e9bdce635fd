"""What is done about matches: which documents leave, and what is cut out of those that stay."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.decontaminate._handling import Handling

Span = tuple[int, int]


@dataclass(frozen=True)
class Searched:
    """What one decontaminator was asked and found.

    ``items``: as ``_items`` gives them. ``sought``: bool, whether each can be found. ``matches``: ``_matches.FOUND``.
    """

    name: str
    asked: Handling
    items: pa.Table
    sought: np.ndarray
    matches: pa.Table

    @property
    def over(self) -> pa.Table:
        """The matches of items of which a document holds more than it may."""
        return self.matches.filter(pc.greater(self.matches["overlap"], self.asked.max_overlap))


@dataclass(frozen=True)
class Cut:
    """What is cut out of a document: spans in characters, in order and apart, and the decontaminator that asks."""

    name: str
    spans: list[Span]


def plan(found: Iterable[Searched], lengths: dict[int, int]) -> tuple[list[dict[str, Any]], dict[int, Cut]]:
    """Return the documents that leave (doc_id, name, value, threshold) and what is cut out of which others.

    ``lengths``: of the documents with matches, in characters. A document leaves for one decontaminator whatever another
    would cut. There is one row per document and name, with the largest share of an item that it holds.
    """
    gone: dict[tuple[int, str], dict[str, Any]] = {}
    cut: dict[int, Cut] = {}
    for searched in found:
        asked, over = searched.asked, searched.over
        leave = set(over["doc_id"].to_pylist()) if asked.action == "drop" else set()
        for doc_id, spans in _spans(over).items() if asked.action == "cut" else ():
            planned = cuts(spans, lengths[doc_id], asked.margin, asked.shortest_piece, asked.most_pieces)
            if planned is None:
                leave.add(doc_id)
            else:
                before = cut.get(doc_id, Cut(searched.name, []))
                cut[doc_id] = Cut(before.name, apart(before.spans + planned))
        for doc_id, value in zip(over["doc_id"].to_pylist(), over["overlap"].to_pylist(), strict=True):
            if doc_id in leave:
                row = {"doc_id": doc_id, "name": searched.name, "value": value, "threshold": asked.max_overlap}
                gone[doc_id, searched.name] = max(gone.get((doc_id, searched.name), row), row, key=_value)
    left = {doc_id for doc_id, _ in gone}
    return [gone[key] for key in sorted(gone)], {doc_id: cut[doc_id] for doc_id in sorted(cut) if doc_id not in left}


def _value(row: dict[str, Any]) -> float:
    return float(row["value"])


def _spans(matches: pa.Table) -> dict[int, list[Span]]:
    spans: dict[int, list[Span]] = {}
    for doc_id, start, stop in zip(*(matches[name].to_pylist() for name in ("doc_id", "start", "stop")), strict=True):
        spans.setdefault(doc_id, []).append((start, stop))
    return spans


def apart(spans: Iterable[Span]) -> list[Span]:
    """Return the spans in order, those that touch joined.

    >>> apart([(5, 9), (0, 3), (3, 4)])
    [(0, 4), (5, 9)]
    """
    joined: list[Span] = []
    for start, stop in sorted(spans):
        if joined and start <= joined[-1][1]:
            before = joined.pop()
            start, stop = before[0], max(stop, before[1])
        joined.append((start, stop))
    return joined


def cuts(spans: Iterable[Span], length: int, margin: int, shortest_piece: int, most_pieces: int) -> list[Span] | None:
    """Return what to cut out of a document of ``length`` characters, in order and apart; None if it should leave.

    Each span goes with ``margin`` characters on both sides, and so does what is shorter than ``shortest_piece`` beside
    or between cuts. A document leaves that would fall into more than ``most_pieces``, or of which nothing is left.

    >>> cuts([(500, 560)], 2000, 200, 200, 10), cuts([(500, 560)], 800, 200, 200, 10)
    ([(300, 760)], [(300, 800)])
    """
    found = apart((max(0, start - margin), min(length, stop + margin)) for start, stop in spans)
    kept = [(a, b) for a, b in _between(found, length) if b - a >= shortest_piece]
    return None if not kept or len(kept) > most_pieces else _between(kept, length)


def _between(spans: list[Span], length: int) -> list[Span]:
    """Return what the spans leave of a text."""
    edges = [0, *(edge for span in spans for edge in span), length]
    return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a]


def acted(matches: pa.Table, left: set[int], cut: dict[int, Cut]) -> pa.Table:
    """Return the matches with a column ``action``: drop or cut if the document leaves or the span goes, else flag."""
    columns = (matches[name].to_pylist() for name in ("doc_id", "start", "stop"))
    actions = [_action(doc_id, (start, stop), left, cut) for doc_id, start, stop in zip(*columns, strict=True)]
    return matches.append_column("action", pa.array(actions, pa.string()))


def _action(doc_id: int, span: Span, left: set[int], cut: dict[int, Cut]) -> str:
    if doc_id in left:
        return "drop"
    spans = cut[doc_id].spans if doc_id in cut else []
    return "cut" if any(first <= span[0] and span[1] <= last for first, last in spans) else "flag"
