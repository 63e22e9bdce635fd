-- What each stratum of a selection was asked for, had and gave; those that fell short come first.
SELECT step, method, stratum, quota, redistributed, available, achieved, shortfall, excess,
       round(achieved / nullif(available, 0), 4) AS share_taken, documents, candidates, repeats, missing, threshold
FROM quotas
ORDER BY shortfall DESC, step, stratum;
