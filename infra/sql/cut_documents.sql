-- Documents cut into several segments, most pieces first: what a longer context would keep whole.
SELECT doc_id, copy, count(*) AS pieces, count(DISTINCT context_id) AS contexts, any_value(documents.tokens) AS tokens,
       any_value(source) AS source, any_value(coalesce(url, id, file)) AS name
FROM segments JOIN documents USING (doc_id)
GROUP BY doc_id, copy
HAVING count(*) > 1
ORDER BY pieces DESC, doc_id, copy
LIMIT 50;
