-- How much of one source is a duplicate of another: removed documents by their source and their survivor's.
SELECT removed.source, survivor.source AS survivor_source, method, count(*) AS documents,
       sum(removed.bytes)::BIGINT AS bytes, round(avg(similarity), 4) AS mean_similarity
FROM duplicates
JOIN documents AS removed ON removed.doc_id = duplicates.doc_id
JOIN documents AS survivor ON survivor.doc_id = duplicates.survivor_id
GROUP BY ALL
ORDER BY documents DESC, removed.source, survivor_source, method;
