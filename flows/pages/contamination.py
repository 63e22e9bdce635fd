"""The report's section on evaluation items that documents hold."""

from flows.pages import charts
from flows.pages.facts import Row
from flows.pages.numbers import count
from tasks.ledger import Ledger

SHOWN = 20
EVALUATIONS = "SELECT * FROM evaluations ORDER BY step, method, evaluation"
WORST = f"""
SELECT step, method, evaluation, item, count(DISTINCT matches.doc_id) AS documents, max(overlap) AS overlap,
       arg_max(matches.doc_id, (overlap, stop - start, -start, -matches.doc_id::HUGEINT)) AS doc_id,
       arg_max(coalesce(id, url, file || ' row ' || row), (overlap, stop - start, -start, -matches.doc_id::HUGEINT))
           AS named,
       arg_max(source, (overlap, stop - start, -start, -matches.doc_id::HUGEINT)) AS source,
       arg_max(start, (overlap, stop - start, -start, -matches.doc_id::HUGEINT)) AS start,
       arg_max(stop, (overlap, stop - start, -start, -matches.doc_id::HUGEINT)) AS stop,
       arg_max(action, (overlap, stop - start, -start, -matches.doc_id::HUGEINT)) AS action,
       arg_max(snippet, (overlap, stop - start, -start, -matches.doc_id::HUGEINT)) AS snippet
FROM matches JOIN documents USING (doc_id)
GROUP BY step, method, evaluation, item
ORDER BY overlap DESC, documents DESC, evaluation, item, method, step LIMIT {SHOWN}
"""
ITEMS = "SELECT count(*) FROM (SELECT DISTINCT step, method, evaluation, item FROM matches)"


def contamination(ledger: Ledger) -> Row | None:
    """Return what was found of each evaluation set and what is left, and the items of which most was found."""
    sets = ledger.rows(EVALUATIONS)
    if not sets:
        return None
    for row in sets:
        gone = row["found"] - row["found_after"]
        parts = [
            ("dropped1", row["found_after"], f"{count(row['found_after'])} items found, and still there"),
            ("dropped2", gone, f"{count(gone)} items found, and no more there after the step"),
        ]
        row["bar"] = charts.stack(parts, row["items"])
        row["label"] = f"{row['evaluation']}: {count(row['found'])} of {count(row['items'])} items found"
    items = ledger.value(ITEMS)
    return {"sets": sets, "worst": ledger.rows(WORST), "others": max(0, items - SHOWN)}
