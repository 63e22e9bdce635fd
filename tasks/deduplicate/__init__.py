"""Deduplicators: one way to find copies per file."""
