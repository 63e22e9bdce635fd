"""Questions found in pieces: word 5-grams weighted by how few items share them, and the answer near the question.

An exact match of 12 or 13 words is lost by one changed word; this one tolerates changes and asks instead how much of
the question is there, rare phrases first. The algorithm is that of decon (Allen Institute for AI): probe a document
every ``stride`` n-grams, follow a hit both ways until ``misses`` n-grams in a row are not of the items hit, compare the
weight found with a limit that is 1 for a short question, and look for the answer around it. Differences: decon counts
tokens of a BPE vocabulary, this counts words of the text engine but those of symbols alone; the weight of an n-gram is
ln((N + 1) / df), which is never 0. Its rules for reading passages are left out.
"""

import numpy as np
import pyarrow as pa

from schemas.recipe import Count, Share, Whole
from tasks.decontaminate._answers import answer_arrays, answered
from tasks.decontaminate._clusters import find_clusters
from tasks.decontaminate._handling import handling as handling
from tasks.decontaminate._index import build, gram_hashes
from tasks.decontaminate._items import read_files as read_files
from tasks.decontaminate._matches import table as matched
from tasks.decontaminate._words import words_of
from tasks.text.batch import TextBatch

ARRAYS = ("gate", "keys", "rows", "offsets", "items", "weights")


def index(items: pa.Table, *, n: Count = 5, stride: Count = 10, distinct: Whole = 4) -> dict[str, np.ndarray]:
    """Return the index of the items' questions and answers.

    A question is looked for if it has ``stride + n - 1`` words or more, so that no probe can miss it, and ``distinct``
    different ones.
    """
    words = words_of(TextBatch(items["question"].combine_chunks().cast(pa.large_string())), "plain")
    counts = np.diff(words.offsets)
    owners = np.repeat(np.arange(len(items)), counts)
    pairs = np.unique(np.stack([owners.astype(np.uint64), words.hashes]), axis=1)
    different = np.bincount(pairs[0].astype(np.int64), minlength=len(items))
    sought = (counts >= stride + n - 1) & (different >= distinct)
    keys, offsets = gram_hashes(words.hashes, words.offsets, n)
    holders = np.repeat(np.arange(len(items)), np.diff(offsets))
    keys, holders = keys[sought[holders]], holders[sought[holders]]
    found = build(keys, holders, len(items), _rarity(keys, holders, int(sought.sum())))
    return found | {"lengths": counts.astype(np.int64)} | answer_arrays(items)


def weighted(
    batch: TextBatch,
    *,
    fitted: dict[str, np.ndarray],
    n: Count = 5,
    stride: Count = 10,
    misses: Whole = 11,
    limit: Share = 0.8,
    short: Whole = 20,
    long: Whole = 50,
    answer_limit: Share = 0.8,
    near: Whole = 50,
    window: Whole = 100,
) -> pa.Table:
    """Return where documents hold a question, as weighed by the rarity of its n-grams, with its answer near it.

    The overlap is the weight found in the weight of the question: 1 is asked of questions up to ``short`` words,
    ``limit`` from ``long`` words on, and in between what lies on the line. An answer up to 3 words must occur as it is
    within ``near`` words of the question; of a longer one ``answer_limit`` of its 3-grams, weighted alike, must occur
    within ``window`` words or twice its length. One of several answers is enough. An item without answers needs none.

    Source: decon, github.com/allenai/decon.
    """
    words = words_of(batch, "plain")
    keys, offsets = gram_hashes(words.hashes, words.offsets, n)
    gate, table, rows, postings, items, weights = (fitted[name] for name in ARRAYS)
    document, item, first, last, weight = find_clusters(
        keys, offsets, gate, table, rows, postings, items, weights, len(fitted["totals"]), stride, misses
    )
    overlap = np.minimum(weight / fitted["totals"][item], 1.0)
    enough = overlap >= _limits(fitted["lengths"][item], limit, short, long)
    document, item, first, last, overlap = (a[enough] for a in (document, item, first, last, overlap))
    start = words.offsets[document] + first - offsets[document]
    stop = words.offsets[document] + last - offsets[document] + n
    near_by = answered(words, document, item, start, stop, fitted, answer_limit, near, window)
    document, item, start, stop, overlap = (a[near_by] for a in (document, item, start, stop, overlap))
    return matched(document, item, words.starts[start], words.stops[stop - 1], overlap)


def _rarity(keys: np.ndarray, holders: np.ndarray, count: int) -> np.ndarray:
    """Return ln((count + 1) / df) of each key, df being the number of different holders that have it: float64."""
    pairs = np.unique(np.stack([keys, holders.astype(np.uint64)]), axis=1)
    distinct, frequency = np.unique(pairs[0], return_counts=True)
    return np.log((count + 1) / frequency[np.searchsorted(distinct, keys)]) if len(keys) else np.zeros(0)


def _limits(lengths: np.ndarray, limit: float, short: int, long: int) -> np.ndarray:
    """Return the overlap that is asked of questions of these ``lengths`` in words.

    >>> _limits(np.array([5, 20, 35, 50, 90]), 0.8, 20, 50).tolist()
    [1.0, 1.0, 0.9, 0.8, 0.8]
    """
    share = np.clip((lengths - short) / max(long - short, 1), 0.0, 1.0)
    return 1.0 - share * (1.0 - limit)
