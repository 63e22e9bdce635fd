"""Contexts in batches of like length, so that devices that pad to a batch's longest context wait for little.

Lengths are then not independent of each other within a batch, which the paper found no worse. The published code drops
the contexts beyond the last whole batch; here they are a batch of their own, the last one.
"""

import numpy as np
import pyarrow as pa

from schemas.recipe import Count
from tasks.pack._segments import shuffled
from tasks.transform._made import of_pieces
from tasks.transform._pieces import Integers, context_lengths, numbered, replaced

AFTER_PACK = None
REORDERS = True


def sorted_batches(contexts: pa.Table, *, seed: int, group_size: Count = 8) -> pa.Table:
    """Sort the contexts by length, cut them into groups of ``group_size``, and shuffle the groups by ``seed``.

    Contexts of equal length are in random groups; within a group the longest comes first. If the last group is smaller,
    it holds the shortest contexts and comes last, so that every batch of ``group_size`` is one group. No context is
    changed; without a pack step each is a document.

    Source: Bai et al. 2024, arXiv:2401.18058, section 3.2 (sorted batching).
    """
    contexts = of_pieces(contexts)
    size = context_lengths(contexts)
    count = len(size)
    order = np.lexsort([shuffled(np.arange(count), count, seed), -size])
    rank = np.empty(count, np.int64)
    rank[order] = np.arange(count)
    whole = count // group_size
    group = np.append(shuffled(np.arange(whole), whole, seed + 1), whole)[rank // group_size]
    place = group * group_size + rank % group_size
    return numbered(replaced(contexts, context_id=place[contexts["context_id"].to_numpy()]))


def figures(contexts: pa.Table, *, group_size: int) -> dict[str, float]:
    """Return how unlike the lengths in a batch are, and what that idles, of these contexts in batches.

    - length_variation: standard deviation of the lengths in a batch over their mean, mean over batches.
    - idle_share: 1 - mean / longest, mean over batches: the share of a padded batch that is padding.
    """
    size = context_lengths(contexts)
    if not len(size):
        return {}
    batch = np.arange(len(size)) // group_size
    held = np.bincount(batch)
    mean = np.bincount(batch, weights=size) / held
    spread = np.sqrt(np.bincount(batch, weights=(size - mean[batch]) ** 2) / held)
    return {
        "length_variation": float((spread / mean).mean()),
        "idle_share": float((1 - mean / _longest(batch, size)).mean()),
    }


def _longest(batch: Integers, size: Integers) -> Integers:
    found = np.zeros(int(batch[-1]) + 1, np.int64)
    np.maximum.at(found, batch, size)
    return found
