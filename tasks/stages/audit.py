"""Auditing: each law is a query whose rows are the offenders; one offender too many and nothing is published."""

from dataclasses import dataclass

from schemas.errors import AuditError
from tasks.decide import create_views, decided
from tasks.run import Run


@dataclass(frozen=True)
class Law:
    """A law of every run: what must hold, and the query that returns what breaks it."""

    says: str
    offenders: str


LAWS = (
    Law("every document has an id of its own", "SELECT doc_id FROM documents GROUP BY doc_id HAVING count(*) > 1"),
    Law(
        "every record read is a document or a failure",
        """SELECT source, file, records, found FROM inputs LEFT JOIN (
            SELECT source, file, count(*) AS found FROM (
                SELECT source, file FROM documents UNION ALL SELECT source, file FROM failures WHERE step = 0
            ) GROUP BY ALL
        ) USING (source, file) WHERE records <> coalesce(found, 0)""",
    ),
    Law(
        "in = kept + dropped + duplicates + failed, per source and step, in documents and bytes",
        """SELECT step, source, came, kept, dropped, duplicates, failed FROM funnel FULL JOIN (
            SELECT step + 1 AS step, source, documents AS came, bytes AS came_bytes FROM counts
            WHERE step < (SELECT max(step) FROM steps)
            UNION ALL SELECT 0, source, sum(records)::BIGINT, NULL FROM inputs GROUP BY source
        ) USING (step, source)
        WHERE coalesce(came, 0) <> coalesce(kept + dropped + duplicates + failed, 0)
        OR came_bytes <> kept_bytes + dropped_bytes + duplicates_bytes + failed_bytes""",
    ),
    Law(
        "what was counted after each step is what the drops leave",
        """SELECT step, source, funnel.kept, counts.documents FROM funnel FULL JOIN counts USING (step, source)
        WHERE coalesce(funnel.kept, 0) <> coalesce(counts.documents, 0)
        OR coalesce(funnel.kept_bytes, 0) <> coalesce(counts.bytes, 0)""",
    ),
    Law(
        "every score was given to every document that its step met",
        """SELECT step, rule, score FROM decisions WHERE value IS NULL AND label IS NULL
        AND score IN (
            SELECT column_name FROM duckdb_columns() WHERE starts_with(table_name, 'score_') AND NOT is_nullable
        )
        AND (step, rule) IN (SELECT (step, rule) FROM rules WHERE missing IS NULL)""",
    ),
    Law(
        "every dropped document failed what its row says",
        """SELECT doc_id, step, rule
        FROM drops JOIN (SELECT DISTINCT step, rule, operator FROM rules) USING (step, rule)
        WHERE CASE operator WHEN '>=' THEN value >= threshold WHEN '>' THEN value > threshold
            WHEN '<=' THEN value <= threshold WHEN '<' THEN value < threshold
            WHEN '==' THEN value = threshold OR label = threshold_label
            WHEN '!=' THEN value <> threshold OR label <> threshold_label END""",
    ),
    Law(
        "every survivor outlived its duplicates",
        """SELECT d.doc_id, d.survivor_id FROM duplicates d LEFT JOIN fates f ON f.doc_id = d.survivor_id
        LEFT JOIN duplicates s ON s.doc_id = d.survivor_id
        WHERE f.step < d.step OR d.survivor_id NOT IN (SELECT doc_id FROM documents) OR d.survivor_id = d.doc_id
        OR (s.step = d.step AND s.method = d.method)""",
    ),
    Law(
        "every duplicate is as similar to its survivor as its step asks",
        """SELECT doc_id, method, similarity FROM duplicates JOIN (
            SELECT step, unnest(
                from_json(settings->'calls', '[{"name": "VARCHAR", "settings": {"verify": "DOUBLE"}}]')
            ) AS call FROM steps WHERE kind = 'deduplicate'
        ) USING (step) WHERE method = call.name AND similarity < coalesce(call.settings.verify, 1)""",
    ),
    Law(
        "every copy of every kept document has one place, and nothing else has",
        """SELECT doc_id, coalesce(copies, 0), coalesce(placed, 0) FROM weights FULL JOIN
        (SELECT doc_id, count(*) AS placed FROM places GROUP BY doc_id) USING (doc_id)
        WHERE coalesce(copies, 0) <> coalesce(placed, 0)""",
    ),
    Law(
        "what has a place left at no step, and all else left",
        """SELECT documents.doc_id FROM documents LEFT JOIN fates USING (doc_id) LEFT JOIN weights USING (doc_id)
        WHERE (fates.step IS NULL) <> (weights.doc_id IS NOT NULL)""",
    ),
    Law(
        "the contexts hold every token of every copy once, but for those that a transform says it drops or repeats",
        """SELECT doc_id, copy FROM (SELECT doc_id, copy, tokens FROM places JOIN documents USING (doc_id))
        LEFT JOIN (
            SELECT doc_id, copy, sum(stop - start) AS packed FROM segments WHERE inserted IS NULL GROUP BY ALL
        ) USING (doc_id, copy) LEFT JOIN emitted USING (doc_id, copy)
        WHERE EXISTS (SELECT 1 FROM segments)
        AND coalesce(packed, 0) <> tokens - coalesce(dropped, 0) + coalesce(repeated, 0)
        UNION ALL SELECT doc_id, copy FROM segments ANTI JOIN places USING (doc_id, copy) WHERE doc_id IS NOT NULL
        UNION ALL SELECT doc_id, copy FROM (
            SELECT doc_id, copy, start, lag(stop, 1, 0) OVER (PARTITION BY doc_id, copy ORDER BY start) AS before
            FROM segments ANTI JOIN emitted USING (doc_id, copy) WHERE inserted IS NULL
        ) WHERE start <> before""",
    ),
    Law(
        "the written files hold every place and every context",
        """SELECT format, content, written, wanted FROM (
            SELECT format, content, sum(documents) AS written FROM exports WHERE content = 'documents' GROUP BY ALL
            UNION ALL SELECT format, content, sum(contexts) FROM exports WHERE content = 'contexts' GROUP BY ALL
        ) JOIN (
            SELECT 'documents' AS content, count(*) AS wanted FROM places
            UNION ALL SELECT 'contexts', count(DISTINCT context_id) FROM segments
        ) USING (content) WHERE written <> wanted""",
    ),
)
FLOOR = Law(
    "every source keeps at least the recipe's survival floor",
    """SELECT source, sum(records) AS entered, coalesce(any_value(stayed), 0) AS kept FROM inputs LEFT JOIN (
        SELECT source, count(*) AS stayed FROM documents ANTI JOIN fates USING (doc_id) GROUP BY source
    ) USING (source) GROUP BY source HAVING kept < entered * {floor}""",
)


def audit(run: Run) -> None:
    """Check every law and write down what was found; AuditError names the first offender of each broken one."""
    run.settle()
    create_views(run.ledger, decided(run.recipe.steps))
    floor = Law(FLOOR.says, FLOOR.offenders.format(floor=run.recipe.survival_floor))
    rows = [_check(run, law) for law in (*LAWS, floor)]
    run.ledger.insert("audits", rows)
    broken = [row for row in rows if not row["passed"]]
    if broken:
        shown = "\n".join(f"  {row['law']}: {row['offenders']} offenders, such as {row['example']}" for row in broken)
        raise AuditError(f"nothing was published, because these laws do not hold:\n{shown}")


def _check(run: Run, law: Law) -> dict[str, object]:
    offenders = run.ledger.rows(f"SELECT *, count(*) OVER () AS offenders FROM ({law.offenders}) ORDER BY ALL LIMIT 1")
    found = int(offenders[0].pop("offenders")) if offenders else 0
    example = ", ".join(f"{key} {value}" for key, value in offenders[0].items()) if offenders else None
    return {"law": law.says, "offenders": found, "allowed": 0, "passed": found == 0, "example": example}
