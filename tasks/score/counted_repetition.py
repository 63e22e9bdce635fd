"""How much of a text recurs, every occurrence counted in full: Gopher's repetition rules as Dolma reads them.

The same names hide different measures: see ``covered_repetition``. Here words are what stands between white space, an
n-gram weighs as much as its characters each time that it occurs, and the whole is what all n-grams weigh. The most
frequent n-gram counts even if nothing occurs twice, so the measure is high for every short text.
"""

import numpy as np

from schemas.table import Column
from tasks.text.batch import TextBatch
from tasks.text.recurrences import ngram_recurrences, recurring
from tasks.text.repeats import LONGEST, LONGEST_TOP, SHORTEST, SHORTEST_TOP
from tasks.text.shares import per_document, share

COLUMNS = (
    Column("counted_line_share", "DOUBLE", "share of the lines, empty ones too, that occur twice or more"),
    Column("counted_line_character_share", "DOUBLE", "their characters / those that are no white space"),
    *(
        Column(f"counted_{n}gram_share", "DOUBLE", f"characters of the first of the most frequent {n}-grams / of words")
        for n in range(SHORTEST_TOP, LONGEST_TOP + 1)
    ),
    *(
        Column(f"counted_{n}gram_share", "DOUBLE", f"characters of the {n}-grams that occur twice or more / of all")
        for n in range(SHORTEST, LONGEST + 1)
    ),
)
HIGHER_IS = "worse"


def counted_repetition(batch: TextBatch) -> dict[str, np.ndarray]:
    """Recurring lines and word n-grams of a document by all of their occurrences, as shares; 0 for an empty one.

    Lines are what line feeds separate, so that one at the end of a text begins an empty line. A share of characters
    in lines may exceed 1, since lines hold white space.

    Source: Soldaini et al. 2024, arXiv:2402.00159, python/dolma/taggers/gopher.py (gopher_v1); after Rae et al. 2021,
    arXiv:2112.11446, table A1.

    >>> import pyarrow as pa
    >>> found = counted_repetition(TextBatch(pa.array(["a b c d e x a b c d e y a b c d e"])))
    >>> round(float(found["counted_5gram_share"][0]), 5)
    0.23077
    """
    lines = batch.lines
    filled = lines.stops > lines.starts
    places = np.flatnonzero(filled)
    count, length = recurring(lines.hashes[places], lines.characters[places], np.searchsorted(places, lines.offsets))
    _, _, feeds = batch.marks
    every = np.where(np.diff(batch.offsets) > 0, feeds + 1, 0)
    empty = every - per_document(filled, lines.offsets)
    found = ngram_recurrences(batch.spaced)
    scores = [
        share(count + np.where(empty > 1, empty, 0), every),
        # The reference divides by 1 where there is no word.
        length / np.maximum(found.characters, 1),
        *(share(found.first[:, i], found.characters) for i in range(found.first.shape[1])),
        *(share(found.summed[:, i], found.every[:, i]) for i in range(found.summed.shape[1])),
    ]
    return {column.name: score for column, score in zip(COLUMNS, scores, strict=True)}
