-- What could not be read or processed, by cause, with one place to look at.
SELECT step, source, error, count(*) AS records, sum(bytes)::BIGINT AS bytes,
       arg_min(file, place) AS example_file, min(place) AS example_place
FROM failures
GROUP BY step, source, error
ORDER BY records DESC, source, error;
