"""The report's pictures of contexts: a few drawn to scale, lengths, other orders beside this one, transforms."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from flows.pages import charts
from flows.pages.facts import Row
from flows.pages.labels import FIGURES
from flows.pages.numbers import count, number, part, percent
from tasks.ledger import Ledger

DRAWN = 8
HUES = 6
SHOWN_PIECES = 300
LISTED_PIECES = 40
WIDTH, LEFT, ROW, HIGH = 1000.0, 64.0, 40.0, 26.0
ORDERS = {"made": "as made", "random": "in random order", "by_source": "sorted by source"}

PICKED = """
SELECT context_id, position, segments.doc_id, copy, start, stop, role, loss_weight, tokens,
       CASE WHEN inserted IS NULL THEN stop - start ELSE len(inserted) END AS size, inserted IS NOT NULL AS inserted,
       {by} AS name, coalesce(id, url, file || ' row ' || row) AS named, url
FROM segments LEFT JOIN documents USING (doc_id)
WHERE context_id IN (SELECT unnest($picked)) ORDER BY context_id, position, segments.doc_id, copy
"""
NAMES = """
SELECT {by} AS name, sum(stop - start) AS tokens FROM segments JOIN documents USING (doc_id)
WHERE inserted IS NULL GROUP BY name ORDER BY tokens DESC, name
"""
LENGTHS = """
SELECT greatest(floor(log2(greatest(tokens, 1)))::INTEGER, 0) AS power, count(*) AS documents,
       sum(tokens)::BIGINT AS tokens FROM places JOIN documents USING (doc_id) GROUP BY power ORDER BY power
"""
QUANTILES = """
SELECT source, grouping(source) AS everything, count(*) AS documents, sum(tokens)::BIGINT AS tokens,
       quantile_disc(tokens, [0.05, 0.25, 0.5, 0.75, 0.95]) AS quantiles, max(tokens) AS longest,
       coalesce(sum(tokens) FILTER (tokens > $length), 0)::BIGINT AS long_tokens
FROM places JOIN documents USING (doc_id) GROUP BY GROUPING SETS ((source), ())
ORDER BY everything, tokens DESC, source
"""
COMPARED = """
SELECT step, split_part(name, '.', 1) AS of, name[length(split_part(name, '.', 1)) + 2:] AS name, value
FROM metrics WHERE split_part(name, '.', 1) IN ('made', 'random', 'by_source') AND contains(name, '.')
OR name = 'compared_documents' ORDER BY step, rowid
"""
TRANSFORMED = """
SELECT step, split_part(metrics.name, '.', 1) AS unit, metrics.name[length(split_part(metrics.name, '.', 1)) + 2:]
       AS figure, value
FROM metrics JOIN steps USING (step) WHERE kind = 'transform' ORDER BY step, metrics.rowid
"""
EMITTED = """
SELECT count(*) AS copies, count(*) FILTER (dropped > 0) AS shortened, count(*) FILTER (repeated > 0) AS doubled,
       coalesce(sum(dropped), 0)::BIGINT AS dropped, coalesce(sum(repeated), 0)::BIGINT AS repeated FROM emitted
