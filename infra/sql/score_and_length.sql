-- Does a score follow the length of the text? The median length, and the share that was kept, per tenth of the score.
-- Name yours in `asked`; now it is tokens per character, which every ledger has.
WITH asked AS (
    SELECT doc_id, characters, tokens / greatest(characters, 1) AS value FROM documents WHERE characters > 0
),
tenths AS (SELECT *, ntile(10) OVER (ORDER BY value, doc_id) AS tenth FROM asked)
SELECT tenth, count(*) AS documents, min(value) AS from_value, max(value) AS to_value,
       median(characters) AS median_characters,
       round(avg((fates.doc_id IS NULL)::INTEGER), 4) AS kept_share
FROM tenths LEFT JOIN fates USING (doc_id)
GROUP BY tenth
ORDER BY tenth;
