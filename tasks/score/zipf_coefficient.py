"""How steeply word frequency falls with rank (Zipf's law): lower means more mass on rare words.

The slope grows with the length of what is counted, so documents are compared over windows of equal length; what is left
at the end of a document is not counted. The kernel reads about 300 MB/s on one core, after segmentation.
"""

from typing import Annotated

import numpy as np
import pyarrow as pa
from pydantic import Field

from schemas.table import Column
from tasks.text.batch import TextBatch
from tasks.text.ranks import rank_slopes
from tasks.text.shares import share

COLUMNS = (
    Column(
        "zipf_coefficient",
        "DOUBLE",
        "slope of log frequency over log rank, as a positive number, mean over windows of equal length; "
        "null: shorter than one window",
        optional=True,
    ),
)


def zipf_coefficient(batch: TextBatch, *, window: Annotated[int, Field(ge=2)] = 256) -> pa.Array:
    """Slope of log frequency over log rank of a document's words, as a positive number.

    ``window``: content words per window; the fit is by least squares over the distinct words of each window, and a
    document has the mean over its windows. 0: all words of a window are as frequent. Null: fewer words than a window.

    Source: Han et al. 2023, arXiv:2306.15091, section 4.2 (which averages over groups of documents).

    >>> text = "a " * 8 + "b " * 4 + "c " * 2 + "d"
    >>> round(zipf_coefficient(TextBatch(pa.array([text])), window=15)[0].as_py(), 5)
    1.45902
    """
    words = batch.words
    sums, windows = rank_slopes(words.hashes, words.flags, words.offsets, window)
    return pa.array(share(sums, windows), mask=np.asarray(windows == 0))
