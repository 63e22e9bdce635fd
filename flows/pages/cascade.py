"""The report's section on rules that are for some documents only, and on clusters to decide by."""

from flows.pages import charts, facts
from flows.pages.facts import Row
from flows.pages.numbers import count, percent
from tasks.ledger import Ledger

SHOWN_CLUSTERS = 24
SHOWN_NEAREST = 3
RATES = """
WITH rates AS (
    SELECT step, regexp_extract(name, '^(.*)\\.(escalation_rate|removal_rate)(_of_tokens)?$', 1) AS rule,
           regexp_extract(name, '(escalation_rate|removal_rate)(_of_tokens)?$', 0) AS rate, value
    FROM metrics WHERE regexp_matches(name, '\\.(escalation_rate|removal_rate)(_of_tokens)?$')
)
SELECT step, rule, max(value) FILTER (rate = 'escalation_rate') AS escalated,
       max(value) FILTER (rate = 'removal_rate') AS removed,
       max(value) FILTER (rate = 'escalation_rate_of_tokens') AS escalated_tokens,
       max(value) FILTER (rate = 'removal_rate_of_tokens') AS removed_tokens
FROM rates GROUP BY step, rule ORDER BY step, rule
"""
SAMPLES = """
SELECT step, rule, drawn_from, count(*) AS drawn, max(documents) AS documents
FROM audit_samples GROUP BY ALL ORDER BY ALL
"""
CLUSTERS = f"""
WITH shown AS (FROM clusters ORDER BY step, cluster LIMIT {SHOWN_CLUSTERS})
SELECT step, cluster, documents, share, terms[:12] AS terms, weight,
       (SELECT list(coalesce(id, url, file || ' row ' || row) ORDER BY list_position(nearest, doc_id)) FROM documents
        WHERE list_contains(nearest[:{SHOWN_NEAREST}], doc_id)) AS named
FROM shown ORDER BY step, cluster
"""
INSIDE = """
SELECT "cluster", count(*) AS documents, sum(tokens)::BIGINT AS tokens, count(*) FILTER (step IS NULL) AS kept
FROM scores JOIN documents USING (doc_id) LEFT JOIN fates USING (doc_id) WHERE "cluster" IS NOT NULL GROUP BY "cluster"
"""


def cascade(ledger: Ledger) -> Row | None:
    """Return the rates of every rule with a `where`, what was drawn to look at, and a card per cluster."""
    rates, samples, cards = ledger.rows(RATES), ledger.rows(SAMPLES), _cards(ledger)
    if not rates and not samples and not cards:
        return None
    for row in rates:
        row["bars"] = [
            ("documents", _bar(row["rule"], "documents", row["escalated"], row["removed"])),
            ("tokens", _bar(row["rule"], "tokens", row["escalated_tokens"], row["removed_tokens"])),
        ]
        row["samples"] = [s for s in samples if (s["step"], s["rule"]) == (row["step"], row["rule"])]
    most = max((row["documents"] for row in cards), default=0)
    for row in cards:
        says = f"{row['cluster']}: {count(row['documents'])} documents, {count(row['kept'])} of them kept"
        parts = [("kept", row["kept"] or 0, f"{count(row['kept'])} kept"),
                 ("dropped0", row["documents"] - (row["kept"] or 0), "left")]  # fmt: skip
        row["bar"], row["label"] = charts.stack(parts, most), says
    clusters = ledger.value("SELECT count(*) FROM clusters")
    return {"rates": rates, "samples": samples, "cards": cards, "others": max(0, clusters - len(cards))}


def _bar(rule: str, what: str, escalated: float | None, removed: float | None) -> Row:
    met, gone = escalated or 0.0, removed or 0.0
    parts = [
        ("dropped1", gone, f"removed: {percent(gone)} of the {what}"),
        ("dropped2", met - gone, f"escalated and let through: {percent(met - gone)} of the {what}"),
    ]
    label = f"{rule}: {percent(escalated)} of the {what} escalated, {percent(removed)} removed"
    return {"bar": charts.stack(parts, 1.0), "label": label}


def _cards(ledger: Ledger) -> list[Row]:
    cards: list[Row] = ledger.rows(CLUSTERS)
    inside = _inside(ledger) if cards else {}
    for row in cards:
        held = inside.get(row["cluster"])
        row |= {"documents": held["documents"] if held else row["documents"], "tokens": held and held["tokens"],
                "kept": held and held["kept"]}  # fmt: skip
    return cards


def _inside(ledger: Ledger) -> dict[str, Row]:
    if "cluster" not in facts.columns(ledger):
        return {}
    return {row["cluster"]: row for row in ledger.rows(INSIDE)}
