"""What the words between white space look like: Gopher's quality quantities as DCLM and Dolma read them.

``word_statistics`` cuts punctuation off, so its words are shorter and fewer of them have a letter. The three tools
also disagree about what a symbol and a stop word are: the columns say which.
"""

from functools import cache

import numpy as np

from schemas.table import Column
from tasks.score._word_table import word_table
from tasks.score.word_statistics import STOP_WORDS
from tasks.text.batch import TextBatch
from tasks.text.classes import tables
from tasks.text.marks import WORD_COUNTS, count_dotted, count_spaced
from tasks.text.shares import share

COLUMNS = (
    Column("spaced_words", "BIGINT", "words between white space"),
    Column("begun_words", "BIGINT", "words between white space that begin with a letter or a number"),
    Column("median_spaced_word_length", "DOUBLE", "median length of the words between white space, in characters"),
    Column("mean_spaced_word_length", "DOUBLE", "mean length of the words between white space, in characters"),
    Column("alpha_spaced_word_share", "DOUBLE", "share of the words between white space that have a letter"),
    Column("marked_word_share", "DOUBLE", "share of the words between white space that have a # or an ellipsis sign"),
    Column("mark_word_ratio", "DOUBLE", "#, '...', '. . .' and ellipsis signs per word between white space"),
    Column("stop_word_count", "BIGINT", "how often the, be, to, of, and, that, have, with stand alone, as written"),
    Column("folded_stop_word_count", "BIGINT", "how often the same stop words stand alone, in upper or lower case"),
)


def spaced_word_statistics(batch: TextBatch) -> dict[str, np.ndarray]:
    """Lengths, letters, symbols and stop words among the words between white space; 0 for a document without words.

    Source: Soldaini et al. 2024, arXiv:2402.00159, python/dolma/taggers/gopher.py; Li et al. 2024, arXiv:2406.11794,
    baselines/mappers/filters/content_filters.py; after Rae et al. 2021, arXiv:2112.11446, section A1.1.

    >>> import pyarrow as pa
    >>> found = spaced_word_statistics(TextBatch(pa.array(["The end of the #1 story ..."])))
    >>> found["median_spaced_word_length"][0], found["stop_word_count"][0], found["folded_stop_word_count"][0]
    (np.float64(3.0), np.int64(2), np.int64(3))
    """
    words = batch.spaced
    given = (words.starts, words.stops, words.hashes, words.exact, words.characters, words.flags, words.offsets)
    signs, ellipses, _ = batch.marks
    counts = count_spaced(batch.data, *given, tables().classes, _stop_table(), signs + ellipses)
    found = {name: counts[:, i].copy() for i, name in enumerate(WORD_COUNTS)}
    marks = signs + ellipses + count_dotted(batch.data, batch.offsets)
    return {
        "spaced_words": found["words"],
        "begun_words": found["begun"],
        "median_spaced_word_length": found["spread"] / 2,
        "mean_spaced_word_length": share(found["characters"], found["words"]),
        "alpha_spaced_word_share": share(found["alphabetic"], found["words"]),
        "marked_word_share": share(found["marked"], found["words"]),
        "mark_word_ratio": share(marks, found["words"]),
        "stop_word_count": found["written"],
        "folded_stop_word_count": found["folded"],
    }


@cache
def _stop_table() -> np.ndarray:
    return word_table(STOP_WORDS)
