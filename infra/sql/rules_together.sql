-- Pairs of rules that fail the same documents: Jaccard similarity of the sets they drop. Near 1, one of them says nothing new.
WITH sizes AS (SELECT step, rule, count(*) AS drops FROM drops GROUP BY ALL)
SELECT one.step, one.rule, other.rule AS other_rule, count(*) AS shared,
       round(count(*) / (a.drops + b.drops - count(*)), 3) AS similarity
FROM drops one JOIN drops other ON other.doc_id = one.doc_id AND other.step = one.step AND one.rule < other.rule
JOIN sizes a ON a.step = one.step AND a.rule = one.rule
JOIN sizes b ON b.step = other.step AND b.rule = other.rule
GROUP BY one.step, one.rule, other.rule, a.drops, b.drops
ORDER BY similarity DESC, shared DESC, one.rule, other.rule
LIMIT 50;
