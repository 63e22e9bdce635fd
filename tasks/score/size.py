"""How much text there is."""

import numpy as np

from schemas.table import Column
from tasks.text.batch import TextBatch

COLUMNS = (
    Column("words", "BIGINT", "words, punctuation included"),
    Column("lines", "BIGINT", "lines, ended by a line feed"),
    Column("sentences", "BIGINT", "sentences"),
)


def size(batch: TextBatch) -> dict[str, np.ndarray]:
    """Words, lines and sentences of a document.

    Source: Gristmill.

    >>> import pyarrow as pa
    >>> {name: int(values[0]) for name, values in size(TextBatch(pa.array(["One, two.\\nThree."]))).items()}
    {'words': 6, 'lines': 2, 'sentences': 2}
    """
    return {
        "words": np.diff(batch.words.offsets),
        "lines": np.diff(batch.lines.offsets),
        "sentences": batch.sentences,
    }
