"""RefinedWeb's line rules as cuts: shouted lines, numbers, counters and page furniture.

The published corpus names the rules without constants; these are those of the DCLM reproduction, which then drops a
document of which more than a twentieth of the words went. An editor drops nothing that is not blank.
"""

import re

import numpy as np

from schemas.recipe import Share, Whole
from tasks.edit._made import made
from tasks.text.batch import TextBatch
from tasks.text.classes import tables
from tasks.text.line_cuts import kinds
from tasks.text.page_lines import COUNTED, PHRASE, PHRASES, REASONS, cut_page, judge_page, word_table
from tasks.text.spans import Spans

# A pattern of the reproduction has its three dots unescaped: any three characters end the line.
FURNITURE = (
    re.compile(r"\s?items in cart", re.I | re.A),
    re.compile(r"\s?read more...$", re.I | re.A),
    re.compile(r"^sign-in\s?", re.I | re.A),
)


def web_lines(
    batch: TextBatch,
    *,
    most_capitals: Share = 0.5,
    most_digits: Share = 0.999999,
    fewest_words: Whole = 2,
    furniture_words: Whole = 10,
) -> Spans:
    """Cut lines of a page that are not part of its text, and furniture in short lines.

    A line goes when more than ``most_capitals`` of its characters are capitals, more than ``most_digits`` are digits,
    when it is a counter such as "3 likes", or has fewer than ``fewest_words`` words. In lines of up to
    ``furniture_words`` words, "items in cart", "Read more..." at the end and "Sign-in" at the start go. Empty lines
    stay; white space at both ends of the text goes.

    Source: Penedo et al. 2023, arXiv:2306.01116, table 2, with the constants of DCLM, Li et al. 2024, arXiv:2406.11794.
    """
    lines = (batch.lines.starts, batch.lines.stops, batch.lines.offsets)
    settings = (float(most_capitals), float(most_digits), fewest_words, furniture_words)
    why, starts, stops, look = judge_page(
        batch.data, lines, tables().classes, kinds(), word_table(COUNTED), word_table(PHRASES), settings
    )
    marks = [
        mark for line in np.flatnonzero(look).tolist() for mark in _furniture(batch, lines, line, why, starts, stops)
    ]
    rows = cut_page(batch.offsets, lines, why, starts, stops)
    return made(np.concatenate([np.array(marks, np.int64).reshape(-1, 5), rows]), ("",), REASONS)


def _furniture(
    batch: TextBatch, lines: tuple[np.ndarray, ...], line: int, why: np.ndarray, starts: np.ndarray, stops: np.ndarray
) -> list[tuple[int, ...]]:
    """Return the cuts in one line; a line of which nothing is left is cut as a whole."""
    text = bytes(batch.data[starts[line] : stops[line]]).decode()
    kept = list(range(len(text)))
    for pattern in FURNITURE:
        left = "".join(text[i] for i in kept)
        gone = {i for found in pattern.finditer(left) for i in range(*found.span())}
        kept = [place for i, place in enumerate(kept) if i not in gone]
    solid = [i for i in kept if not text[i].isspace()]
    if len(kept) < len(text) and not solid:
        why[line] = PHRASE
        return []
    places = np.cumsum([0, *(len(character.encode()) for character in text)]) + starts[line]
    document = int(np.searchsorted(lines[2], line, side="right")) - 1
    if len(kept) < len(text):
        starts[line], stops[line] = places[solid[0]], places[solid[-1] + 1]
    cut = sorted(set(range(len(text))) - set(kept))
    return [(document, int(places[i]), int(places[i + 1]), 0, PHRASE) for i in cut]
