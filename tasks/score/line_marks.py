"""How lines begin and end: Gopher's line quantities as DCLM and Dolma read them.

``line_statistics`` counts bullets and hyphens after white space. Others count other signs, or over other lines.
"""

import numpy as np

from schemas.table import Column
from tasks.text.batch import TextBatch
from tasks.text.classes import tables
from tasks.text.marks import count_line_marks
from tasks.text.shares import share

COLUMNS = (
    Column("star_line_share", "DOUBLE", "share of all lines, empty ones too, whose first character is * or -"),
    Column("ellipsis_sign_line_share", "DOUBLE", "share of all lines, empty ones too, whose last is an ellipsis sign"),
    Column("listed_line_share", "DOUBLE", "share of the lines that are not blank that begin with one of ● • * -"),
    Column("trailing_line_share", "DOUBLE", "share of the lines that are not blank that end in three dots of any kind"),
)


def line_marks(batch: TextBatch) -> dict[str, np.ndarray]:
    """Bullets at the start and ellipses at the end of the lines of a document; 0 for one without lines.

    All lines are what line feeds separate, so that one at the end of a text begins an empty line. Three dots of any
    kind are ``...``, ``. . .`` and ``…``.

    Source: Soldaini et al. 2024, arXiv:2402.00159, python/dolma/taggers/gopher.py; Li et al. 2024, arXiv:2406.11794,
    baselines/mappers/filters/content_filters.py; after Rae et al. 2021, arXiv:2112.11446, section A1.1.

    >>> import pyarrow as pa
    >>> found = line_marks(TextBatch(pa.array(["- one\\n  * two...\\n\\nthree…"])))
    >>> [round(float(values[0]), 2) for values in found.values()]
    [0.25, 0.25, 0.67, 0.67]
    """
    lines = batch.lines
    counts = count_line_marks(batch.data, lines.starts, lines.stops, lines.offsets, tables().classes)
    _, _, feeds = batch.marks
    every = feeds + 1
    return {
        "star_line_share": share(counts[:, 0], every),
        "ellipsis_sign_line_share": share(counts[:, 1], every),
        "listed_line_share": share(counts[:, 3], counts[:, 2]),
        "trailing_line_share": share(counts[:, 4], counts[:, 2]),
    }
