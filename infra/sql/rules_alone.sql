-- What each rule drops, and what it alone drops: documents that would stay in their step without it.
WITH failed AS (SELECT *, count(*) OVER (PARTITION BY doc_id, step) AS rules_failed FROM drops)
SELECT step, rule, count(*) AS drops, count(*) FILTER (rules_failed = 1) AS drops_alone,
       coalesce(sum(bytes) FILTER (rules_failed = 1), 0)::BIGINT AS bytes_alone,
       coalesce(sum(tokens) FILTER (rules_failed = 1), 0)::BIGINT AS tokens_alone
FROM failed JOIN documents USING (doc_id)
GROUP BY step, rule
ORDER BY drops_alone DESC, drops DESC, step, rule;
