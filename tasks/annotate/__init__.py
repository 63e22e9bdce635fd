"""Annotators: who labels a sample of the documents, one per file."""
