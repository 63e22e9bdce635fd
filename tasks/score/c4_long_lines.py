"""What is left of a text by C4's line rules with the constants of its first release: the quantities of DCLM's rules.

``c4_lines`` asks for three words per line, as datatrove does. Here lines have five words at least, do not end in an
apostrophe, and a citation mark at a line's end is no word.
"""

import numpy as np

from schemas.recipe import Count, Whole
from schemas.table import Column
from tasks.text.batch import TextBatch
from tasks.text.classes import tables
from tasks.text.web_lines import PLAIN_END, citation_table, judge_lines

COLUMNS = (
    Column("c4_long_line_sentences", "BIGINT", "sentences in the lines of five words or more that pass the line rules"),
    Column("c4_long_line_lorem_ipsum", "BIGINT", "such lines, before the last rules, with 'lorem ipsum'"),
    Column("c4_long_line_curly_brackets", "BIGINT", "such lines that do not name javascript, with '{'"),
    Column("c4_long_kept_lines", "BIGINT", "lines of five words or more that pass the line rules"),
)


def c4_long_lines(batch: TextBatch, *, fewest_words: Whole = 5, longest_word: Count = 1000) -> dict[str, np.ndarray]:
    """Sentences, filler text and curly brackets in the lines of five words or more that read like prose.

    A line passes when it has ``fewest_words`` words between white space, none of more than ``longest_word``
    characters, ends in one of ``. ? ! "`` but not in three dots, and names neither javascript nor a cookie, privacy or
    use policy. The text itself is not changed.

    Source: Raffel et al. 2020, arXiv:1910.10683, section 2.2; Li et al. 2024, arXiv:2406.11794,
    baselines/baselines_configs/c4.yaml.

    >>> import pyarrow as pa
    >>> found = c4_long_lines(TextBatch(pa.array(["Here are five words now.\\nFour words are few.[12]"])))
    >>> int(found["c4_long_kept_lines"][0])
    1
    """
    lines, words = batch.lines, batch.words
    counts = judge_lines(
        batch.data,
        (lines.starts, lines.stops, lines.offsets),
        (words.starts, words.flags, words.offsets),
        tables().classes,
        citation_table(),
        (fewest_words, longest_word, PLAIN_END),
    )
    return {column.name: counts[:, i].copy() for i, column in enumerate(COLUMNS)}
