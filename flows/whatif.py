"""What another threshold would keep, told from stored scores alone: no text is scored again, nothing is written."""

from collections.abc import Sequence
from typing import Any

from rich.markup import escape

from flows.control import DRAWS, control
from flows.pages import hypotheses as ask
from flows.pages.facts import RULES, Row, columns
from flows.pages.hypotheses import Change
from flows.pages.judged import judged
from flows.pages.numbers import count, number, percent, short
from flows.terminal import as_csv, as_json, output, table
from schemas.errors import LedgerError, unknown
from schemas.recipe import COMPARISON, inline_rule
from tasks.ledger import Ledger

SNIPPET = 70
NAME = 32
SHOWN_SOURCES = 6
SHOWN_DOMAINS = 20
SHOWN_PAIRS = 15


def whatif(
    ledger: Ledger, asked: str | None, *, rule: str | None = None, new: bool = False, examples: int = 3,
    form: str = "table", chance: bool = False,
) -> None:  # fmt: skip
    """Print what a rule would change, how a score's threshold trades documents, or how rules and scores overlap.

    With ``chance``, what a rule keeps beside what chance would.
    """
    if chance and not (asked and COMPARISON.match(asked)):
        raise LedgerError(f"chance stands beside a rule such as 'language_score >= 0.7', got {asked or 'none'}")
    if asked is None:
        _overview(ledger, form)
    elif chance:
        _chance(ledger, ask.change(ledger, asked, rule=rule, new=new), form)
    elif COMPARISON.match(asked):
        _rule(ledger, ask.change(ledger, asked, rule=rule, new=new), examples, form)
    else:
        _score(ledger, asked, rule, form)


def _said(form: str, rows: list[Row]) -> bool:
    """Print rows for a program; false if a person reads."""
    if form != "table":
        (as_csv if form == "csv" else as_json)(rows)
    return form != "table"


def _rule(ledger: Ledger, change: Change, examples: int, form: str) -> None:
    rows = ask.effect(ledger, change)
    if _said(form, rows):
        return
    whole = ask.summed(rows)
    if not whole:
        output.print("no document meets this rule")
        return
    _headline(change, whole[0])
    for by in ("source", "domain"):
        shown = ask.summed(rows, by)
        if by == "source" or {row["domain"] for row in rows} != {row["source"] for row in rows}:
            shown = sorted(shown, key=lambda row: -row["met"])[:SHOWN_DOMAINS]
            output.print()
            table([_effect(by, row) for row in shown])
    if examples:
        _examples(ledger, "nearest to the present threshold" if change.now else "nearest to the threshold",
                  ask.near(ledger, change, examples))  # fmt: skip
        _examples(ledger, "some of those that would move", ask.moved(ledger, change, examples))


def _chance(ledger: Ledger, change: Change, form: str) -> None:
    rows = control(ledger, change)
    if not _said(form, rows):
        table(rows, f"what {_written(change.asked)} keeps, beside {DRAWS} random choices of as many documents",
              "it keeps all or nothing: there is no choice to compare")  # fmt: skip


def _headline(change: Change, row: Row) -> None:
    rule, now = change.asked, change.now
    place = f"in place of [bold]{escape(_written(now))}[/]" if now else "as a further rule"
    where = f"in step {change.step}" if now else f"after step {change.step}" if change.step else "after reading"
    output.print(f"[bold]{escape(_written(rule))}[/] {place} {where}", highlight=False, soft_wrap=True)
    for what, tail, form in (("documents", "", count), ("tokens", "_tokens", short)):
        met, kept, would = (row[f"{name}{tail}"] for name in ("met", "kept", "would_keep"))
        output.print(
            f"  {what:<9} {form(met)} met, kept {form(kept)} ({percent(kept / met if met else None)}), "
            f"would keep [bold]{form(would)}[/] ({percent(would / met if met else None)}): "
            f"{form(row[f'newly_dropped{tail}'])} newly dropped, {form(row[f'newly_kept{tail}'])} newly kept",
            highlight=False, soft_wrap=True,
        )  # fmt: skip
    notes = [f"{count(row['released'])} of the newly dropped are in the release"]
    if change.later:
        notes.append(
            f"after the filters up to step {change.horizon}, {count(row['would_through'])} would be left instead of "
            f"{count(row['through'])}"
        )
    if row["untold"]:
        notes.append(f"{count(row['untold'])} of the newly kept lack scores that later rules ask for")
    if row["missing"]:
        notes.append(f"{count(row['missing'])} have no {rule.score}")
    if change.ends and row["newly_kept"]:
        notes.append(f"what step {change.horizon + 1} ({change.ends}) makes of the newly kept takes a run")
    output.print(f"  [dim]{escape('; '.join(notes))}[/]", highlight=False, soft_wrap=True)


