"""Orderers: one way to order documents per file."""
