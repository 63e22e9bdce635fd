-- The ten documents nearest to a rule's threshold on either side. Name yours in `asked`; now it is the one that
-- drops most of those that compare a number.
WITH asked AS (SELECT step, rule FROM drops WHERE threshold IS NOT NULL GROUP BY ALL ORDER BY count(*) DESC, step, rule LIMIT 1),
near AS (
    SELECT doc_id, step, rule, operator, threshold, value, kept,
           row_number() OVER (PARTITION BY kept ORDER BY abs(value - threshold), doc_id) AS nearness
    FROM decisions JOIN asked USING (step, rule)
    WHERE value IS NOT NULL AND threshold IS NOT NULL
)
SELECT near.* EXCLUDE (nearness), source, id, url
FROM near JOIN documents USING (doc_id)
WHERE nearness <= 10
ORDER BY value, doc_id;