def _written(rule: Any) -> str:
    values = [value if isinstance(value, str) else number(value) for _, value in rule.thresholds]
    distinct = list(dict.fromkeys(values))
    shown = " or ".join(distinct) if len(distinct) <= 3 else f"{distinct[0]} … {distinct[-1]}"
    text = f"{rule.score} {rule.operator} {shown}" + (f" per {rule.per}" if rule.per else "")
    return f"{rule.rule} ({text})" if rule.rule_set not in ("inline", "asked") else text


def _effect(by: str, row: Row) -> Row:
    shares = {
        f"{name} %": 100 * row[key] / row["met"] if row["met"] else None
        for name, key in (("kept", "kept"), ("would", "would_keep"))
    }
    return {
        by: row[by], "met": row["met"], "kept": row["kept"], "would keep": row["would_keep"], **shares,
        "newly dropped": row["newly_dropped"], "newly kept": row["newly_kept"], "tokens kept": row["kept_tokens"],
        "tokens would": row["would_keep_tokens"],
    }  # fmt: skip


def _examples(ledger: Ledger, title: str, rows: list[Row]) -> None:
    if rows:
        texts = snippets(ledger, [row["doc_id"] for row in rows])
        output.print(f"\n[bold]{title}[/]")
        table(
            [
                {
                    **row,
                    "name": _short(row["name"]),
                    "value": _plain(row["value"]),
                    "text": texts.get(row["doc_id"], ""),
                }
                for row in rows
            ]
        )


def _short(name: str | None) -> str:
    return f"…{name[-NAME:]}" if name and len(name) > NAME else name or ""


def _plain(value: str) -> str:
    try:
        return f"{float(value):.6g}"
    except ValueError:
        return value


def snippets(ledger: Ledger, wanted: Sequence[int]) -> dict[int, str]:
    """Return the beginnings of these documents' texts, where the warehouse still has them."""
    parts = ledger.rows(
        "SELECT DISTINCT path FROM parts SEMI JOIN (SELECT part FROM documents WHERE list_contains(?, doc_id)) "
        "USING (part) ORDER BY path",
        [list(wanted)],
    )
    files = [ledger.path.parent / part["path"] / "texts.parquet" for part in parts]
    there = [str(file) for file in files if file.is_file()]
    if not there:
        return {}
    rows = ledger.rows(
        f"SELECT doc_id, left(text, {SNIPPET * 3}) AS text FROM read_parquet(?, hive_partitioning = false) "
        "WHERE list_contains(?, doc_id)",
        [there, list(wanted)],
    )
    return {row["doc_id"]: " ".join(row["text"].split())[:SNIPPET] for row in rows}


def _score(ledger: Ledger, score: str, name: str | None, form: str) -> None:
    known = columns(ledger)
    if score not in known:
        if not score.isidentifier():
            inline_rule(score)  # says how a rule is written
        raise LedgerError(unknown("score", score, known))
    if known[score] in ("VARCHAR", "BLOB"):
        raise LedgerError(f'{score} holds labels, which have no curve; ask for a rule such as "{score} == …"')
    rules = [rule for rule in judged(ledger) if rule.score == score and (name is None or rule.rule == name)]
    texts: list[tuple[str, str | None]] = [(f"{score} {rule.operator} 0", rule.rule) for rule in rules]
    texts = texts or [(f"{score} >= 0", None)]
    found = []
    for text, named in texts:
        change = ask.change(ledger, text, rule=named, new=named is None)
        [rows] = ask.curves(ledger, [(change, ask.grid(ledger, change))])
        found.append((change, rows))
    if not _said(form, [{"rule": c.now.rule if c.now else None, **row} for c, rows in found for row in rows]):
        for change, rows in found:
            _curve(change, rows)


