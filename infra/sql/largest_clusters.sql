-- The largest duplicate clusters, with the survivor and the least similar member that was removed for it.
SELECT duplicates.step, method, cluster_id, count(*) + 1 AS members, round(min(similarity), 4) AS least_similarity,
       arg_min(duplicates.doc_id, similarity) AS least_similar, sum(removed.bytes)::BIGINT AS removed_bytes,
       count(DISTINCT removed.source) AS sources, any_value(survivor.source) AS survivor_source,
       any_value(coalesce(survivor.url, survivor.id, survivor.file)) AS survivor
FROM duplicates
JOIN documents AS removed ON removed.doc_id = duplicates.doc_id
JOIN documents AS survivor ON survivor.doc_id = duplicates.survivor_id
GROUP BY duplicates.step, method, cluster_id
ORDER BY members DESC, cluster_id
LIMIT 25;
