"""What is left of a text by C4's line rules: the quantities of its document rules."""

import numpy as np

from schemas.recipe import Count, Whole
from schemas.table import Column
from tasks.text.batch import TextBatch
from tasks.text.classes import tables
from tasks.text.web_lines import ANY_END, QUOTED_END, citation_table, judge_lines

COLUMNS = (
    Column("c4_sentences", "BIGINT", "sentences in the lines that pass the line rules"),
    Column(
        "c4_lorem_ipsum",
        "BIGINT",
        "lines with the filler text 'lorem ipsum', of those that end and read like sentences",
    ),
    Column(
        "c4_curly_brackets",
        "BIGINT",
        "lines with '{', of those that end and read like sentences and do not name javascript",
    ),
    Column("c4_kept_lines", "BIGINT", "lines that pass the line rules"),
)


def c4_lines(
    batch: TextBatch, *, fewest_words: Whole = 3, longest_word: Count = 1000, sentence_end: bool = True
) -> dict[str, np.ndarray]:
    """Sentences, filler text and curly brackets in the lines of a document that read like prose.

    A line passes when it has ``fewest_words`` words between white space, none of more than ``longest_word``
    characters, ends in one of ``. ? ! " '`` but not in three dots (unless ``sentence_end`` is off; citation marks
    such as [1] do not count), and names neither javascript nor a cookie, privacy or use policy. The text itself is
    not changed.

    Source: Raffel et al. 2020, arXiv:1910.10683, section 2.2.
    """
    lines, words = batch.lines, batch.words
    counts = judge_lines(
        batch.data,
        (lines.starts, lines.stops, lines.offsets),
        (words.starts, words.flags, words.offsets),
        tables().classes,
        citation_table(),
        (fewest_words, longest_word, QUOTED_END if sentence_end else ANY_END),
    )
    return {column.name: counts[:, i].copy() for i, column in enumerate(COLUMNS)}
