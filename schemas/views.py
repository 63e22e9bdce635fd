"""The ledger's fixed views; `scores` and `decisions` depend on the recipe and are made by the ledger."""

FATES = """
CREATE VIEW fates AS
SELECT DISTINCT doc_id, step, 'dropped' AS outcome FROM drops
UNION ALL SELECT doc_id, step, 'duplicate' FROM duplicates
UNION ALL SELECT doc_id, step, 'failed' FROM failures WHERE doc_id IS NOT NULL
"""

FUNNEL = """
CREATE VIEW funnel AS
WITH life AS (
    SELECT source, bytes, coalesce(fates.step, 1000000) AS end_step, outcome
    FROM documents LEFT JOIN fates USING (doc_id)
    UNION ALL
    SELECT source, bytes, 0, 'failed' FROM failures WHERE doc_id IS NULL
)
SELECT
    steps.step, steps.kind, life.source,
    count(*) AS entered,
    count(*) FILTER (end_step = steps.step AND outcome = 'dropped') AS dropped,
    count(*) FILTER (end_step = steps.step AND outcome = 'duplicate') AS duplicates,
    count(*) FILTER (end_step = steps.step AND outcome = 'failed') AS failed,
    count(*) FILTER (end_step > steps.step) AS kept,
    coalesce(sum(bytes), 0)::BIGINT AS entered_bytes,
    coalesce(sum(bytes) FILTER (end_step = steps.step AND outcome = 'dropped'), 0)::BIGINT AS dropped_bytes,
    coalesce(sum(bytes) FILTER (end_step = steps.step AND outcome = 'duplicate'), 0)::BIGINT AS duplicates_bytes,
    coalesce(sum(bytes) FILTER (end_step = steps.step AND outcome = 'failed'), 0)::BIGINT AS failed_bytes,
    coalesce(sum(bytes) FILTER (end_step > steps.step), 0)::BIGINT AS kept_bytes
FROM steps JOIN life ON life.end_step >= steps.step
GROUP BY ALL
"""

COMMENTS = {
    "fates": "One row per document that left: at which step, and how.",
    "funnel": "One row per step and source: documents and bytes that entered, left in each way, and stayed.",
}
