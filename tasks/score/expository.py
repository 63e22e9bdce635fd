"""Marks of explaining prose: what tells a textbook from a chat, an advertisement or a list.

Selection by textbook-likeness was published without a formula: whole corpora were read and judged by people. The
columns are what one can count; ``expository`` is no more than their plain mean, for want of labels. Train a student on
your own labels to weigh them.
"""

from functools import cache

import numpy as np
from numba import njit

from schemas.table import Column
from tasks.score._word_table import word_table
from tasks.text.batch import TextBatch
from tasks.text.borrow import Array, borrow
from tasks.text.classes import ALPHA, DIGIT, UPPER, tables
from tasks.text.hashing import decode
from tasks.text.lines import BLANK, TERMINAL
from tasks.text.phrases import Phrases, count_phrases, phrases
from tasks.text.segment import PUNCTUATION, SYMBOLS, TERMINATOR
from tasks.text.sentences import sentence_lengths
from tasks.text.shares import per_document, share
from tasks.text.specials import find

LANGUAGES = ("en",)
SHUFFLED = {"expository": "lower"}
HIGHER_IS = {"expository": "better"}
COLUMNS = (
    Column("definition_rate", "DOUBLE", "phrases that define ('is called', 'refers to') per 1,000 content words"),
    Column("connective_rate", "DOUBLE", "connectives of cause and contrast ('because') per 1,000 content words"),
    Column("example_rate", "DOUBLE", "announced examples ('for example', 'e.g.') per 1,000 content words"),
    Column("exercise_rate", "DOUBLE", "marks of exercises ('exercise', 'solution') per 1,000 content words"),
    Column("person_rate", "DOUBLE", "pronouns of the first and second person per 1,000 content words"),
    Column("appeal_share", "DOUBLE", "share of the sentences that begin with an appeal ('click', 'buy')"),
    Column("heading_share", "DOUBLE", "share of the lines that are not blank that look like headings"),
    Column("complete_line_share", "DOUBLE", "share of the lines that are no headings that end a sentence"),
    Column("expository", "DOUBLE", "plain mean of seven marks of explaining prose, in [0, 1]"),
)
CLASSES = {
    "definition": (
        *("is defined as", "are defined as", "is called", "are called", "is known as", "are known as", "refers to"),
        *("is referred to as", "is a type of", "is a kind of", "is the process of", "is the study of", "denotes"),
        *("consists of", "is said to be", "we define", "is characterized by", "in other words", "by definition"),
    ),
    "connective": (
        *("because", "therefore", "thus", "hence", "however", "although", "whereas", "consequently", "nevertheless"),
        *("furthermore", "moreover", "as a result", "due to", "in contrast", "on the other hand", "for this reason"),
        *("unlike", "despite", "accordingly", "conversely", "since", "while"),
    ),
    "example": ("for example", "for instance", "e.g.", "such as", "example", "examples", "suppose", "consider"),
    "exercise": (
        *("exercise", "exercises", "problems", "solution", "solutions", "review questions", "key terms"),
        *("learning objectives", "chapter summary", "quiz", "homework"),
    ),
    "person": (
        *("i", "me", "my", "mine", "myself", "you", "your", "yours", "yourself", "we", "us", "our", "ours"),
        "ourselves",
    ),
}
APPEALS = """buy call check click contact discover download enjoy enter explore find follow get join learn log login
order register save see share shop sign start subscribe tell try view visit watch"""


