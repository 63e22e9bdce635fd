"""How much of a text repeats itself: the quantities of Gopher's repetition rules."""

import numpy as np

from schemas.table import Column
from tasks.text.batch import TextBatch
from tasks.text.repeats import LONGEST, LONGEST_TOP, SHORTEST, SHORTEST_TOP, ngram_repeats, repeated, repeated_among
from tasks.text.shares import per_document, share

COLUMNS = (
    Column("duplicate_paragraph_share", "DOUBLE", "share of paragraphs seen before in the document"),
    Column("duplicate_paragraph_character_share", "DOUBLE", "their characters / all characters"),
    Column("duplicate_line_share", "DOUBLE", "share of lines that are not empty seen before in the document"),
    Column("duplicate_line_character_share", "DOUBLE", "their characters / all characters"),
    *(
        Column(
            f"top_{n}gram_share", "DOUBLE", f"characters of the most frequent {n}-gram that occurs twice or more / all"
        )
        for n in range(SHORTEST_TOP, LONGEST_TOP + 1)
    ),
    *(
        Column(f"duplicate_{n}gram_share", "DOUBLE", f"characters of word {n}-grams seen before / all characters")
        for n in range(SHORTEST, LONGEST + 1)
    ),
)
HIGHER_IS = "worse"


def repetition(batch: TextBatch) -> dict[str, np.ndarray]:
    """Repeated paragraphs, lines and word n-grams of a document, as shares; 0 for an empty one.

    As the common implementations run it, words and case count as written, and of several n-grams equally frequent the
    first counts. Unlike them, an n-gram that occurs once repeats nothing, and a text is not charged for starting and
    ending with an empty line.

    Source: Rae et al. 2021, arXiv:2112.11446, table A1.
    """
    lines, paragraphs, characters = batch.lines, batch.paragraphs, batch.characters
    filled = lines.stops > lines.starts
    line_count, line_characters = repeated_among(lines, filled)
    paragraph_count, paragraph_characters = repeated(paragraphs)
    top, duplicate = ngram_repeats(batch.words)
    scores = [
        share(paragraph_count, np.diff(paragraphs.offsets)),
        share(paragraph_characters, characters),
        share(line_count, per_document(filled, lines.offsets)),
        share(line_characters, characters),
        *(share(top[:, n], characters) for n in range(top.shape[1])),
        *(share(duplicate[:, n], characters) for n in range(duplicate.shape[1])),
    ]
    return {column.name: score for column, score in zip(COLUMNS, scores, strict=True)}
