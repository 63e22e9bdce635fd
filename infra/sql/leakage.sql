-- Do filters move evaluation items into what is kept? The share of documents with a contaminated span, and the items
-- per million tokens: in the pool that a decontaminate step saw, in what was kept, and in what each step dropped.
-- Put that step before the filters, with `action: flag`: what it drops itself cannot be kept.
WITH seen AS (SELECT DISTINCT step, method FROM matches),
pool AS (
    SELECT seen.step AS searched, method, documents.doc_id, source, tokens, coalesce(fates.step, 1000000) AS left_at
    FROM seen CROSS JOIN documents LEFT JOIN fates USING (doc_id)
    WHERE coalesce(fates.step, 1000000) >= seen.step
),
found AS (
    SELECT step AS searched, method, doc_id, count(DISTINCT (evaluation, item)) AS items
    FROM matches GROUP BY step, method, doc_id
),
groups AS (
    SELECT pool.*, coalesce(items, 0) AS items, unnest(['pool',
        CASE left_at WHEN 1000000 THEN 'kept' ELSE 'dropped in step ' || left_at END]) AS among
    FROM pool LEFT JOIN found USING (searched, method, doc_id)
),
rates AS (
    SELECT searched, method, among, count(*) AS documents, sum(tokens)::BIGINT AS tokens,
           count(*) FILTER (items > 0) AS contaminated, count(*) FILTER (items > 0) / count(*) AS rate,
           1e6 * sum(items) / greatest(sum(tokens), 1) AS items_per_million_tokens
    FROM groups GROUP BY searched, method, among
)
SELECT rates.*, rates.rate / nullif(pool.rate, 0) AS times_the_pool
FROM rates JOIN (SELECT searched, method, rate FROM rates WHERE among = 'pool') pool USING (searched, method)
ORDER BY searched, method, among = 'pool' DESC, among = 'kept' DESC, among;
