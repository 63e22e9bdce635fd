-- What is left of each source, and where the rest went.
SELECT source, count(*) AS documents, count(*) FILTER (outcome IS NULL) AS kept,
       round(avg((outcome IS NULL)::INTEGER), 4) AS share_kept,
       round(sum(bytes) FILTER (outcome IS NULL) / sum(bytes), 4) AS share_of_bytes_kept,
       round(sum(tokens) FILTER (outcome IS NULL) / sum(tokens), 4) AS share_of_tokens_kept,
       count(*) FILTER (outcome = 'dropped') AS dropped, count(*) FILTER (outcome = 'duplicate') AS duplicates,
       count(*) FILTER (outcome = 'failed') AS failed
FROM documents LEFT JOIN fates USING (doc_id)
GROUP BY source
ORDER BY share_kept, source;
