"""Exact n-grams shared with evaluation items: what GPT-3, lm-evaluation-harness and datatrove look for.

The variants differ in what a word is (``_words``) and in how long an n-gram is, so they disagree on documents:
``datatrove`` (12 words; numbers are all alike, marks over letters do not count) decides as datatrove 0.10 does with its
defaults, and like it looks for answers alone unless ``question_ngrams`` is set: else an answer of a number or a letter
is found only together with the end of its question. Twelve numbers in a row are one n-gram to it, so calculations find
tables and code that share nothing else; ``max_overlap`` keeps those. ``janitor`` (13 words) decides as the Python code
of lm-evaluation-harness does. ``plain`` (13 words) takes the words that every other unit here takes, any script's.
Unlike them this says which item was found and how much of it. An item with fewer words than n cannot be found.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.recipe import Count
from tasks.decontaminate._handling import handling as handling
from tasks.decontaminate._index import build, find_pieces, gram_hashes
from tasks.decontaminate._items import read_files as read_files
from tasks.decontaminate._matches import joined
from tasks.decontaminate._words import NOTHING, Found, Variant, words_of
from tasks.text.batch import TextBatch

LENGTHS: dict[Variant, int] = {"plain": 13, "datatrove": 12, "janitor": 13}


def index(
    items: pa.Table, *, variant: Variant = "plain", n: Count | None = None, question_ngrams: bool | None = None
) -> dict[str, np.ndarray]:
    """Return the index of the items' n-grams: those of each answer, and those that span a question's end and its start.

    With ``question_ngrams`` (None: all variants but ``datatrove``) those of the question as well.
    """
    n = _length(variant, n)
    whole = variant != "datatrove" if question_ngrams is None else question_ngrams
    questions = words_of(_batch(items["question"]), variant)
    answers = words_of(_batch(items["answers"].combine_chunks().flatten()), variant)
    owners = pc.list_parent_indices(items["answers"].combine_chunks()).to_numpy().astype(np.int64)
    questions, answers = _without_nothing(questions), _without_nothing(answers)
    found = [_grams(answers, owners, n), _grams(_spanning(questions, answers, owners, n), owners, n)]
    if whole:
        found.append(_grams(questions, np.arange(len(items)), n))
    keys, holders = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return build(keys, holders, len(items))


def ngrams(
    batch: TextBatch, *, fitted: dict[str, np.ndarray], variant: Variant = "plain", n: Count | None = None
) -> pa.Table:
    """Return where documents share an n-gram of ``n`` words with an evaluation item (None: the variant's own length).

    The overlap is the share of the item's n-grams that occur in the document: 1.0 for a document that holds the item.

    Source: Brown et al. 2020, arXiv:2005.14165, appendix C; datatrove 0.10.1; lm-evaluation-harness.
    """
    n = _length(variant, n)
    words = words_of(batch, variant)
    keys, offsets = gram_hashes(words.hashes, words.offsets, n)
    places, rows = find_pieces(keys, fitted["gate"], fitted["keys"], fitted["rows"])
    document = np.searchsorted(offsets, places, side="right") - 1
    first = words.offsets[document] + places - offsets[document]
    return joined(document, rows, words.starts[first], words.stops[first + n - 1], fitted)


def _length(variant: Variant, n: int | None) -> int:
    return LENGTHS[variant] if n is None else n


def _batch(texts: pa.Array | pa.ChunkedArray) -> TextBatch:
    return TextBatch(texts.cast(pa.large_string()))


def _without_nothing(words: Found) -> Found:
    """Leave out the words of punctuation alone: in an item they are no words."""
    kept = np.flatnonzero(words.hashes != NOTHING)
    return Found(words.hashes[kept], words.starts[kept], words.stops[kept], np.searchsorted(kept, words.offsets))


def _grams(words: Found, owners: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    keys, offsets = gram_hashes(words.hashes, words.offsets, n)
    return keys, np.repeat(owners, np.diff(offsets))


def _spanning(questions: Found, answers: Found, owners: np.ndarray, n: int) -> Found:
    """Return for each answer the last n - 1 words of its question and its own first n - 1 words."""
    pieces = [np.zeros(0, np.uint64)]
    for answer, owner in enumerate(owners):
        first, end = questions.offsets[owner : owner + 2]
        begin, last = answers.offsets[answer : answer + 2]
        tail = questions.hashes[max(first, end - n + 1) : end]
        head = answers.hashes[begin : min(last, begin + n - 1)]
        pieces.append(np.concatenate([tail, head]))
    offsets = np.cumsum([0, *map(len, pieces[1:])])
    hashes = np.concatenate(pieces)
    return Found(hashes, hashes, hashes, offsets)
