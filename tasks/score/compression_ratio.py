"""How well a text compresses: repetition and boilerplate do, noise does not."""

import zlib

import numpy as np

from tasks.text.batch import TextBatch


def compression_ratio(batch: TextBatch, *, level: int = 1) -> np.ndarray:
    """Bytes of a document divided by the bytes that zlib makes of them; 0 for an empty document.

    ``level`` is zlib's, from 1 (fast) to 9. The result depends on the zlib that this Python carries by a few bytes at
    most.

    Source: Yin et al. 2024, arXiv:2407.06645 (compression ratio of data against performance).

    >>> import pyarrow as pa
    >>> [round(value) for value in compression_ratio(TextBatch(pa.array(["", "ab" * 1000])))]
    [0, 67]
    """
    data = memoryview(batch.data.data)
    ratios = np.zeros(len(batch))
    for document in range(len(batch)):
        text = data[batch.offsets[document] : batch.offsets[document + 1]]
        if len(text):
            ratios[document] = len(text) / len(zlib.compress(text, level))
    return ratios
