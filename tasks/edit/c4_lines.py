"""C4's line rules as cuts: menus, forms and notices go, sentences stay.

The rules are those that the scorer of the same name counts over; here the lines that fail them are cut, citation marks
such as [1] too, and the lines that are kept are joined by line feeds without white space around them. One pass over
the bytes; lines that end like no sentence are not looked into.
"""

import numpy as np

from schemas.recipe import Count, Whole
from tasks.edit._made import made
from tasks.text.batch import TextBatch
from tasks.text.classes import tables
from tasks.text.line_cuts import REASONS, cut_prose, kinds
from tasks.text.spans import Spans
from tasks.text.web_lines import citation_table


def c4_lines(
    batch: TextBatch, *, fewest_words: Whole = 3, longest_word: Count = 1000, sentence_end: bool = True
) -> Spans:
    """Cut the lines that do not read like prose, and citation marks.

    A line stays when it has ``fewest_words`` words between white space, none of more than ``longest_word`` characters,
    ends in one of ``. ? ! " '`` but not in three dots (unless ``sentence_end`` is off), and names neither javascript
    nor a cookie, privacy or use policy. The text that is left is the one that datatrove's C4QualityFilter leaves of the
    documents that it keeps; which those are, the scorer c4_lines tells. A text without such a line is left blank.

    Source: Raffel et al. 2020, arXiv:1910.10683, section 2.2.
    """
    rows = cut_prose(
        batch.data,
        batch.offsets,
        tables().classes,
        kinds(),
        citation_table(),
        (fewest_words, longest_word, sentence_end),
        np.empty(np.diff(batch.offsets).max(initial=0), np.uint8),
    )
    return made(rows, ("", "\n"), REASONS)
