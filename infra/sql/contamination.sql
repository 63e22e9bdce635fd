-- Each evaluation item that was found: in how many documents, the one that holds most of it, which span, and what was done.
SELECT evaluation, item, method, count(DISTINCT matches.doc_id) AS documents, max(overlap) AS overlap,
       arg_max(matches.doc_id, (overlap, stop - start, -start)) AS doc_id,
       arg_max(source, (overlap, stop - start, -start)) AS source,
       arg_max(start, (overlap, stop - start, -start)) AS start, arg_max(stop, (overlap, stop - start, -start)) AS stop,
       arg_max(action, (overlap, stop - start, -start)) AS action,
       arg_max(snippet, (overlap, stop - start, -start)) AS snippet
FROM matches JOIN documents USING (doc_id)
GROUP BY evaluation, item, method
ORDER BY overlap DESC, documents DESC, evaluation, item, method;
