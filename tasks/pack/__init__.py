"""Packers: one way to cut an order into contexts per file."""