def expository(batch: TextBatch) -> dict[str, np.ndarray]:
    """Definitions, connectives, examples, exercises, address and layout of English prose, and the mean of their marks.

    A heading is a line that begins with ``#`` or a short line that begins with a number, a capital or a letter without
    case, does not end like a sentence and has a longer line after it. The seven marks: definitions (full at 2 per 1,000
    words), connectives (full at 10), examples (full at 2), address (full without pronouns of the first and second
    person, none at 40), no appeals (none at a tenth of the sentences), complete lines, and sentences of 12 to 30 words
    (none at 4 and at 60).

    Source: Tan et al. 2024, arXiv:2408.03506 (the aim; the features are Gristmill's).

    >>> import pyarrow as pa
    >>> prose = "# Heat\\n\\nHeat is defined as energy in transit, because bodies differ in temperature."
    >>> found = expository(TextBatch(pa.array([prose, "Click here! Buy your shoes now"])))
    >>> [round(float(value), 2) for value in found["expository"]]
    [0.86, 0.0]
    """
    words, lines = batch.words, batch.lines
    counts = dict(zip(CLASSES, count_phrases(batch, _known()).T, strict=True))
    lengths = sentence_lengths(words.flags, words.offsets)
    rates = {f"{name}_rate": 1000 * share(found, lengths[:, 1]) for name, found in counts.items()}
    appeals = _appeals(words.hashes, words.flags, words.offsets, _appeal_table())
    headings = _headings(batch.data, lines.starts, lines.stops, lines.characters, lines.flags, lines.offsets,
                         tables().classes)  # fmt: skip
    filled = per_document((lines.flags & BLANK) == 0, lines.offsets)
    ended = per_document((lines.flags & (BLANK | TERMINAL)) == TERMINAL, lines.offsets)
    found = rates | {
        "appeal_share": share(np.minimum(appeals, lengths[:, 0]), lengths[:, 0]),
        "heading_share": share(headings, filled),
        "complete_line_share": share(np.minimum(ended, filled - headings), filled - headings),
    }
    return {**found, "expository": np.where(lengths[:, 1] > 0, _mean(found, share(lengths[:, 1], lengths[:, 0])), 0.0)}


def _mean(found: dict[str, np.ndarray], sentence: np.ndarray) -> np.ndarray:
    band = np.minimum((sentence - 4) / 8, (60 - sentence) / 30)
    marks = (
        found["definition_rate"] / 2,
        found["connective_rate"] / 10,
        found["example_rate"] / 2,
        1 - found["person_rate"] / 40,
        1 - found["appeal_share"] / 0.1,
        found["complete_line_share"],
        band,
    )
    return np.mean([np.clip(mark, 0.0, 1.0) for mark in marks], axis=0)


@cache
def _known() -> Phrases:
    return phrases(CLASSES)


@cache
def _appeal_table() -> np.ndarray:
    return word_table(APPEALS.split())


@njit(nogil=True, cache=True)
def _appeals(hashes: Array, flags: Array, offsets: Array, wanted: Array) -> Array:
    """Count the sentences whose first word that is no punctuation is ``wanted``."""
    counts = np.zeros(len(offsets) - 1, np.int64)
    hashes, flags, mask = borrow(hashes), borrow(flags), np.int64(len(wanted) - 1)
    for document in range(len(counts)):
        fresh = True
        for word in range(offsets[document], offsets[document + 1]):
            if flags[word] & TERMINATOR:
                fresh = True
            elif fresh and not flags[word] & (PUNCTUATION | SYMBOLS):
                counts[document] += find(wanted, mask, hashes[word]) >= 0
                fresh = False
    return counts


@njit(nogil=True, cache=True)
def _headings(
    data: Array, starts: Array, stops: Array, characters: Array, flags: Array, offsets: Array, classes: Array
) -> Array:
    counts = np.zeros(len(offsets) - 1, np.int64)
    for document in range(len(counts)):
        after = 0
        for line in range(offsets[document + 1] - 1, offsets[document] - 1, -1):
            if flags[line] & BLANK:
                continue
            kind = np.int64(classes[decode(data, starts[line], stops[line])[0]])
            titled = kind & DIGIT != 0 or (kind & ALPHA != 0 and kind & UPPER != 0)
            last = data[stops[line] - 1]
            open_end = not flags[line] & TERMINAL and last not in (44, 58, 59)
            short = characters[line] <= 80 and after > characters[line] and after > 60
            counts[document] += data[starts[line]] == 35 or (titled and open_end and short)
            after = characters[line]
    return counts
