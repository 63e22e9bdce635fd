"""The report's sections: facts of the ledger turned into rows, bars and sentences for the template."""

from collections.abc import Sequence
from typing import Any

from flows.pages import charts, facts
from flows.pages.facts import Row, total
from flows.pages.labels import OUTCOMES, READING, selecting
from flows.pages.numbers import count, number, part, percent, size
from tasks.ledger import Ledger

SHOWN_SOURCES = 25
SHOWN_DOMAINS = 30
HUES = 6
SUMMED = ("quota", "available", "achieved", "shortfall", "excess", "documents", "candidates", "repeats", "missing")


def headline(ledger: Ledger, steps: Sequence[Row], lives: Sequence[Row], ruled: Row) -> Row:
    """Return the key figures: read and kept documents, bytes and tokens, what left, what was drawn and packed."""
    found: Row = {
        f"{what}_{side}": total(lives, what, kept=side == "kept")
        for what in ("documents", "bytes", "tokens")
        for side in ("in", "kept")
    }
    for outcome in OUTCOMES:
        found[outcome] = sum(row["documents"] for row in lives if row["outcome"] == outcome)
    found["sources"] = len({row["source"] for row in lives})
    found["drawn"] = ledger.value(
        "SELECT coalesce(sum(tokens * copies), 0)::BIGINT FROM weights JOIN documents USING (doc_id)"
    )
    found["contexts"] = ledger.value("SELECT count(DISTINCT context_id) FROM segments")
    found["files"] = ledger.value("SELECT count(*) FROM exports")
    hardest = max((r for r in ruled["rules"] if r["alone"]), key=lambda r: r["alone"], default=None)
    found["hardest"] = hardest and {"rule": hardest["rule"], "alone": hardest["alone"]}
    found["steps"] = len(steps) - 1
    return found


def ways(steps: Sequence[Row], lives: Sequence[Row]) -> list[Row]:
    """Return the ways in which documents left, with a colour class and a label for each."""
    kinds = {row["step"]: row["kind"] for row in steps}
    seen: dict[str, int] = {}
    found = []
    for step, outcome in facts.losses(lives):
        nth = seen.setdefault(outcome, -1 if step == 0 else 0)
        seen[outcome] += 1
        colour = {"dropped": f"dropped{nth % 3}", "duplicate": f"duplicate{nth % 2}"}.get(outcome, "failed")
        kind = kinds.get(step, "step")
        label = f"{OUTCOMES[outcome]} in {'reading' if step == 0 else f'step {step}, {kind}'}"
        found.append({"step": step, "outcome": outcome, "colour": colour, "label": label})
    return found


def funnel(steps: Sequence[Row], lives: Sequence[Row]) -> Row:
    """Return the funnel per step and per source, in documents and in bytes, with the parts of each bar."""
    left = ways(steps, lives)
    names = facts.sources(lives)
    measures = []
    for what, form in (("documents", count), ("bytes", size)):
        rows = [_flow(lives, left, what, form, name) for name in names[:SHOWN_SOURCES]]
        if len(names) > SHOWN_SOURCES:
            others = [row for row in lives if row["source"] in set(names[SHOWN_SOURCES:])]
            rows.append(_flow(others, left, what, form, None, f"{len(names) - SHOWN_SOURCES} smaller sources"))
        if len(names) != 1:
            rows.append(_flow(lives, left, what, form, None, "all sources"))
        measures.append({"what": what, "rows": rows})
    return {"ways": left, "measures": measures, "sources": names, "steps": _by_step(steps, lives, left)}


def _flow(
    lives: Sequence[Row], left: Sequence[Row], what: str, form: Any, source: str | None, name: str | None = None
) -> Row:
    rows = [row for row in lives if source is None or row["source"] == source]
    entered, kept = total(rows, what), total(rows, what, kept=True)
    gone = [
        sum(row[what] for row in rows if row["step"] == way["step"] and row["outcome"] == way["outcome"])
        for way in left
    ]
    says = [("kept", kept, f"kept: {form(kept)} ({percent(part(kept, entered))})")]
    says += [
        (way["colour"], amount, f"{way['label']}: {form(amount)} ({percent(part(amount, entered))})")
        for way, amount in zip(left, gone, strict=True)
    ]
    label = f"{name or source}: {'; '.join(text for _, amount, text in says if amount) or 'nothing read'}"
    return {
        "name": name or source,
        "total": name == "all sources",
        "entered": entered,
        "kept": kept,
        "gone": gone,
        "share": part(kept, entered),
        "bar": charts.stack(says, entered),
        "label": label,
    }