"""
GROUPS = (
    ("Packing", ("contexts", "padding_share", "extra_context_share", "cut_document_share", "avoidably_cut_share",
                 "mid_document_share", "orphan_tokens", "documents_per_context", "mean_attention_span")),
    ("Mixing", ("source_entropy_per_context", "source_order_entropy", "largest_source_divergence")),
    ("Likeness", ("adjacent_similarity", "adjacent_similarity_in_context", "linked_share", "jumps",
                  "neighbor_hit_share", "neighbor_recall", "context_similarity", "next_context_similarity",
                  "duplicate_share")),
    ("Bursts of words", ("zipf_coefficient", "bursty_share", "adaptation", "fano", "gap_burstiness")),
)  # fmt: skip
TRANSFORM_FIGURES = ("contexts", "tokens", "inserted_tokens", "masked_tokens", "dropped_tokens", "repeated_tokens")


@dataclass(frozen=True)
class Piece:
    """A stretch of a drawn context: its place, colour, and whether it was inserted, masked or begins inside a text."""

    x: float
    width: float
    colour: str
    hatch: str
    inside: bool
    title: str


def contexts(ledger: Ledger, steps: Sequence[Row], seed: int | None) -> Row:
    """Return the pictures and tables of contexts; each is None or empty where there is nothing to show."""
    return {
        "picture": picture(ledger, seed or 0),
        "lengths": lengths(ledger, context_length(steps)),
        "compared": compared(ledger),
        "transforms": transforms(ledger),
    }


def context_length(steps: Sequence[Row]) -> int | None:
    """Return the tokens of a context as the pack step sets it."""
    settings = [call.get("settings") or {} for row in steps if row["kind"] == "pack" for call in row["calls"]]
    return next((int(held["context_length"]) for held in settings if held.get("context_length")), None)


def picture(ledger: Ledger, seed: int) -> Row | None:
    """Return a few contexts, drawn by the seed, as rows of pieces to one scale, coloured by source, else by domain."""
    held = ledger.value("SELECT coalesce(max(context_id) + 1, 0) FROM segments")
    if not held:
        return None
    random = np.random.Generator(np.random.PCG64(seed))
    picked = sorted(random.choice(held, min(DRAWN, held), replace=False).tolist())
    by = "source" if ledger.value("SELECT count(DISTINCT source) FROM documents") > 1 else "domain"
    names = [row["name"] for row in ledger.rows(NAMES.format(by=by))]
    alone = len(names) <= 1
    rows = ledger.rows(PICKED.format(by=by), {"picked": picked})
    found = [list(pieces) for _, pieces in groupby(rows, key=lambda row: row["context_id"])]
    longest = max((sum(row["size"] for row in pieces) for pieces in found), default=0)
    drawn = [_drawn(pieces, longest, names, alone) for pieces in found]
    legend = [{"name": name, "colour": f"c{k}"} for k, name in enumerate(names[:HUES])]
    legend += [{"name": f"{len(names) - HUES} others", "colour": f"c{HUES}"}] if len(names) > HUES else []
    if alone:
        legend = [{"name": "documents, in turn", "colour": colour} for colour in ("c0", "c4")]
    scale = charts.Axis(0, longest or 1)
    return {
        "rows": drawn, "by": by, "alone": alone, "contexts": held, "legend": legend,
        "inserted": any(row["inserted"] for row in rows),
        "masked": any(row["loss_weight"] == 0 and not row["inserted"] for row in rows),
        "inside": any(piece.inside for row in drawn for piece in row["pieces"]),
        "ticks": [charts.Mark(round(LEFT + (WIDTH - LEFT) * scale.place(v), 1), charts.brief(v))
                  for v in scale.ticks(4)],
        "width": WIDTH, "left": LEFT, "row": ROW, "high": HIGH, "height": ROW * len(drawn) + 22,
    }  # fmt: skip


def _drawn(rows: list[Row], longest: int, names: Sequence[str], alone: bool) -> Row:
    """Lay out one context; of one with very many pieces, those side by side of one name become one."""
    documents = list(dict.fromkeys((row["doc_id"], row["copy"]) for row in rows if row["doc_id"] is not None))
    turn = {document: k for k, document in enumerate(documents)}
    for row in rows:
        colour = min(names.index(row["name"]), HUES) if row["name"] in names else HUES
        row["colour"] = f"c{4 * (turn.get((row['doc_id'], row['copy']), 0) % 2) if alone else colour}"
        row["hatch"] = "inserted" if row["inserted"] else "masked" if row["loss_weight"] == 0 else ""
    grouped = [[row] for row in rows]
    if len(rows) > SHOWN_PIECES:
        grouped = [list(run) for _, run in groupby(rows, key=lambda row: (row["colour"], row["hatch"]))]
    pieces, at = [], 0
    scale = (WIDTH - LEFT) / (longest or 1)
    for run in grouped:
        size = sum(row["size"] for row in run)
        inside = not run[0]["inserted"] and bool(run[0]["start"])
        pieces.append(Piece(round(LEFT + at * scale, 2), max(round(size * scale, 2), 0.4), run[0]["colour"],
                            run[0]["hatch"], inside, _title(run)))  # fmt: skip
        at += size
    listed = [{**row, "span": _span(row)} for row in rows[:LISTED_PIECES]]
    return {"context": rows[0]["context_id"], "pieces": pieces, "tokens": at, "documents": len(documents),
            "listed": listed, "others": len(rows) - len(listed)}  # fmt: skip


def _span(row: Row) -> str:
    if row["inserted"]:
        return f"{count(row['size'])} inserted"
    whole = row["start"] == 0 and row["stop"] == row["tokens"]
    return (
        f"all {count(row['tokens'])}"
        if whole
        else f"{count(row['start'])} to {count(row['stop'])} of {count(row['tokens'])}"
    )


def _title(run: list[Row]) -> str:
    row = run[0]
    if len(run) > 1:
        return (
            f"{count(len(run))} pieces of {row['name'] or 'no document'}: {count(sum(r['size'] for r in run))} tokens"
        )
    of = f"{row['named'] or row['doc_id']} ({row['name']})" if row["doc_id"] is not None else "no document"
    what = f"{row['role']}, {count(row['size'])} tokens inserted before token {count(row['start'])}"
    tokens = what if row["inserted"] else f"tokens {_span(row)}"
    loss = "" if row["loss_weight"] == 1 else f"; loss weight {number(row['loss_weight'])}"
    url = f", {row['url']}" if row["url"] and row["url"] != row["named"] else ""
    return f"{of}: {tokens}{loss}{url}"


def lengths(ledger: Ledger, length: int | None) -> Row | None:
    """Return placed documents and their tokens by length, in powers of two, and quantiles of the length per source."""
    held = {row["power"]: row for row in ledger.rows(LENGTHS)}
    if not held:
        return None
    powers = range(min(held), max(held) + 1)

    def chart(what: str, kind: str) -> charts.Columns:
        groups: list[tuple[str, list[tuple[str, float, str]]]] = []
        for power in powers:
            amount = held[power][what] if power in held else 0
            says = f"{count(2**power)} to {count(2 ** (power + 1) - 1)} tokens: {count(amount)} {what}"
            groups.append((charts.brief(2**power) if power < 10 else _binary(power), [(kind, amount, says)]))
        return charts.columns(groups, every=1 if len(powers) <= 12 else 2)

    sources = ledger.rows(QUANTILES, {"length": length or 0})
    for row in sources:
        row["name"] = "all sources" if row["everything"] else row["source"]
        row["long_share"] = part(row["long_tokens"], row["tokens"]) if length else None
    sources = sources if len(sources) > 2 else sources[-1:]
    return {"documents": chart("documents", "kept"), "tokens": chart("tokens", "c2"), "sources": sources,
            "length": length}  # fmt: skip


def _binary(power: int) -> str:
    """Return a power of two from 1,024 as people write it: 2k is 2,048."""
    return f"{2 ** (power % 10)}{'kMBT'[power // 10 - 1]}"


def compared(ledger: Ledger) -> list[Row]:
    """Return, per step that compares, a figure per row and an order per column, with bars to one scale in a row."""
    held: dict[int, dict[str, dict[str, float]]] = {}
    sizes: dict[int, float] = {}
    for row in ledger.rows(COMPARED):
        if row["of"] == "compared_documents":
            sizes[row["step"]] = row["value"]
        else:
            held.setdefault(row["step"], {}).setdefault(row["name"], {})[row["of"]] = row["value"]
    return [_compared(step, figures, sizes.get(step)) for step, figures in held.items()]


def _compared(step: int, figures: dict[str, dict[str, float]], documents: float | None) -> Row:
    orders = [name for name in ORDERS if any(name in values for values in figures.values())]
    known = {name for _, names in GROUPS for name in names}
    groups = [*GROUPS, ("Others", tuple(name for name in figures if name not in known and name in FIGURES))]
    tables = [
        (title, [_figure(name, figures[name], orders) for name in names if name in figures]) for title, names in groups
    ]
    return {"step": step, "documents": documents, "orders": [ORDERS[name] for name in orders],
            "groups": [(title, rows) for title, rows in tables if rows]}  # fmt: skip


def _figure(name: str, values: dict[str, float], orders: Sequence[str]) -> Row:
    label, form = FIGURES.get(name, (name.replace("_", " "), number))
    most = max((abs(value) for value in values.values()), default=0.0)
    cells: list[dict[str, Any]] = []
    for order in orders:
        value = values.get(order)
        text = form(value)
        kind = "kept" if order == "made" else "c6"
        bar = charts.stack([(kind, abs(value or 0.0), f"{ORDERS[order]}: {text}")], most)
        cells.append({"text": text, "bar": bar, "label": f"{label}, {ORDERS[order]}: {text}"})
    return {"name": name, "label": label, "cells": cells}


def transforms(ledger: Ledger) -> Row | None:
    """Return what each transform inserted, masked, dropped and repeated, and what the contexts hold more or less of."""
    held: dict[tuple[int, str], dict[str, float]] = {}
    for row in ledger.rows(TRANSFORMED):
        held.setdefault((row["step"], row["unit"]), {})[row["figure"]] = row["value"]
    emitted = ledger.rows(EMITTED)[0]
    if not held and not emitted["copies"]:
        return None
    rows = []
    for (step, unit), figures in held.items():
        tokens, inserted, masked = (figures.get(f) or 0.0 for f in ("tokens", "inserted_tokens", "masked_tokens"))
        says = [("c1", inserted, f"inserted: {percent(part(inserted, tokens))} of the tokens")]
        rows.append({"step": step, "unit": unit, **{name: figures.get(name) for name in TRANSFORM_FIGURES},
                     "bar": charts.stack(says, tokens), "label": f"{unit}: {count(inserted)} of {count(tokens)} tokens "
                     f"inserted, {count(masked)} masked",
                     "special": [(name.removeprefix("token "), int(v)) for name, v in figures.items()
                                 if name.startswith("token ")],
                     "own": [(name.replace("_", " "), number(v)) for name, v in figures.items()
                             if name not in TRANSFORM_FIGURES and not name.startswith("token ")]})  # fmt: skip
    placed = ledger.value("SELECT coalesce(sum(tokens), 0)::BIGINT FROM places JOIN documents USING (doc_id)")
    return {"rows": rows, "emitted": emitted, "placed": placed}
