"""The text engine: Arrow string buffers in, arrays out."""

from tasks.text.batch import TextBatch

__all__ = ["TextBatch"]
