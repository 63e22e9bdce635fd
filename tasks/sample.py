"""Documents drawn from a run, for a unit that has to learn before it can score."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.text.batch import TextBatch

BATCH_BYTES = 4 << 20


@dataclass(frozen=True)
class Sample:
    """Documents to learn from, by doc_id, whatever the partitions that they came from.

    ``documents`` has doc_id, text, source, domain, url, created, language and license. ``labels``, empty unless the
    unit says ``LABELLED = True``, has doc_id, paragraph (null for the whole document), name, value (a number) and label
    (a string), one of the two null.
    """

    documents: pa.Table
    labels: pa.Table

    def __len__(self) -> int:
        return self.documents.num_rows

    @property
    def texts(self) -> pa.Array:
        """The texts, in one array."""
        return self.documents["text"].combine_chunks().cast(pa.large_string())

    def batches(self) -> Iterator[TextBatch]:
        """The texts in batches of about 4 MB."""
        for piece in pieces(self.documents):
            yield TextBatch(piece["text"].combine_chunks(), piece)


def pieces(table: pa.Table) -> Iterator[pa.Table]:
    """Cut a table with a column ``text`` into pieces of about 4 MB of text."""
    ends = np.cumsum(pc.binary_length(table["text"]).to_numpy())
    start = 0
    while start < table.num_rows:
        before = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + BATCH_BYTES, side="right")))
        yield table.slice(start, stop - start)
        start = stop
