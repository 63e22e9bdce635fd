"""Whole paragraphs of evaluation items, found again word for word: what Dolma's decontamination looks for.

Dolma asks a Bloom filter, which at the scale of a corpus also finds what is not there; this asks a table of 64-bit
hashes of the paragraphs as written. A paragraph is what ``\\n`` separates. Short ones are everybody's ("Answer: B"),
so only those of ``min_words`` words are looked for, counted without what is symbols alone. It is by far the cheapest
(memory speed) and finds nothing that was reflowed, trimmed or changed by a letter.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.recipe import Count
from tasks.decontaminate._handling import handling as handling
from tasks.decontaminate._index import build, find_pieces
from tasks.decontaminate._items import read_files as read_files
from tasks.decontaminate._matches import joined
from tasks.text.batch import TextBatch
from tasks.text.segment import SYMBOLS


def index(items: pa.Table, *, min_words: Count = 13) -> dict[str, np.ndarray]:
    """Return the index of the paragraphs of questions and answers that have ``min_words`` words or more."""
    answers = items["answers"].combine_chunks()
    texts = pa.chunked_array([items["question"].combine_chunks(), answers.flatten()], pa.string())
    owners = np.concatenate([np.arange(len(items)), pc.list_parent_indices(answers).to_numpy().astype(np.int64)])
    batch = TextBatch(texts.combine_chunks().cast(pa.large_string()))
    lines, words = batch.lines, batch.words
    content = np.cumsum(np.append(0, (words.flags & SYMBOLS) == 0))
    counts = content[np.searchsorted(words.starts, lines.stops)] - content[np.searchsorted(words.starts, lines.starts)]
    long = counts >= min_words
    return build(lines.hashes[long], np.repeat(owners, np.diff(lines.offsets))[long], len(items))


def paragraphs(batch: TextBatch, *, fitted: dict[str, np.ndarray]) -> pa.Table:
    """Return the paragraphs of documents that are paragraphs of an evaluation item.

    The overlap is the share of the item's paragraphs (of those looked for) that occur in the document.

    Source: Soldaini et al. 2024, arXiv:2402.00159 (Dolma).
    """
    lines = batch.lines
    hashes = np.where(lines.hashes == 0, np.uint64(1), lines.hashes)
    places, rows = find_pieces(hashes, fitted["gate"], fitted["keys"], fitted["rows"])
    document = np.searchsorted(lines.offsets, places, side="right") - 1
    return joined(document, rows, lines.starts[places], lines.stops[places], fitted)
