"""Rule sets: published thresholds as data, one set per file."""
