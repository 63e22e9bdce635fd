"""Position ids spread over a window that is longer than the contexts, so that a short text shows far positions.

The published code cuts at sentence ends, which it knows by five token ids; a table of pieces knows where tokens lie,
not which they are, so cuts are at every so many tokens and where pieces end. Tokens stay as they are, in their order.
"""

from typing import Any

import numpy as np
import pyarrow as pa
from numba import njit

from schemas.errors import UnitError
from schemas.recipe import Count, Share
from tasks.draw import noise
from tasks.transform._made import drawn, keys, merged, of_pieces, repositioned, subset
from tasks.transform._pieces import Integers, context_lengths, lengths, numbered, parts, replaced

AFTER_PACK = True
FOLLOWED_BY = ("loss_weights", "sorted_batches")


def spread_positions(
    contexts: pa.Table, *, seed: int, window: Count = 81_920, every: Count = 128, probability: Share = 1.0
) -> pa.Table:
    """Leave gaps between the position ids of stretches of a context, up to ``window`` positions (LongRecipe).

    Stretches are ``every`` tokens long at most; inside one, position ids count up, and between two there is a gap, all
    ways to place the gaps alike likely. What is seen as a unit gets its part of the window: a whole context under
    ``attention: context``, else each document the part that it has of the context's tokens. Contexts are drawn with
    ``probability``.

    Raises UnitError for a context longer than ``window``.

    Source: Hu et al. 2024, arXiv:2409.00509 (24,000 tokens over 80,000 positions).
    """
    contexts = of_pieces(contexts)
    if not contexts.num_rows:
        return contexts
    total = context_lengths(contexts)
    if total.max() > window:
        raise UnitError(f"spread_positions: a context of {total.max()} tokens does not fit a window of {window}")
    chosen = drawn(contexts, probability, seed)[contexts["context_id"].to_numpy()]
    row, first, last = _stretches(lengths(contexts), np.where(chosen, every, lengths(contexts)))
    made = parts(contexts, row, first, last)
    made = numbered(replaced(made, position=np.arange(len(row))))
    context, attention = made["context_id"].to_numpy(), made["attention"].to_numpy()
    heads = np.flatnonzero(np.append(True, (np.diff(context) != 0) | (np.diff(attention) != 0)))
    size = lengths(made)
    mine = np.add.reduceat(size, heads)
    room = np.maximum(mine, window * mine // total[context[heads]])
    turn = np.arange(len(heads)) - np.searchsorted(context[heads], context[heads])
    key = noise(keys(contexts)[context[heads]] ^ noise(turn.astype(np.uint64), 0), seed + 1)
    found = _placed(np.append(heads, len(size)), size, room, key)
    return replaced(made, position_offset=np.where(chosen[row], found, made["position_offset"].to_numpy()))


def undo(contexts: pa.Table) -> pa.Table:
    """Let position ids count up again, and put the stretches together."""
    return repositioned(numbered(merged(contexts)))


def _stretches(size: Integers, every: Integers) -> tuple[Integers, Integers, Integers]:
    count = -(-size // every)
    row = np.repeat(np.arange(len(size)), count)
    first = (np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)) * every[row]
    return row, first, np.minimum(first + every[row], size[row])


@njit(nogil=True, cache=True)
def _placed(bounds: Any, size: Any, room: Any, key: Any) -> Integers:
    """Return the first position of each stretch: its place among the slots, and the tokens before it."""
    found = np.empty(len(size), np.int64)
    for group in range(len(room)):
        begin, end = bounds[group], bounds[group + 1]
        used = size[begin:end].sum()
        _, slots = subset(key[group], end - begin, room[group] - used + end - begin)
        before = 0
        for i in range(begin, end):
            found[i] = slots[i - begin] + before
            before += size[i] - 1
    return found
