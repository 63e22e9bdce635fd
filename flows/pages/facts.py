"""What the report and the card say about a ledger: each fact is one aggregating query."""

import json
from collections.abc import Sequence
from typing import Any

from schemas.errors import RecipeError
from schemas.table import identifier, quoted
from schemas.tables import tables
from tasks import units
from tasks.ledger import Ledger

Row = dict[str, Any]
NUMERIC = {
    *("DOUBLE", "FLOAT", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"),
    *("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"),
}
QUANTILES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
SAMPLE = 200_000

LIVES = """
SELECT source, step, outcome, sum(documents)::BIGINT AS documents, sum(bytes)::BIGINT AS bytes,
       sum(tokens)::BIGINT AS tokens
FROM (
    SELECT source, step, outcome, count(*) AS documents, coalesce(sum(bytes), 0) AS bytes,
           coalesce(sum(tokens), 0) AS tokens
    FROM documents LEFT JOIN fates USING (doc_id) GROUP BY ALL
    UNION ALL
    SELECT source, 0, 'failed', count(*), coalesce(sum(bytes), 0), 0 FROM failures WHERE doc_id IS NULL GROUP BY ALL
    UNION ALL
    SELECT DISTINCT source, NULL, NULL, 0, 0, 0 FROM inputs
) GROUP BY ALL ORDER BY ALL
"""

RULES = """
WITH declared AS (
    SELECT step, rule, any_value(rule_set) AS rule_set, any_value(score) AS score, any_value(operator) AS operator,
           any_value(citation) AS citation, any_value(per) AS per, coalesce(bool_or(inverse), false) AS inverse,
           list(DISTINCT threshold ORDER BY threshold) FILTER (threshold IS NOT NULL) AS thresholds,
           any_value(threshold_label) AS label, any_value(quantile) AS quantile, min(rowid) AS place
    FROM rules GROUP BY step, rule
), failing AS (
    SELECT step, rule, count(*) AS fails FROM drops GROUP BY ALL
), alone AS (
    SELECT step, rule, count(*) AS alone
    FROM (SELECT step, any_value(rule) AS rule FROM drops GROUP BY doc_id, step HAVING count(*) = 1) GROUP BY ALL
)
SELECT *, coalesce(fails, 0) AS fails, coalesce(alone, 0) AS alone
FROM declared FULL JOIN failing USING (step, rule) LEFT JOIN alone USING (step, rule)
ORDER BY step, place NULLS FIRST, rule
"""

FAILING = """
SELECT step, rule, source, count(*) AS fails, coalesce(sum(bytes), 0)::BIGINT AS bytes
FROM drops JOIN documents USING (doc_id) GROUP BY ALL ORDER BY ALL
"""

METHODS = """
SELECT step, method, count(*) AS documents, count(DISTINCT cluster_id) AS clusters, sum(bytes)::BIGINT AS bytes,
       min(similarity) AS least, median(similarity) AS middle
FROM duplicates JOIN documents USING (doc_id) GROUP BY ALL ORDER BY step, method
"""

SIZES = """
WITH clusters AS (SELECT count(*) + 1 AS members FROM duplicates GROUP BY step, method, cluster_id)
SELECT CASE WHEN members <= 5 THEN members WHEN members <= 10 THEN 6 WHEN members <= 20 THEN 11
            WHEN members <= 50 THEN 21 WHEN members <= 100 THEN 51 WHEN members <= 1000 THEN 101 ELSE 1001 END AS least,
       max(members) AS most, count(*) AS clusters, sum(members - 1)::BIGINT AS removed
FROM clusters GROUP BY least ORDER BY least
"""

LARGEST = """
WITH clusters AS (
    SELECT step, method, cluster_id, count(*) + 1 AS members, min(similarity) AS least
    FROM duplicates GROUP BY ALL ORDER BY members DESC, cluster_id, step LIMIT 10
)
SELECT clusters.*, source, coalesce(url, id, file || ' row ' || row) AS survivor
FROM clusters LEFT JOIN documents ON doc_id = cluster_id ORDER BY members DESC, cluster_id, step
"""

DOMAINS = """
SELECT domain, count(*) AS documents, coalesce(sum(tokens), 0)::BIGINT AS tokens,
       count(*) FILTER (step IS NULL) AS kept, coalesce(sum(tokens) FILTER (step IS NULL), 0)::BIGINT AS kept_tokens
FROM documents LEFT JOIN fates USING (doc_id) GROUP BY domain ORDER BY kept_tokens DESC, domain
"""

FAILURES = """
SELECT step, source, error, count(*) AS records, coalesce(sum(bytes), 0)::BIGINT AS bytes,
       arg_min(file || coalesce(', row ' || row, ''), (file, row)) AS example
FROM failures GROUP BY step, source, error ORDER BY records DESC, step, source, error LIMIT 25
"""

DRIFT = """
WITH placed AS (
    SELECT floor(position * 24.0 / (SELECT count(*) FROM places))::INTEGER AS slice, domain, tokens
    FROM places JOIN documents USING (doc_id)
)
SELECT slice, domain, sum(tokens)::BIGINT AS tokens FROM placed GROUP BY ALL ORDER BY ALL
"""

MOST_PIECES = 32
PER_CONTEXT = f"""
WITH held AS (SELECT count(*) AS pieces FROM segments GROUP BY context_id)
SELECT least(pieces, {MOST_PIECES}) AS pieces, count(*) AS contexts FROM held GROUP BY ALL ORDER BY ALL
"""

FACETS = """
SELECT {column} AS name, count(*) AS documents, coalesce(sum(tokens), 0)::BIGINT AS tokens
FROM documents LEFT JOIN scores USING (doc_id)
WHERE NOT EXISTS (FROM fates WHERE fates.doc_id = documents.doc_id)
GROUP BY name ORDER BY documents DESC, name
"""


def run(ledger: Ledger) -> Row:
    """Return the run's row with the recipe read, or blanks where no run has been written yet."""
    found = ledger.rows("SELECT * EXCLUDE (started, ended) FROM runs")
    row = found[0] if found else {"name": "unnamed", "run_id": None, "release": None, "seed": None, "code": None}
    return {"recipe_hash": None, **row, "recipe": json.loads(row.get("recipe") or "{}")}


def steps(ledger: Ledger) -> list[Row]:
    """Return the steps with the units they call and a name to print; reading is always there."""
    found = ledger.rows("SELECT * FROM steps ORDER BY step")
    if not any(row["step"] == 0 for row in found):
        found.insert(0, {"step": 0, "kind": "read", "settings": "{}"})
    for row in found:
        settings = json.loads(row["settings"] or "{}")
        row["settings"] = settings if isinstance(settings, dict) else {}
        row["calls"] = [call for call in row["settings"].get("calls") or [] if isinstance(call, dict)]
        row["inline"] = len(row["settings"].get("rules") or [])
        names = [str(call.get("name")) for call in row["calls"]]
        names += [f"{row['inline']} inline rule{'s' * (row['inline'] > 1)}"] if row["inline"] else []
        row["units"] = ", ".join(names)
    return found


def lives(ledger: Ledger) -> list[Row]:
    """Return documents, bytes and tokens per source, step at which they left (None: kept) and outcome."""
    return ledger.rows(LIVES)


def total(rows: Sequence[Row], what: str, *, source: str | None = None, reached: int = 0, kept: bool = False) -> int:
    """Add up ``what`` over the lives of a source, or all, that reached a step, or that were kept."""
    return sum(
        row[what]
        for row in rows
        if (source is None or row["source"] == source)
        and (row["step"] is None or (not kept and row["step"] >= reached))
    )


def sources(rows: Sequence[Row]) -> list[str]:
    """Return the sources, the one with most bytes first."""
    return sorted({row["source"] for row in rows}, key=lambda name: (-total(rows, "bytes", source=name), name))


def losses(rows: Sequence[Row]) -> list[tuple[int, str]]:
    """Return the ways in which documents left, (step, outcome), in the order of the steps."""
    return sorted({(row["step"], row["outcome"]) for row in rows if row["step"] is not None and row["documents"]})


def columns(ledger: Ledger) -> dict[str, str]:
    """Return the type of every column that a rule can compare: those of `documents`, and of `scores` if it exists."""
    known = {column.name: column.type for column in tables()["documents"].columns}
    if has_scores(ledger):
        known |= {row["column_name"]: row["column_type"] for row in ledger.rows("DESCRIBE scores")}
    return known


def has_scores(ledger: Ledger) -> bool:
    """Whether the run made the view `scores`."""
    return bool(ledger.value("SELECT count(*) FROM duckdb_views() WHERE view_name = 'scores'"))


def origin(ledger: Ledger) -> str:
    """Return the FROM clause of one row per document with its scores and the step at which it left."""
    scored = "LEFT JOIN scores USING (doc_id)" if has_scores(ledger) else ""
    return f"FROM documents {scored} LEFT JOIN (SELECT doc_id, step AS left_at FROM fates) USING (doc_id)"


def met(score: str, step: int) -> str:
    """Return the expression of a score that is null for documents that had left before ``step``."""
    return f"CASE WHEN coalesce(left_at, {step}) >= {int(step)} THEN {identifier(score)}::DOUBLE END"


def spreads(ledger: Ledger, scores: Sequence[tuple[int, str]]) -> tuple[dict[tuple[str | None, int, str], Row], int]:
    """Return quantiles per (source, step, score), source None for all, and the share 1/k of documents looked at.

    Beyond 200,000 documents the quantiles come from those whose `doc_id` is divisible by k: the same on every machine.
    """
    if not scores:
        return {}, 1
    stride = max(1, ledger.value("SELECT count(*) FROM documents") // SAMPLE)
    asked = ", ".join(
        f"quantile_disc({met(score, step)}, {list(QUANTILES)}) AS q{k}, count({met(score, step)}) AS n{k}, "
        f"coalesce(bool_and({met(score, step)} = floor({met(score, step)})), false) AS w{k}"
        for k, (step, score) in enumerate(scores)
    )
    found = ledger.rows(
        f"SELECT source, grouping(source) AS everything, {asked} {origin(ledger)} WHERE doc_id % {stride} = 0 "
        "GROUP BY GROUPING SETS ((source), ())"
    )
    return {
        (None if row["everything"] else row["source"], step, score): {
            "quantiles": row[f"q{k}"], "documents": row[f"n{k}"], "whole": row[f"w{k}"],
        }
        for row in found
        for k, (step, score) in enumerate(scores)
    }, stride  # fmt: skip


def histograms(ledger: Ledger, edges: dict[tuple[int, str], Sequence[float]]) -> dict[tuple[int, str], list[list[int]]]:
    """Return per (step, score) the documents per bin that met its rules, and those that failed one; one scan each."""
    if not edges:
        return {}
    bins = {key: [float(edge) for edge in limits] for key, limits in edges.items()}
    everything = ", ".join(f"histogram({met(score, step)}, {bins[step, score]})" for step, score in bins)
    failing = ", ".join(
        f"histogram(value, {bins[step, score]}) FILTER (step = {step} AND score = {quoted(score)})"
        for step, score in bins
    )
    failed = (
        "FROM (SELECT step, score, any_value(value) AS value FROM drops "
        "JOIN (SELECT DISTINCT step, rule, score FROM rules) USING (step, rule) GROUP BY step, score, doc_id)"
    )
    met_row = _only(ledger, f"SELECT {everything} {origin(ledger)}")
    failed_row = _only(ledger, f"SELECT {failing} {failed}")
    return {key: [_filled(met_row[k], bins[key]), _filled(failed_row[k], bins[key])] for k, key in enumerate(bins)}


def _only(ledger: Ledger, sql: str) -> list[Any]:
    return [column[0].as_py() for column in ledger.table(sql).columns]


def _filled(found: Any, edges: Sequence[float]) -> list[int]:
    counts = dict(found or ())
    return [int(counts.get(edge, 0)) for edge in (*edges, float("inf"))]


def labels(ledger: Ledger, step: int, score: str) -> list[Row]:
    """Return the documents per label of a score that is not a number, and how many of them failed; the 12 commonest."""
    return ledger.rows(
        f"""
        WITH failing AS (
            SELECT DISTINCT doc_id FROM drops JOIN rules USING (step, rule) WHERE step = $step AND score = $score
        )
        SELECT {identifier(score)}::VARCHAR AS label, count(*) AS documents,
               count(*) FILTER (doc_id IN (FROM failing)) AS fails
        {origin(ledger)} WHERE coalesce(left_at, $step) >= $step GROUP BY label ORDER BY documents DESC, label LIMIT 12
        """,
        {"step": step, "score": score},
    )


def facet(ledger: Ledger, column: str) -> list[Row]:
    """Return kept documents and tokens per value of a column, the commonest first."""
    known = columns(ledger)
    if column not in known:
        return []
    sql = FACETS if has_scores(ledger) else FACETS.replace("LEFT JOIN scores USING (doc_id)", "")
    return ledger.rows(sql.format(column=identifier(column)))


def meanings(ledger: Ledger, scores: Sequence[str]) -> dict[str, str]:
    """Return what each score column means, as the ledger's comments say."""
    rows = ledger.rows(
        "SELECT column_name AS name, comment FROM duckdb_columns() "
        "WHERE starts_with(table_name, 'score_') OR table_name = 'documents'"
    )
    known = {row["name"]: row["comment"] or "" for row in rows}
    return {score: known.get(score, "") for score in scores}


def cited(kind: str, name: str) -> tuple[str, str]:
    """Return a unit's one-line meaning and its source; blank for a unit that this version does not have."""
    try:
        found = units.unit(kind, name)
        return found.meaning, found.source
    except (RecipeError, ImportError):
        return "", ""
