"""Which lines, paragraphs and long words a text is made of: the quantities of the usual boilerplate filters.

Unique shares say how much would be left without repeats, where ``repetition`` says how much is repeated: a peer's
setting called ``max_repeated_line_fraction`` of 0.7 keeps texts whose unique share is 0.7 or more.
"""

from functools import cache

import numpy as np
from numba import njit

from schemas.table import Column
from tasks.score._phrases import Phrases, occurrences, phrases
from tasks.score._word_table import word_table
from tasks.text.batch import Lines, TextBatch
from tasks.text.borrow import Array, borrow
from tasks.text.characters import count_unfinished
from tasks.text.lines import BLANK
from tasks.text.repeats import repeated, repeated_among
from tasks.text.shares import per_document, share
from tasks.text.specials import find, gate_of, passes

COLUMNS = (
    Column("longest_word", "BIGINT", "characters of the longest word between white space"),
    Column("symbol_word_share", "DOUBLE", "share of the words between white space that are # or an ellipsis alone"),
    Column("unfinished_line_share", "DOUBLE", "share of the lines that are not blank and do not end in . ? ! \" or '"),
    Column("policy_paragraph_share", "DOUBLE", "share of paragraphs that name terms of use, privacy or cookies"),
    Column("filler_paragraph_share", "DOUBLE", "share of paragraphs with the filler text 'lorem ipsum'"),
    Column("unique_line_share", "DOUBLE", "share of the lines that are not blank that are left without repeats"),
    Column("unique_line_character_share", "DOUBLE", "their characters / those of all lines that are not blank"),
    Column("unique_paragraph_share", "DOUBLE", "share of the paragraphs that are left without repeats"),
    Column("unique_paragraph_character_share", "DOUBLE", "their characters / those of all paragraphs"),
)
HIGHER_IS = {
    "unique_line_share": "better",
    "unique_line_character_share": "better",
    "unique_paragraph_share": "better",
    "unique_paragraph_character_share": "better",
}
SYMBOL_WORDS = ("#", "...", "[...]", "…", "(...)", "[…]", "-»")
FILLER = "lorem ipsum"
POLICIES = (
    *("terms of use", "privacy policy", "cookie policy", "uses cookies", "privacy overview", "use of cookies"),
    *("use cookies", "privacy & cookies policy", "privacy and cookies policy", "necessary cookies are absolutely"),
    *("termed as non-necessary cookies", "browse this site without changing your cookie settings"),
)


def layout_ratios(batch: TextBatch) -> dict[str, np.ndarray]:
    """Long and symbol words, unfinished lines, boilerplate paragraphs and what repeats leave, of a document.

    A document without words, lines or paragraphs has 0, and 1 for the unique shares.

    Source: NVIDIA NeMo Curator, github.com/NVIDIA-NeMo/Curator, stages/text/filters/heuristic/string.py and
    repetition.py; after Raffel et al. 2020, arXiv:1910.10683, and Rae et al. 2021, arXiv:2112.11446.

    >>> import pyarrow as pa
    >>> found = layout_ratios(TextBatch(pa.array(["One line.\\nA heading\\nOne line.\\n\\nOur Privacy Policy"])))
    >>> [float(found[name][0]) for name in ("unfinished_line_share", "policy_paragraph_share", "unique_line_share")]
    [0.5, 0.5, 0.75]
    """
    lines, words = batch.lines, batch.spaced
    filled = (lines.flags & BLANK) == 0
    count = per_document(filled, lines.offsets)
    unfinished = count_unfinished(batch.data, lines.starts, lines.stops, lines.flags, lines.offsets, BLANK)
    longest, symbols = _words(words.exact, words.characters, words.offsets, _symbol_table())
    policy, filler = _boilerplate(batch)
    line_repeats, line_characters = repeated_among(lines, filled)
    paragraph_repeats, paragraph_characters = repeated(batch.paragraphs)
    paragraphs = np.diff(batch.paragraphs.offsets)
    return {
        "longest_word": longest,
        "symbol_word_share": share(symbols, np.diff(words.offsets)),
        "unfinished_line_share": share(unfinished, count),
        "policy_paragraph_share": share(policy, paragraphs),
        "filler_paragraph_share": share(filler, paragraphs),
        "unique_line_share": 1 - share(line_repeats, count),
        "unique_line_character_share": 1 - share(line_characters, _characters(lines, filled)),
        "unique_paragraph_share": 1 - share(paragraph_repeats, paragraphs),
        "unique_paragraph_character_share": 1 - share(paragraph_characters, _characters(batch.paragraphs)),
    }


def _characters(pieces: Lines, chosen: np.ndarray | None = None) -> np.ndarray:
    lengths = pieces.characters if chosen is None else np.where(chosen, pieces.characters, 0)
    return per_document(lengths, pieces.offsets)


@njit(nogil=True, cache=True)
def _words(exact: Array, characters: Array, offsets: Array, wanted: Array) -> tuple[Array, Array]:
    longest, symbols = np.zeros(len(offsets) - 1, np.int64), np.zeros(len(offsets) - 1, np.int64)
    mask, gate = np.int64(len(wanted) - 1), gate_of(wanted)
    exact, characters, table = borrow(exact), borrow(characters), borrow(wanted)
    for document in range(len(longest)):
        most = 0
        for word in range(offsets[document], offsets[document + 1]):
            most = max(most, characters[word])
            if passes(gate, exact[word]):
                symbols[document] += find(table, mask, exact[word]) >= 0
        longest[document] = most
    return longest, symbols


def _boilerplate(batch: TextBatch) -> list[np.ndarray]:
    """Count the paragraphs with a policy and with filler text."""
    paragraphs = batch.paragraphs
    _, places, found = occurrences(batch.data, batch.offsets, _phrases())
    # A paragraph begins before a phrase in it; a phrase has no line feed, so that it ends there too.
    place = np.searchsorted(paragraphs.starts, places, side="right") - 1
    filler = found == len(POLICIES)
    counts = []
    for chosen in (~filler, filler):
        hit = np.zeros(len(paragraphs), bool)
        hit[place[chosen]] = True
        counts.append(per_document(hit, paragraphs.offsets))
    return counts


@cache
def _phrases() -> Phrases:
    return phrases([phrase.encode() for phrase in (*POLICIES, FILLER)], folded=True)


@cache
def _symbol_table() -> np.ndarray:
    return word_table(SYMBOL_WORDS)
