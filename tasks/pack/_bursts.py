"""Bursts of rare classes: how many there can be, which documents they get, and where all others go."""

import numpy as np
import pyarrow as pa
from numba import njit

from schemas.errors import UnitError, unknown
from tasks.pack._rooms import set_room, smallest_room
from tasks.pack._segments import Integers

ROUNDS = 5
CLOSE = 0.002
TRIES = 64


def labels(documents: pa.Table, by: str) -> Integers:
    """Return the class of each document as a number, in the order of the values."""
    if by not in documents.column_names:
        raise UnitError(unknown("column", by, documents.column_names))
    found = np.unique(documents[by].to_numpy(zero_copy_only=False).astype(str), return_inverse=True)[1]
    return found.astype(np.int64)


def most(fit: Integers, shots: int, ways: int) -> int:
    """Return how many bursts there can be, given how many short documents each rare class has.

    A class gives a burst one group of ``shots``: b bursts are possible if sum(min(groups, b)) >= ways x b.
    """
    groups = fit // shots
    low, high = 0, int(groups.sum()) // ways
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if np.minimum(groups, middle).sum() >= ways * middle else (low, middle - 1)
    return low


def packed(
    size: Integers, label: Integers, seldom: Integers, drawn: Integers, room: int, share: float, shots: int, ways: int
) -> tuple[Integers, int]:
    """Pack for so many bursts that they make up ``share`` of the contexts that it comes to."""
    contexts = -(-int(size.sum()) // room)
    by_length = np.lexsort((drawn, -size, ~seldom[label]))
    queue = np.lexsort((drawn, label))
    queue = queue[seldom[label[queue]] & (size[queue] <= room // (shots * ways))] if len(queue) else queue
    fit = np.bincount(label[queue], minlength=len(seldom))
    for _ in range(ROUNDS):
        wanted = min(round(share * contexts), most(fit, shots, ways))
        bins = np.full(len(size), -1, np.int64)
        _kernels(queue, label[queue], drawn, bins, len(seldom), wanted, shots, ways)
        contexts = _filled(size, label, seldom, by_length, bins, wanted, room, shots)
        if abs(wanted - min(round(share * contexts), most(fit, shots, ways))) <= CLOSE * contexts:
            break
    return bins, contexts


@njit(nogil=True, cache=True)
def _kernels(
    queue: Integers, label: Integers, drawn: Integers, bins: Integers, classes: int, wanted: int, shots: int, ways: int
) -> None:
    """Give each of ``wanted`` bursts its documents; ``queue`` is sorted by class, ``label`` has its classes.

    A class is drawn in proportion to its documents left. Where nothing is to spare, one that is needed in every burst
    to come is taken first; so no burst is missed if there can be ``wanted``.
    """
    head, left = np.zeros(classes, np.int64), np.zeros(classes, np.int64)
    for i in range(len(queue)):
        left[label[i]] += 1
    for c in range(1, classes):
        head[c] = head[c - 1] + left[c - 1]
    turn = 0
    for burst in range(wanted):
        due = wanted - burst
        spare, needed = -ways * due, 0
        for c in range(classes):
            spare += min(left[c] // shots, due)
            needed += left[c] // shots >= due
        for _ in range(ways):
            ticket = drawn[turn % len(drawn)]
            turn += 1
            pick = _pick(left, label, queue, bins, head, burst, shots, due if spare < needed else -1, ticket)
            for i in range(shots):
                bins[queue[head[pick] + i]] = burst
            head[pick] += shots
            left[pick] -= shots


@njit(nogil=True, cache=True)
def _pick(
    left: Integers, label: Integers, queue: Integers, bins: Integers, head: Integers, burst: int, shots: int, due: int,
    ticket: int,
) -> int:  # fmt: skip
    """Return a class that is not in the burst yet: the largest one needed in all ``due`` bursts, or one drawn."""
    total, largest = 0, -1
    for c in range(len(left)):
        if left[c] < shots or (head[c] > 0 and label[head[c] - 1] == c and bins[queue[head[c] - 1]] == burst):
            continue
        total += left[c]
        if due > 0 and left[c] // shots >= due and (largest < 0 or left[c] > left[largest]):
            largest = c
    if largest >= 0:
        return largest
    ticket %= total
    for c in range(len(left)):
        if left[c] < shots or (head[c] > 0 and label[head[c] - 1] == c and bins[queue[head[c] - 1]] == burst):
            continue
        ticket -= left[c]
        if ticket < 0:
            return c
    return -1


@njit(nogil=True, cache=True)
def _filled(
    size: Integers,
    label: Integers,
    seldom: Integers,
    order: Integers,
    bins: Integers,
    opened: int,
    capacity: int,
    shots: int,
) -> int:
    """Put each piece without a bin where it fits best and makes no burst; return the number of bins."""
    leaves = 1
    while leaves <= capacity:
        leaves *= 2
    tree = np.zeros(2 * leaves, np.int64)
    head, tail = np.full(capacity + 1, -1, np.int64), np.full(capacity + 1, -1, np.int64)
    following = np.full(len(size), -1, np.int64)  # of a bin: the next one with as much room
    newest, before = np.full(len(size), -1, np.int64), np.full(len(size), -1, np.int64)  # pieces of a bin, as a list
    room = np.full(opened, capacity, np.int64)
    for i in range(len(size)):
        if bins[i] >= 0:
            before[i], newest[bins[i]] = newest[bins[i]], i
            room[bins[i]] -= size[i]
    for b in range(opened):
        _wait(tree, leaves, head, tail, following, b, room[b])
    for i in order:
        if bins[i] >= 0:
            continue
        chosen, had = _found(tree, leaves, head, tail, following, newest, before, label, seldom, i, size[i], shots)
        if chosen < 0:
            chosen, had = opened, capacity
            opened += 1
        bins[i] = chosen
        before[i], newest[chosen] = newest[chosen], i
        _wait(tree, leaves, head, tail, following, chosen, had - size[i])
    return opened


@njit(nogil=True, cache=True)
def _wait(
    tree: Integers, leaves: int, head: Integers, tail: Integers, following: Integers, chosen: int, rest: int
) -> None:
    """Append a bin to those with ``rest`` room."""
    if rest == 0:
        return
    following[chosen] = -1
    if head[rest] < 0:
        head[rest] = chosen
        set_room(tree, leaves, rest, rest)
    else:
        following[tail[rest]] = chosen
    tail[rest] = chosen


@njit(nogil=True, cache=True)
def _found(
    tree: Integers, leaves: int, head: Integers, tail: Integers, following: Integers, newest: Integers,
    before: Integers, label: Integers, seldom: Integers, piece: int, length: int, shots: int,
) -> tuple[int, int]:  # fmt: skip
    """Take the bin with the least room that suffices and that the piece makes no burst in; -1 if none is near."""
    tries, wanted = 0, length
    while tries < TRIES:
        room = smallest_room(tree, leaves, wanted)
        if room == 0:
            break
        last, at = -1, head[room]
        while at >= 0 and tries < TRIES:
            if not seldom[label[piece]] or _held(newest, before, label, at, label[piece]) + 1 != shots:
                if last < 0:
                    head[room] = following[at]
                else:
                    following[last] = following[at]
                if following[at] < 0:
                    tail[room] = last
                if head[room] < 0:
                    set_room(tree, leaves, room, 0)
                return at, room
            tries += 1
            last, at = at, following[at]
        wanted = room + 1
    return -1, 0


@njit(nogil=True, cache=True)
def _held(newest: Integers, before: Integers, label: Integers, chosen: int, wanted: int) -> int:
    """Count the pieces of a class in a bin."""
    count, at = 0, newest[chosen]
    while at >= 0:
        count += label[at] == wanted
        at = before[at]
    return count
