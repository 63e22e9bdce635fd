-- What a rule would keep by itself at other thresholds, for the same documents and their values.
-- Name yours in `asked`; now it is the rule that drops most of those that compare a number.
WITH asked AS (SELECT step, rule FROM drops WHERE threshold IS NOT NULL GROUP BY ALL ORDER BY count(*) DESC, step, rule LIMIT 1),
met AS (
    SELECT operator, threshold AS now, value, bytes, tokens
    FROM decisions JOIN asked USING (step, rule) JOIN documents USING (doc_id)
    WHERE value IS NOT NULL AND threshold IS NOT NULL
),
candidates AS (
    SELECT threshold, bool_or(in_force) AS in_force
    FROM (
        SELECT now AS threshold, true AS in_force FROM met
        UNION ALL
        SELECT unnest(quantile_disc(value, [0.0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0])),
               false
        FROM met
    )
    WHERE threshold IS NOT NULL
    GROUP BY threshold
),
judged AS (
    SELECT threshold, in_force, bytes, tokens,
           CASE operator WHEN '>=' THEN value >= threshold WHEN '>' THEN value > threshold
                         WHEN '<=' THEN value <= threshold WHEN '<' THEN value < threshold
                         WHEN '==' THEN value = threshold ELSE value <> threshold END AS kept
    FROM candidates CROSS JOIN met
)
SELECT threshold, in_force, count(*) FILTER (kept) AS documents,
       round(avg(kept::INTEGER), 4) AS share, sum(bytes) FILTER (kept) AS bytes, sum(tokens) FILTER (kept) AS tokens
FROM judged
GROUP BY threshold, in_force
ORDER BY threshold;
