"""How documents are read, scored, filtered, deduplicated, reweighted, ordered, packed and written."""
