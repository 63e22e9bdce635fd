"""Transforms: contexts made of other pieces, one method per file."""
