"""Readers: one input format per file; and how a source's files are found, cut into slices and grouped."""

from tasks.read._cut import cut, group
from tasks.read._files import FileRef, expand, fingerprint, reader_of
from tasks.read._slice import Fields, Slice

__all__ = ["Fields", "FileRef", "Slice", "cut", "expand", "fingerprint", "group", "reader_of"]
