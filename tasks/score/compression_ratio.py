"""How well a text compresses: repetition and boilerplate do, noise does not."""

from typing import Annotated

import numpy as np
from pydantic import Field
from zstandard import ZstdCompressor

from tasks.text.batch import TextBatch

HIGHER_IS = "worse"


def compression_ratio(batch: TextBatch, *, level: Annotated[int, Field(ge=1, le=22)] = 1) -> np.ndarray:
    """Bytes of a document divided by the bytes that zstd makes of them; 0 for an empty document.

    ``level`` is zstd's, from 1 (fast) to 22. zstd comes with a pinned package, where the zlib of two Pythons may
    differ, and is four times as fast.

    Source: Yin et al. 2024, arXiv:2407.06645 (compression ratio of data against performance).

    >>> import pyarrow as pa
    >>> [round(value) for value in compression_ratio(TextBatch(pa.array(["", "ab" * 1000])))]
    [0, 105]
    """
    data = memoryview(batch.data.data)
    ratios = np.zeros(len(batch))
    compressor = ZstdCompressor(level=level)
    for document in range(len(batch)):
        text = data[batch.offsets[document] : batch.offsets[document + 1]]
        if len(text):
            ratios[document] = len(text) / len(compressor.compress(text))
    return ratios
