"""The shape of program text in any language: lines, characters, nesting, comments, visible HTML.

What the filters of code corpora ask of a file, without knowing its language. Nesting is by brackets and by indents as
they are written, in comments and strings too; comments are whole lines (``x = 1  # so`` has none), of the one family
that most lines of the file begin with. Kernels over the batch.
"""

import numpy as np
import pyarrow as pa

from schemas.recipe import Whole
from schemas.table import Column
from tasks.score._code_kernels import (
    ALPHABETIC,
    ALPHANUMERIC,
    BRACKETS,
    DIGITS,
    SPACELESS,
    WORDS,
    comment_lines,
    count_code_characters,
    nest_indents,
    visible_characters,
)
from tasks.text.batch import TextBatch
from tasks.text.classes import tables
from tasks.text.shares import per_document, share

COLUMNS = (
    Column("mean_line_characters", "DOUBLE", "mean characters of a line, without its end"),
    Column("longest_line_characters", "BIGINT", "characters of the longest line"),
    Column("alphabetic_share", "DOUBLE", "share of characters that are letters"),
    Column("alphanumeric_share", "DOUBLE", "share of characters that are letters or numbers"),
    Column("digit_share", "DOUBLE", "share of characters that are digits from 0 to 9"),
    Column("characters_per_word", "DOUBLE", "characters that are no white space per word between white space"),
    Column("bracket_nesting", "BIGINT", "most brackets ( [ { open inside each other"),
    Column("indent_nesting", "BIGINT", "most indents inside each other"),
    Column("comment_line_share", "DOUBLE", "characters of the lines that are comments / those of all lines"),
    Column("comment_marks", "VARCHAR", "what its comment lines begin with: #, //, --, ; or %, or none"),
    Column("xml_marker", "BIGINT", "1 if an XML declaration stands in the first 100 characters, else 0"),
    Column("html_visible_share", "DOUBLE", "share of the characters of HTML outside of tags and scripts; 1 for others"),
)
MARKS = np.array(["#", "//", "--", ";", "%", "none"])
XML = "<?xml version="
HTML = ("<!doctype html", "<html")
HTML_MARKS = tuple(
    np.frombuffer(mark, np.uint8) for mark in (b"<!--", b"-->", b"<script", b"</script", b"<style", b"</style")
)
HEAD = 100


def code_shape(batch: TextBatch, *, fewest_visible: Whole = 100) -> dict[str, np.ndarray | pa.Array]:
    """Length of lines, share of letters, digits and comments, nesting, and how much of an HTML file can be seen.

    A text is HTML if ``<!doctype html`` or ``<html`` stands in its first 100 characters; of any other, all can be seen.
    HTML with fewer than ``fewest_visible`` characters outside of tags, comments, scripts and styles shows nothing. An
    empty text has 0 for what is a mean or share of it.

    Source: Li et al. 2023, StarCoder, arXiv:2305.06161; as in bigcode-project/bigcode-dataset, filtering.py.

    >>> found = code_shape(TextBatch(pa.array(["# one\\nif a:\\n    f(x[0])\\n"])))
    >>> [found[name][0].item() for name in ("bracket_nesting", "indent_nesting", "longest_line_characters")]
    [2, 1, 11]
    """
    lines = batch.lines
    counts = count_code_characters(batch.data, batch.offsets, tables().classes)
    commented, sizes = comment_lines(batch.data, lines.starts, lines.stops, lines.characters, lines.offsets)
    family = np.where(commented.any(axis=1), commented.argmax(axis=1), len(MARKS) - 1)
    size = np.append(sizes, np.zeros((len(batch), 1), np.int64), axis=1)[np.arange(len(batch)), family]
    written = per_document(lines.characters, lines.offsets)
    heads = [text[:HEAD] for text in _heads(batch)]
    is_html = np.array([any(mark in head.lower() for mark in HTML) for head in heads], bool)
    visible = visible_characters(batch.data, batch.offsets, is_html, HTML_MARKS)
    visible[visible < fewest_visible] = 0
    return {
        "mean_line_characters": share(written, np.diff(lines.offsets)),
        "longest_line_characters": _longest(lines.characters, lines.offsets),
        "alphabetic_share": share(counts[:, ALPHABETIC], batch.characters),
        "alphanumeric_share": share(counts[:, ALPHANUMERIC], batch.characters),
        "digit_share": share(counts[:, DIGITS], batch.characters),
        "characters_per_word": share(counts[:, SPACELESS], counts[:, WORDS]),
        "bracket_nesting": counts[:, BRACKETS].copy(),
        "indent_nesting": nest_indents(batch.data, lines.starts, lines.stops, lines.offsets),
        "comment_line_share": share(size, written),
        "comment_marks": pa.array(MARKS[family], pa.string()),
        "xml_marker": np.array([XML in head for head in heads], np.int64),
        "html_visible_share": np.where(is_html, share(visible, batch.characters), 1.0),
    }


def _heads(batch: TextBatch) -> list[str]:
    """Return the first characters of every text, decoded from as few bytes as hold them."""
    stops = np.minimum(batch.offsets[1:], batch.offsets[:-1] + 4 * HEAD)
    spans = zip(batch.offsets[:-1].tolist(), stops.tolist(), strict=True)
    return [batch.data[start:stop].tobytes().decode("utf-8", "ignore") for start, stop in spans]


def _longest(characters: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    longest = np.zeros(len(offsets) - 1, np.int64)
    filled = np.flatnonzero(np.diff(offsets))
    if len(filled):
        longest[filled] = np.maximum.reduceat(characters, offsets[filled])
    return longest
