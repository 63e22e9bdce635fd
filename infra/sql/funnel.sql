-- Documents and bytes in and out of each step, over all sources; `FROM funnel` gives them per source.
SELECT step, kind, sum(entered)::BIGINT AS entered, sum(dropped)::BIGINT AS dropped,
       sum(duplicates)::BIGINT AS duplicates, sum(failed)::BIGINT AS failed, sum(kept)::BIGINT AS kept,
       round(sum(entered_bytes) / 1e6, 2) AS mb_entered, round(sum(kept_bytes) / 1e6, 2) AS mb_kept
FROM funnel
GROUP BY step, kind
ORDER BY step;
