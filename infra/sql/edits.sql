-- What was cut and replaced, by step and reason: documents, spans and characters, and how much of the text that is.
SELECT step, reason, count(DISTINCT edits.doc_id) AS documents, count(*) AS spans,
       sum(stop - start)::BIGINT AS characters_taken, sum(length(replacement))::BIGINT AS characters_put,
       round(sum(stop - start) / (SELECT sum(characters) FROM documents WHERE part IS NOT NULL), 6) AS share_of_all,
       arg_max(edits.doc_id, stop - start) AS example
FROM edits
GROUP BY step, reason
ORDER BY step, characters_taken DESC, reason;
