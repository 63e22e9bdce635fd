"""Writers: one output format per file."""