def _by_step(steps: Sequence[Row], lives: Sequence[Row], left: Sequence[Row]) -> list[Row]:
    """Return what entered, left and stayed in each step, on the scale of all that was read."""
    everything = total(lives, "documents")
    found = []
    for step in steps:
        number_ = step["step"]
        entered = total(lives, "documents", reached=number_)
        gone = {way["colour"]: (way, _left(lives, way, "documents")) for way in left if way["step"] == number_}
        kept = entered - sum(amount for _, amount in gone.values())
        says = [("kept", kept, f"stay: {count(kept)}")]
        says += [(colour, amount, f"{way['label']}: {count(amount)}") for colour, (way, amount) in gone.items()]
        found.append(
            {
                **step,
                "entered": entered,
                "left": entered - kept,
                "kept": kept,
                "kept_bytes": sum(r["bytes"] for r in lives if r["step"] is None or r["step"] > number_),
                "bar": charts.stack(says, everything),
                "label": "; ".join(text for _, amount, text in says if amount) or "nothing entered",
            }
        )
    return found


def _left(lives: Sequence[Row], way: Row, what: str) -> int:
    return sum(row[what] for row in lives if row["step"] == way["step"] and row["outcome"] == way["outcome"])


def rules(ledger: Ledger, steps: Sequence[Row], lives: Sequence[Row]) -> Row:
    """Return every rule with the documents that fail it, and those that fail no other of its step; and per source."""
    found = ledger.rows(facts.RULES)
    per_source = {(row["step"], row["rule"], row["source"]): row["fails"] for row in ledger.rows(facts.FAILING)}
    names = facts.sources(lives)[:10]
    kinds = {row["step"]: row["kind"] for row in steps}
    for row in found:
        entered = total(lives, "documents", reached=row["step"])
        row["entered"] = entered
        row["share"] = part(row["fails"], entered)
        row["set"] = row["rule_set"] or ("reading" if row["step"] == 0 else kinds.get(row["step"], "step"))
        row["short"] = row["rule"].removeprefix(f"{row['rule_set']}.")
        row["keeps"] = _keeps(row)
        row["bar"] = charts.stack(
            [
                ("alone", row["alone"], f"fail only this rule: {count(row['alone'])}"),
                ("dropped", row["fails"] - row["alone"], f"fail other rules too: {count(row['fails'] - row['alone'])}"),
            ],
            max((r["fails"] for r in found), default=0),
        )
        row["sources"] = [
            part(
                per_source.get((row["step"], row["rule"], n), 0),
                total(lives, "documents", source=n, reached=row["step"]),
            )
            for n in names
        ]
    groups: dict[tuple[int, str], list[Row]] = {}
    for row in found:
        groups.setdefault((row["step"], row["set"]), []).append(row)
    return {"rules": found, "groups": [_group(*key, rows) for key, rows in groups.items()], "sources": names}


def _group(step: int, name: str, rows: list[Row]) -> Row:
    citation = next((row["citation"] for row in rows if row["citation"] and name != "inline"), "")
    return {"step": step, "name": name, "citation": citation, "inverse": rows[0]["inverse"], "rows": rows}


def _keeps(row: Row) -> str:
    """Say in one line what a rule asks for."""
    if row["score"] is None:
        rule = str(row["rule"])
        return selecting(rule) if rule.startswith("select.") else READING.get(rule, rule)
    thresholds = row["thresholds"] or []
    if row["label"] is not None:
        value = row["label"].replace("|", ", ")
    elif len(thresholds) > 2:
        value = f"{number(thresholds[0])} … {number(thresholds[-1])} ({len(thresholds)} thresholds)"
    else:
        value = " or ".join(number(value) for value in thresholds) or "–"
    signs = {">=": "≥", "<=": "≤", "==": "=", "!=": "≠"}
    text = f"{row['score']} {signs.get(row['operator'], row['operator'])} {value}"
    text += f", the {percent(row['quantile'], 0)} quantile" if row["quantile"] is not None else ""
    return text + (f", per {row['per']}" if row["per"] else "")


