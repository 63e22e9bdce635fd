"""Mixers: one way to weigh domains per file."""
