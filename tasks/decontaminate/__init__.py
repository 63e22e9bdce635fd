"""Decontaminators: how evaluation items are looked for in the texts, one method per file."""