def duplicates(ledger: Ledger) -> Row:
    """Return removed duplicates by method, cluster sizes, the largest clusters, and recall against its expectation."""
    sizes = ledger.rows(facts.SIZES)
    most = max((row["clusters"] for row in sizes), default=0)
    for row in sizes:
        row["name"] = _span(row["least"], row["most"])
        says = f"clusters of {row['name']}: {count(row['clusters'])}, {count(row['removed'])} documents removed"
        row["bar"], row["label"] = charts.stack([("duplicate0", row["clusters"], says)], most), says
    measured: dict[int, list[Row]] = {}
    for row in ledger.rows("SELECT * FROM recall ORDER BY step, jaccard"):
        measured.setdefault(row["step"], []).append(row)
    names = ("jaccard", "pairs", "found", "expected", "deviation")
    curves = [
        {"step": step, "rows": rows, "chart": charts.curve([tuple(row[name] for name in names) for row in rows])}
        for step, rows in measured.items()
    ]
    return {
        "methods": ledger.rows(facts.METHODS),
        "sizes": sizes,
        "largest": ledger.rows(facts.LARGEST),
        "curves": curves,
    }


def _span(least: int, most: int) -> str:
    if least <= 5:
        return count(least)
    return (
        f"over {count(least - 1)}"
        if least > 1000
        else f"{count(least)} to {count({6: 10, 11: 20, 21: 50, 51: 100}.get(least, 1000))}"
    )


def mixture(ledger: Ledger, steps: Sequence[Row]) -> list[Row]:
    """Return one table per reweight step, or one of what there is: shares as read, as kept and as drawn."""
    domains = {row["domain"]: row for row in ledger.rows(facts.DOMAINS)}
    read, kept = (sum(row[what] for row in domains.values()) for what in ("tokens", "kept_tokens"))
    mixed: dict[int | None, list[Row]] = {}
    for row in ledger.rows("SELECT * FROM mixture ORDER BY step, weight DESC, domain"):
        mixed.setdefault(row["step"], []).append(row)
    if not mixed and domains:
        mixed[None] = [
            {"domain": name, "documents": row["kept"], "tokens": row["kept_tokens"], "method": None, "weight": None,
             "natural_share": part(row["kept_tokens"], kept) or 0.0, "epochs": None, "effective_tokens": None}
            for name, row in domains.items()
        ]  # fmt: skip
    by = {row["step"]: row["settings"].get("by", "domain") for row in steps}
    return [_mixture(step, by.get(step or 0, "domain"), rows, domains, read) for step, rows in mixed.items()]


def _mixture(step: int | None, by: str, rows: list[Row], domains: dict[str, Row], read: int) -> Row:
    for row in rows:
        known = domains.get(row["domain"]) if by == "domain" else None
        row["read"] = part(known["tokens"], read) if known else None
    most = max(
        (share for row in rows for share in (row["read"], row["natural_share"], row["weight"]) if share), default=1
    )
    for row in rows:
        row["dots"] = charts.dots(row["read"], row["natural_share"], row["weight"], most)
        parts = (("as read", row["read"]), ("as kept", row["natural_share"]), ("as drawn", row["weight"]))
        row["label"] = f"{row['domain']}: " + ", ".join(f"{percent(v)} {name}" for name, v in parts if v is not None)
    known_effect = all(row["effective_tokens"] is not None for row in rows)
    return {
        "step": step,
        "by": by,
        "method": rows[0]["method"],
        "rows": rows[:SHOWN_DOMAINS],
        "others": len(rows) - SHOWN_DOMAINS,
        "most": most,
        "drawn": sum((row["epochs"] or 0) * row["tokens"] for row in rows) if rows[0]["epochs"] is not None else None,
        "effective": sum(row["effective_tokens"] for row in rows) if known_effect else None,
        "tokens": sum(row["tokens"] for row in rows),
        "documents": sum(row["documents"] for row in rows),
    }


