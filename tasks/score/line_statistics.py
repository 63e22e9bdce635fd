"""What the lines of a text look like: the quantities of Gopher's and FineWeb's line rules."""

import numpy as np

from schemas.recipe import Whole
from schemas.table import Column
from tasks.text.batch import TextBatch
from tasks.text.lines import BLANK, BULLET, ELLIPSIS, TERMINAL
from tasks.text.repeats import repeated_among
from tasks.text.shares import per_document, share

COLUMNS = (
    Column("bullet_line_share", "DOUBLE", "share of lines that begin with a bullet or a hyphen"),
    Column("ellipsis_line_share", "DOUBLE", "share of lines that end in an ellipsis"),
    Column("terminal_line_share", "DOUBLE", "share of lines that are not blank whose last character ends a sentence"),
    Column("short_line_share", "DOUBLE", "share of lines that are not blank with at most short_line characters"),
    Column("newline_word_ratio", "DOUBLE", "line feeds per word"),
    Column(
        "duplicate_line_characters", "DOUBLE", "characters of lines seen before in the document / all but line feeds"
    ),
)
HIGHER_IS = {
    "terminal_line_share": "better",
    "short_line_share": "worse",
    "bullet_line_share": "worse",
    "ellipsis_line_share": "worse",
    "duplicate_line_characters": "worse",
}


def line_statistics(batch: TextBatch, *, short_line: Whole = 30) -> dict[str, np.ndarray]:
    """Bullets, ellipses, sentence ends, length and repetition of the lines of a document.

    A document without lines, or without lines that are not blank, has 0 for the shares over them.

    Source: Rae et al. 2021, arXiv:2112.11446, section A1.1; Penedo et al. 2024, arXiv:2406.17557, section 3.6.
    """
    lines = batch.lines
    filled = (lines.flags & BLANK) == 0
    count = np.diff(lines.offsets)
    content = per_document(filled, lines.offsets)
    _, _, feeds = batch.marks
    _, duplicate = repeated_among(lines, filled)
    return {
        "bullet_line_share": share(per_document(lines.flags & BULLET != 0, lines.offsets), count),
        "ellipsis_line_share": share(per_document(lines.flags & ELLIPSIS != 0, lines.offsets), count),
        "terminal_line_share": share(per_document(filled & (lines.flags & TERMINAL != 0), lines.offsets), content),
        "short_line_share": share(per_document(filled & (lines.characters <= short_line), lines.offsets), content),
        "newline_word_ratio": share(feeds, np.diff(batch.words.offsets)),
        "duplicate_line_characters": share(duplicate, batch.characters - feeds),
    }
