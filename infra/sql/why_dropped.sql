-- Every decision on one document, failed ones first. Name yours in `asked`: doc_id, or look it up by id or url.
WITH asked AS (SELECT min(doc_id) AS doc_id FROM drops)
SELECT documents.doc_id, source, id, url, step, rule_set, rule, score, operator,
       coalesce(threshold::VARCHAR, threshold_label) AS threshold, coalesce(value::VARCHAR, label) AS value, kept
FROM asked JOIN documents USING (doc_id) JOIN decisions USING (doc_id)
ORDER BY step, kept, rule_set, rule;
