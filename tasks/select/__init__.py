"""Selectors: which documents a budget of tokens is spent on, one rule of acceptance per file."""
