"""How much of a text lies inside something that recurs: Gopher's repetition rules as DCLM reads them.

The same names hide different measures. ``repetition`` counts what was seen before, over all characters; here every
occurrence counts, each word of it once, over the characters of the words alone, so a text of three times the same
sentence is covered whole. Words are the units between the word boundaries of Unicode, lines and paragraphs are taken
without the white space at their ends.
"""

import numpy as np

from schemas.table import Column
from tasks.text.batch import TextBatch
from tasks.text.recurrences import ngram_recurrences, recurring, stripped
from tasks.text.repeats import LONGEST, LONGEST_TOP, SHORTEST, SHORTEST_TOP
from tasks.text.shares import share

COLUMNS = (
    Column("recurring_line_share", "DOUBLE", "share of the lines that are not blank that occur twice or more"),
    Column("recurring_line_character_share", "DOUBLE", "their characters / those of all lines, without ends"),
    Column("recurring_paragraph_share", "DOUBLE", "share of the paragraphs that occur twice or more"),
    Column("recurring_paragraph_character_share", "DOUBLE", "their characters / those of all paragraphs, without ends"),
    *(
        Column(
            f"recurring_{n}gram_share",
            "DOUBLE",
            f"characters of the longest of the most frequent {n}-grams that occur twice or more / of all words",
        )
        for n in range(SHORTEST_TOP, LONGEST_TOP + 1)
    ),
    *(
        Column(f"covered_{n}gram_share", "DOUBLE", f"characters of the words inside recurring {n}-grams / of all words")
        for n in range(SHORTEST, LONGEST + 1)
    ),
)
HIGHER_IS = "worse"


def covered_repetition(batch: TextBatch) -> dict[str, np.ndarray]:
    """Recurring lines, paragraphs and word n-grams of a document by what they cover, as shares; 0 where nothing does.

    Source: Li et al. 2024, arXiv:2406.11794, baselines/mappers/filters/content_filters.py; after Rae et al. 2021,
    arXiv:2112.11446, table A1.

    >>> import pyarrow as pa
    >>> found = covered_repetition(TextBatch(pa.array(["a b c d e x a b c d e y a b c d e"])))
    >>> round(found["covered_5gram_share"][0] * 17)
    15
    """
    scores: list[np.ndarray] = []
    for pieces in (batch.lines, batch.paragraphs):
        hashes, characters, offsets = stripped(pieces, batch.data)
        count, length = recurring(hashes, characters, offsets)
        total = np.concatenate([[0], np.cumsum(characters)])
        scores += [share(count, np.diff(offsets)), share(length, total[offsets[1:]] - total[offsets[:-1]])]
    found = ngram_recurrences(batch.bounded)
    longest = np.where(found.most > 1, found.longest, 0)
    scores += [share(longest[:, i], found.characters) for i in range(longest.shape[1])]
    scores += [share(found.covered[:, i], found.characters) for i in range(found.covered.shape[1])]
    return {column.name: score for column, score in zip(COLUMNS, scores, strict=True)}
