"""Packing without avoidable cuts: each piece goes where it leaves the least room."""

import numpy as np
import pyarrow as pa
from numba import njit

from schemas.recipe import Count, Whole
from tasks.pack._rooms import pieces_of, set_room, smallest_room
from tasks.pack._segments import Integers, segments_table, shuffled, token_counts


def best_fit(
    documents: pa.Table, *, context_length: Count = 2048, seed: int = 0, window: Whole | None = 16, shuffle: bool = True
) -> pa.Table:
    """Pack documents whole, each into the fullest context that still has room for it.

    ``documents`` has doc_id, copy and tokens, in order. Documents over ``context_length`` are cut into pieces of that
    length; nothing else is ever cut. Pieces are placed the longest first (of equal ones the first in order) within
    windows of ``window`` documents of the order, so that documents that the order put side by side meet in a context.
    Contexts left open by a window stay open for the next ones, so room is not lost at each window's end. ``window:
    null`` (or 0) takes the whole corpus at once, which is the published method: the least padding (about 0.002 %), but
    it undoes the order. With the default, log-normal lengths pad 0.1 % (8,192 tokens) to 0.4 % (2,048 tokens).

    Within a context documents keep their order; contexts are numbered by their first document, then shuffled by
    ``seed`` so that neighboring contexts are not alike.

    Returns the segments: context_id, position, doc_id, copy, start, stop (tokens). O(N log context_length).
    Raises UnitError for a document without tokens.

    Source: Ding et al. 2024, arXiv:2404.10830 (Optimized Best-Fit Decreasing); windows that share their open contexts:
    Gristmill.

    >>> table = pa.table({"doc_id": [7, 8, 9], "copy": [0, 0, 0], "tokens": [3, 4, 1]})
    >>> best_fit(table, context_length=4, shuffle=False).select(["context_id", "doc_id"]).to_pydict()
    {'context_id': [0, 0, 1], 'doc_id': [7, 9, 8]}
    """
    tokens = token_counts(documents)
    row, start, stop = pieces_of(tokens, context_length)
    span = max(window or len(tokens), 1)
    key = row // span * (context_length + 1) + (context_length - (stop - start))
    order = np.argsort(key, kind="stable")
    bins = np.empty(len(row), np.int64)
    bins[order], contexts = _place((stop - start)[order], context_length)
    context = _by_first_segment(bins, contexts)
    return segments_table(documents, row, start, stop, shuffled(context, contexts, seed) if shuffle else context)


def _by_first_segment(bins: Integers, contexts: int) -> Integers:
    """Renumber the contexts by the place of their first segment."""
    first = np.full(contexts, len(bins), np.int64)
    np.minimum.at(first, bins, np.arange(len(bins)))
    rank = np.empty(contexts, np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(contexts)
    return rank[bins]


@njit(nogil=True, cache=True)
def _place(lengths: Integers, capacity: int) -> tuple[Integers, int]:
    """Return the bin of each piece and the number of bins.

    Bins of equal room wait in a first-in, first-out list; ``tree`` is a segment tree over the rooms 1..capacity whose
    nodes hold the largest room below them that some bin has, so that the smallest room that suffices is found in
    log2(capacity) steps.
    """
    leaves = 1
    while leaves <= capacity:
        leaves *= 2
    tree = np.zeros(2 * leaves, np.int64)
    head = np.full(capacity + 1, -1, np.int64)
    tail = np.full(capacity + 1, -1, np.int64)
    following = np.full(len(lengths), -1, np.int64)
    bins = np.empty(len(lengths), np.int64)
    opened = 0
    for i in range(len(lengths)):
        length = lengths[i]
        room = smallest_room(tree, leaves, length)
        if room == 0:
            chosen, room = opened, capacity
            opened += 1
        else:
            chosen = head[room]
            head[room] = following[chosen]
            if head[room] < 0:
                set_room(tree, leaves, room, 0)
        bins[i] = chosen
        rest = room - length
        if rest == 0:
            continue
        following[chosen] = -1
        if head[rest] < 0:
            head[rest] = chosen
            set_room(tree, leaves, rest, rest)
        else:
            following[tail[rest]] = chosen
        tail[rest] = chosen
    return bins, opened
