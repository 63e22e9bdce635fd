"""The report's section on edits: what was cut from texts and replaced in them."""

from flows.pages import charts
from flows.pages.facts import Row
from flows.pages.numbers import count
from tasks.ledger import Ledger

REASONS = """
SELECT step, reason, count(DISTINCT doc_id) AS documents, count(*) AS spans, sum(stop - start)::BIGINT AS taken,
       sum(length(replacement))::BIGINT AS put, arg_max(doc_id, (stop - start, -doc_id::HUGEINT)) AS example
FROM edits GROUP BY step, reason ORDER BY step, taken DESC, reason
"""
TOKENS = """
SELECT step, max(value) FILTER (name = 'edits.tokens_before') AS before,
       max(value) FILTER (name = 'edits.tokens_after') AS after
FROM metrics WHERE starts_with(name, 'edits.') GROUP BY step ORDER BY step
"""
DOCUMENTS = "SELECT step, count(DISTINCT doc_id) AS documents FROM edits GROUP BY step"


def edited(ledger: Ledger) -> Row | None:
    """Return the edits by step and reason, with the tokens before and after each step."""
    reasons, tokens = ledger.rows(REASONS), {row["step"]: row for row in ledger.rows(TOKENS)}
    if not reasons and not tokens:
        return None
    documents = {row["step"]: row["documents"] for row in ledger.rows(DOCUMENTS)}
    most = max((row["taken"] for row in reasons), default=0)
    for row in reasons:
        row["label"] = f"{row['reason']}: {count(row['taken'])} characters taken, {count(row['put'])} put"
        row["bar"] = charts.stack([("dropped0", row["taken"], row["label"])], most)
    steps = [
        {
            "step": step,
            "rows": [row for row in reasons if row["step"] == step],
            "documents": documents.get(step, 0),
            "before": tokens.get(step, {}).get("before"),
            "after": tokens.get(step, {}).get("after"),
        }
        for step in sorted({row["step"] for row in reasons} | set(tokens))
    ]
    return {"steps": steps, "most": most}
