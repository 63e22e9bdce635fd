-- The spread of every score that a rule compares, over the documents that met the rule.
SELECT score, count(*) AS documents, round(avg(value), 4) AS mean,
       quantile_cont(value, 0.01) AS q01, quantile_cont(value, 0.1) AS q10, quantile_cont(value, 0.5) AS median,
       quantile_cont(value, 0.9) AS q90, quantile_cont(value, 0.99) AS q99
FROM (SELECT DISTINCT doc_id, score, value FROM decisions WHERE value IS NOT NULL)
GROUP BY score
ORDER BY score;
