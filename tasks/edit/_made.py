"""Spans of an editor from the rows of a kernel."""

import numpy as np
import pyarrow as pa

from tasks.text.spans import Spans


def made(rows: np.ndarray, replacements: tuple[str, ...], reasons: tuple[str, ...]) -> Spans:
    """Return the spans of rows (document, start, stop, index of the replacement, index of the reason)."""
    columns = np.ascontiguousarray(rows.T)
    return Spans(
        columns[0],
        columns[1],
        columns[2],
        pa.array(replacements, pa.string()).take(pa.array(columns[3])),
        pa.array(reasons, pa.string()).take(pa.array(columns[4])),
    )
