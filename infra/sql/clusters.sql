-- A card for each cluster of documents: its telling words, how much of the corpus is in it, how much of that was kept,
-- the mean of every score, and documents near its center to read. Decide on it in a file: see `cluster` in `units score`.
WITH long AS (
    UNPIVOT (SELECT doc_id, COLUMNS(* EXCLUDE (doc_id))::VARCHAR FROM measured)
    ON COLUMNS(* EXCLUDE (doc_id)) INTO NAME score VALUE value
),
inside AS (SELECT doc_id, value AS cluster FROM long WHERE score = 'cluster'),
sizes AS (
    SELECT cluster, count(*) AS documents, sum(tokens)::BIGINT AS tokens, avg((fates.step IS NULL)::INTEGER) AS kept
    FROM inside JOIN documents USING (doc_id) LEFT JOIN fates USING (doc_id) GROUP BY cluster
),
wanted AS (
    SELECT column_name AS score FROM duckdb_columns() WHERE table_name = 'scores' AND column_name <> 'doc_id'
    UNION SELECT unnest(['characters', 'tokens'])
),
means AS (
    SELECT cluster, score, avg(TRY_CAST(value AS DOUBLE)) AS mean
    FROM inside JOIN long USING (doc_id) SEMI JOIN wanted USING (score) GROUP BY cluster, score
)
SELECT clusters.step, cluster, clustering, sizes.documents, sizes.tokens, round(kept, 4) AS kept, weight, terms,
       (SELECT map_from_entries(list((score, round(mean, 4)) ORDER BY score)) FROM means
        WHERE means.cluster = clusters.cluster AND mean IS NOT NULL) AS means, nearest
FROM clusters LEFT JOIN sizes USING (cluster)
ORDER BY clusters.step, cluster;
