"""The text engine: Arrow string buffers in, arrays out."""
