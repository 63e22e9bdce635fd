"""Lines of nothing but symbols cut: rules drawn with hyphens, rows of asterisks, lone brackets.

Unlike a rule about line shares, this keeps the document. The symbols are those that common filters count as no word:
punctuation, sentence ends of every script and control characters. One pass over the first letters of each line.
"""

from tasks.edit._made import made
from tasks.text.batch import TextBatch
from tasks.text.classes import tables
from tasks.text.line_cuts import REASONS, cut_symbols, kinds
from tasks.text.spans import Spans


def symbol_lines(batch: TextBatch, *, replacement: str = "", line_feeds: bool = False) -> Spans:
    """Cut the lines of symbols and spaces; blank lines stay.

    ``replacement`` stands in for each run of such lines, on a line of its own. What is kept is not touched otherwise,
    unless ``line_feeds``: then every line ends with a line feed alone, and the last one with nothing, and the text is
    the one that datatrove's SymbolLinesFormatter gives.

    Source: datatrove, SymbolLinesFormatter, github.com/huggingface/datatrove.
    """
    rows = cut_symbols(batch.data, batch.offsets, tables().classes, kinds(), bool(replacement), line_feeds)
    return made(rows, ("", "\n", replacement), REASONS)