def _curve(change: Change, rows: list[Row]) -> None:
    now = change.now
    what = f"in step {change.step}, now {_written(now)}" if now else f"as a further rule after step {change.step}"
    output.print(f"\n[bold]{escape(change.asked.score)} {change.asked.operator}[/] …  {escape(what)}", highlight=False)
    if not rows:
        output.print("no document has a value")
        return
    whole = _by_threshold(rows)
    first = next(iter(whole.values()))
    output.print(
        f"[dim]of {count(first['met'])} documents and {short(first['met_tokens'])} tokens that "
        f"{'pass the other rules of the step' if now else 'are left there'}; shares in %[/]",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
    for by in ("source", "domain"):
        groups: dict[str, list[Row]] = {}
        for row in rows:
            groups.setdefault(row[by], []).append(row)
        parts = {name: _by_threshold(members) for name, members in groups.items()}
        names = sorted(parts, key=lambda name: -next(iter(parts[name].values()))["met"])[:SHOWN_SOURCES]
        if by == "domain" and {row["domain"] for row in rows} == {row["source"] for row in rows}:
            continue
        output.print()
        table([_line(now, at, row, {name: parts[name].get(at) for name in names}) for at, row in whole.items()])


def _line(now: Any, at: float, row: Row, parts: dict[str, Row | None]) -> Row:
    shares = {
        str(name): None if part is None or not part["met"] else 100 * part["documents"] / part["met"]
        for name, part in parts.items()
    }
    return {
        "": "now" if now and at in now.numbers else "", "threshold": at, "documents": row["documents"],
        "%": 100 * row["documents"] / row["met"] if row["met"] else None, "tokens": row["tokens"],
        "% ": 100 * row["tokens"] / row["met_tokens"] if row["met_tokens"] else None, **shares,
    }  # fmt: skip


def _by_threshold(rows: list[Row]) -> dict[float, Row]:
    sums: dict[float, Row] = {}
    for row in rows:
        into = sums.setdefault(row["threshold"], dict.fromkeys(("met", "met_tokens", "documents", "tokens"), 0))
        for name in into:
            into[name] += row[name]
    return sums


def _overview(ledger: Ledger, form: str) -> None:
    found = ask.overlap(ledger)
    dropped = {(row["step"], row["rule"]): row for row in ledger.rows(RULES)}
    rules = [
        {
            "step": rule.step, "rule": rule.rule, "fail": int(found.fails[k]),
            "%": 100 * int(found.fails[k]) / found.documents if found.documents else None,
            "fail no other": int(found.alone[k]),
            "dropped alone in its step": dropped.get((rule.step, rule.rule), {}).get("alone", 0),
        }
        for k, rule in enumerate(found.rules)
    ]  # fmt: skip
    pairs = found.pairs()
    scores, looked_at = ask.correlations(ledger)
    if form == "csv":
        return as_csv(rules)
    if form == "json":
        sections = (("rule", rules), ("pair", pairs), ("score", scores))
        return as_json([{"about": about, **row} for about, rows in sections for row in rows])
    table(rules, f"every rule on all {count(found.documents)} documents, whatever step they left at", "no rules")
    output.print()
    table([_pair(row) for row in pairs[:SHOWN_PAIRS]], "rules that fail the same documents", "no two rules overlap")
    output.print()
    table(
        [{"score": r["score"], "with length": r["length"], "with duplicates": r["duplicates"],
          "": f"follows {r['follows']}" if r["follows"] else ""} for r in scores],
        f"rank correlation of scores (Spearman, {count(looked_at)} documents)", "no scores",
    )  # fmt: skip


def _pair(row: Row) -> Row:
    return {
        "rule": row["rule"], "other": row["other"], "fail both": row["both"], "% of rule": 100 * row["share_of_rule"],
        "% of other": 100 * row["share_of_other"], "similarity": row["similarity"],
    }  # fmt: skip
