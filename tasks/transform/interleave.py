"""Chunk interleaving: documents read by turns, a chunk of each, so that each must be picked up over the others.

Nothing is dropped, unlike in OLMo-core, which first cuts each document to its share of a context. No markers, no mask.
"""

from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numba import njit

from schemas.recipe import Count, Share
from tasks.draw import noise
from tasks.transform._made import drawn, keys, of_pieces, rejoined, repositioned, subset
from tasks.transform._pieces import Integers, context_lengths, cut, owners

AFTER_PACK = False
ATTENTION = "context"


def interleave(
    contexts: pa.Table,
    *,
    seed: int,
    documents_each: Count = 4,
    chunks: Count = 2,
    cuts: Literal["random", "even"] = "random",
    probability: Share = 1.0,
    context_length: Count | None = None,
) -> pa.Table:
    """Take documents by groups and a chunk of each in turn: D1.1 D2.1 ... D1.2 D2.2 ... (chunk-interleaving).

    Groups are ``documents_each`` documents one after another in the order, each cut into ``chunks`` (or as many as it
    has tokens) at random places or into ``even`` parts; where some have fewer chunks, later rounds skip them. A group
    becomes one item for the packer. With ``context_length`` a group holds no more tokens than that, so that a packer
    need not cut it; documents that alone have more stay as they are, and so do those not drawn with ``probability``.

    Pack with ``attention: context``: chunks of a document stand apart, and must see each other.

    Source: Zhao et al. 2024, arXiv:2406.00605; Tian et al. 2024, arXiv:2409.04774, section 4.3 (as CIP-2).
    """
    contexts = of_pieces(contexts)
    if not contexts.num_rows:
        return contexts
    size = context_lengths(contexts)
    group = _grouped(size, drawn(contexts, probability, seed), documents_each, context_length or int(size.sum()))
    alone = np.bincount(group)[group] == 1
    count = np.where(alone, 1, np.minimum(chunks, size))
    item = np.repeat(np.arange(len(size)), count)
    turn = np.arange(len(item)) - np.repeat(np.cumsum(count) - count, count)
    start, stop = _cuts(size, count, noise(keys(contexts), seed + 1), cuts == "even")
    place = turn * np.int64(len(size)) + item
    order = np.lexsort([place, group[item]])
    return repositioned(
        cut(contexts, item[order], start[order], stop[order], group[item][order], np.arange(len(order)))
    )


def undo(contexts: pa.Table) -> pa.Table:
    """Give each document an item of its own again, with its chunks put together."""
    if not contexts.num_rows:
        return contexts
    place = np.arange(contexts.num_rows)
    owner, context = owners(contexts), contexts["context_id"].to_numpy()
    order = np.lexsort([place, owner, context])
    new = np.append(True, (np.diff(owner[order]) != 0) | (np.diff(context[order]) != 0))
    item = np.empty(len(owner), np.int64)
    item[order] = place[order][np.flatnonzero(new)][np.cumsum(new) - 1]
    return rejoined(contexts, item)


@njit(nogil=True, cache=True)
def _grouped(size: Any, drawn: Any, most: int, room: int) -> Any:
    """Number the groups: at most ``most`` documents one after another, with at most ``room`` tokens.

    Documents that stay alone do not close a group, which takes its place from its first document.
    """
    group = np.empty(len(size), np.int64)
    number, members, tokens, opened = -1, 0, 0, -1
    for i in range(len(size)):
        if not drawn[i] or size[i] > room:
            number += 1
            group[i] = number
            continue
        if opened < 0 or members == most or tokens + size[i] > room:
            number += 1
            opened, members, tokens = number, 0, 0
        group[i] = opened
        members += 1
        tokens += size[i]
    return group


@njit(nogil=True, cache=True)
def _cuts(size: Any, count: Any, key: Any, even: bool) -> tuple[Integers, Integers]:
    start, stop = np.empty(count.sum(), np.int64), np.empty(count.sum(), np.int64)
    at = 0
    for i in range(len(size)):
        _, cuts = subset(key[i], count[i] - 1, size[i] - 1)
        left = 0
        for j in range(count[i]):
            right = size[i]
            if j < count[i] - 1:
                right = (j + 1) * size[i] // count[i] if even else cuts[j] + 1
            start[at], stop[at] = left, right
            left = right
            at += 1
    return start, stop
