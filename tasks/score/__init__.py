"""Scorers: one family of numbers per file."""
