-- The mixture before and after, and how much each domain is repeated.
SELECT step, method, domain, documents, tokens, round(natural_share, 4) AS natural_share, round(weight, 4) AS weight,
       round(weight / nullif(natural_share, 0), 2) AS change, round(epochs, 3) AS epochs,
       round(effective_tokens / nullif(tokens, 0), 3) AS effective_epochs
FROM mixture
ORDER BY step, weight DESC, domain;