def selections(ledger: Ledger) -> list[Row]:
    """Return a table per select step: what each stratum was asked for, had and gave; the largest quotas first."""
    steps: dict[int, list[Row]] = {}
    for row in ledger.rows("SELECT * FROM quotas ORDER BY step, coalesce(quota, available) DESC, stratum"):
        steps.setdefault(row["step"], []).append(row)
    found = []
    for step, rows in steps.items():
        most = max(max(row["available"], row["achieved"]) for row in rows)
        for row in rows:
            left = max(row["available"] - row["achieved"], 0)
            says = [("kept", row["achieved"], f"taken: {count(row['achieved'])} tokens")]
            says += [("dropped0", left, f"left: {count(left)} tokens")]
            row["bar"], row["label"] = charts.stack(says, most), f"{row['stratum']}: {says[0][2]}, {says[1][2]}"
        sums = {name: sum(row[name] or 0 for row in rows) for name in SUMMED}
        found.append({"step": step, "method": rows[0]["method"], "rows": rows[:SHOWN_DOMAINS], "most": most,
                      "others": len(rows) - SHOWN_DOMAINS, "sums": sums})  # fmt: skip
    return found


FIGURES = """
SELECT metrics.* FROM metrics JOIN steps USING (step) WHERE kind IN ('order', 'pack')
AND NOT regexp_matches(metrics.name, '^(made|random|by_source)\\.|^compared_documents$') ORDER BY step, metrics.rowid
"""


def order(ledger: Ledger, steps: Sequence[Row]) -> Row:
    """Return the figures of order and packing, the domains along the order, and documents per context."""
    figures: dict[int, list[Row]] = {}
    for row in ledger.rows(FIGURES):
        figures.setdefault(row["step"], []).append(row)
    named = {row["step"]: row for row in steps}
    blocks = [{"step": step, "named": named.get(step), "rows": rows} for step, rows in figures.items()]
    return {"blocks": blocks, "drift": _drift(ledger), "contexts": _contexts(ledger)}


def _drift(ledger: Ledger) -> Row | None:
    rows = ledger.rows(facts.DRIFT)
    if not rows:
        return None
    sums: dict[str, int] = {}
    for row in rows:
        sums[row["domain"]] = sums.get(row["domain"], 0) + row["tokens"]
    names = sorted(sums, key=lambda name: (-sums[name], name))
    legend = [{"name": name, "colour": f"c{k}"} for k, name in enumerate(names[:HUES])]
    legend += [{"name": f"{len(names) - HUES} other domains", "colour": f"c{HUES}"}] if len(names) > HUES else []
    colours = {name: min(k, HUES) for k, name in enumerate(names)}
    slices: dict[int, list[int]] = {}
    for row in rows:
        slices.setdefault(row["slice"], [0] * (HUES + 1))[colours[row["domain"]]] += row["tokens"]
    groups = []
    for slice_, tokens in sorted(slices.items()):
        whole = sum(tokens) or 1
        parts = [
            (f"c{k}", amount, f"part {slice_ + 1} of 24, {legend[k]['name']}: {percent(amount / whole)} of the tokens")
            for k, amount in enumerate(tokens)
            if amount
        ]
        groups.append((str(slice_ + 1), parts))
    return {"legend": legend, "chart": charts.columns(groups, shares=True, every=4)}


def _contexts(ledger: Ledger) -> Row | None:
    found = {row["pieces"]: row["contexts"] for row in ledger.rows(facts.PER_CONTEXT)}
    if not found:
        return None
    most = max(found)
    groups = []
    for pieces in range(1, most + 1):
        name = f"{pieces} or more" if pieces == facts.MOST_PIECES else count(pieces)
        held = found.get(pieces, 0)
        groups.append((name, [("kept", held, f"{name} pieces: {count(held)} contexts")] if held else []))
    return {
        "chart": charts.columns(groups, every=1 if most <= 12 else 4),
        "contexts": sum(found.values()),
        "last": name if most == facts.MOST_PIECES else None,
    }
