"""What packers that fit share: pieces that fit a context, and a tree that finds the smallest room that suffices."""

import numpy as np
from numba import njit

from tasks.pack._segments import Integers


def pieces_of(tokens: Integers, context_length: int) -> tuple[Integers, Integers, Integers]:
    """Cut documents every ``context_length`` tokens; return each piece's row, start and stop."""
    counts = -(-tokens // context_length)
    row = np.repeat(np.arange(len(tokens)), counts)
    start = (np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)) * context_length
    return row, start, np.minimum(start + context_length, tokens[row])


@njit(nogil=True, cache=True)
def smallest_room(tree: Integers, leaves: int, length: int) -> int:
    """Return the smallest room that is at least ``length``, or 0 when no bin has one."""
    if tree[1] < length:
        return 0
    node = 1
    while node < leaves:
        node = 2 * node if tree[2 * node] >= length else 2 * node + 1
    return node - leaves


@njit(nogil=True, cache=True)
def set_room(tree: Integers, leaves: int, room: int, value: int) -> None:
    """Say that some bin has this room (``value`` is the room) or that none has (``value`` is 0)."""
    node = room + leaves
    tree[node] = value
    node //= 2
    while node >= 1:
        tree[node] = max(tree[2 * node], tree[2 * node + 1])
        node //= 2
