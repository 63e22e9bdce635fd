-- The contexts that hold a document, with everything else in them. Name yours in `asked`.
WITH asked AS (SELECT min(doc_id) AS doc_id FROM segments),
found AS (SELECT DISTINCT context_id FROM segments JOIN asked USING (doc_id))
SELECT context_id, position, segments.doc_id = asked.doc_id AS asked, segments.doc_id, copy, start, stop,
       stop - start AS tokens, source, domain, coalesce(url, id, file) AS name
FROM segments JOIN found USING (context_id) JOIN documents USING (doc_id), asked
ORDER BY context_id, position;
