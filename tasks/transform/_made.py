"""What transforms share: draws that belong to contexts, inserted pieces, pieces put together again."""

from collections.abc import Callable, Collection
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit
from numpy.typing import NDArray

from tasks.draw import noise, uniform
from tasks.transform._pieces import (
    PIECES,
    Integers,
    _groups,
    context_lengths,
    firsts,
    is_inserted,
    lengths,
    numbered,
    owners,
    parts,
    replaced,
)

Encode = Callable[[list[str]], list[np.ndarray]]


def of_pieces(contexts: pa.Table) -> pa.Table:
    """Return contexts in one chunk and with the names and types of PIECES, wherever they come from."""
    if contexts.schema.equals(PIECES) and all(column.num_chunks == 1 for column in contexts.columns):
        return contexts
    return pa.Table.from_arrays([contexts[name].combine_chunks() for name in PIECES.names], schema=PIECES)


def keys(table: pa.Table) -> NDArray[np.uint64]:
    """Return a number per context to draw by: it depends on what the context holds, not on its place."""
    if not table.num_rows:
        return np.zeros(0, np.uint64)
    with np.errstate(over="ignore"):
        found = pc.fill_null(table["doc_id"], 0).to_numpy().astype(np.uint64)
        for turn, name in enumerate(("copy", "start", "stop")):
            values = pc.fill_null(table[name], 0).to_numpy().astype(np.int64).view(np.uint64)
            found = noise(found ^ noise(values, turn), turn + 7)
        found = noise(found ^ lengths(table).view(np.uint64), 11)
        return np.asarray(np.add.reduceat(found, firsts(table)[:-1]))


def drawn(table: pa.Table, probability: float, seed: int) -> NDArray[np.bool_]:
    """Return which contexts are drawn, each with this probability."""
    return np.asarray(uniform(keys(table), seed) < probability)


def in_document(table: pa.Table) -> Integers:
    """Return a number per piece, counting up, that changes where another document or context begins."""
    return _groups(table["context_id"].to_numpy(), owners(table), is_inserted(table))


def ends_document(table: pa.Table, documents: pa.Table) -> NDArray[np.bool_]:
    """Return which pieces hold the last token of their document, its end-of-text token."""
    ids, tokens = documents["doc_id"].to_numpy(), documents["tokens"].to_numpy()
    order = np.argsort(ids, kind="stable")
    if not len(ids):
        return np.zeros(table.num_rows, bool)
    mine = pc.fill_null(table["doc_id"], 0).to_numpy()
    at = order[np.minimum(np.searchsorted(ids, mine, sorter=order), len(ids) - 1)]
    whole = (ids[at] == mine) & (table["stop"].to_numpy() == tokens[at]) & table["doc_id"].is_valid().to_numpy()
    return np.asarray(whole & ~is_inserted(table))


def flat(lists: Collection[Any]) -> tuple[Integers, Integers]:
    """Return token lists as one array of int32 and int64 offsets.

    >>> flat([[7, 8], [9]])[1].tolist()
    [0, 2, 3]
    """
    sizes = np.fromiter((len(ids) for ids in lists), np.int64, len(lists))
    joint = np.concatenate([np.zeros(0, np.int32), *lists]).astype(np.int32)
    return joint, np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def enclosed(ids: Integers, offsets: Integers, before: int | None, after: Any) -> tuple[Integers, Integers]:
    """Return token lists with the token ``before`` (unless None) and ``after``, one or one per list, around each."""
    count = len(offsets) - 1
    after = np.broadcast_to(np.asarray(after, np.int32), (count,))
    if before is None:
        return np.insert(ids, offsets[1:], after), offsets + np.arange(count + 1)
    places = np.stack([offsets[:-1], offsets[1:]], axis=1).reshape(-1)
    values = np.stack([np.full(count, before, np.int32), after], axis=1).reshape(-1)
    return np.insert(ids, places, values), offsets + 2 * np.arange(count + 1)


def inserts(like: pa.Table, row: Integers, ids: Integers, offsets: Integers, **columns: Any) -> pa.Table:
    """Return inserted pieces, each with what the piece in its ``row`` of ``like`` has but for these columns.

    The ``i``-th holds ``ids[offsets[i]:offsets[i + 1]]`` and stands before that piece's start.
    """
    taken = like.take(pa.array(row))
    made = {name: pa.repeat(pa.scalar(v), len(row)) if np.isscalar(v) else v for name, v in columns.items()}
    lists = pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), pa.array(ids.astype(np.int32)))
    return replaced(taken, **({"stop": taken["start"], "inserted": lists} | made))


def alike(ids: Any, count: int) -> tuple[Integers, Integers]:
    """Return one token list ``count`` times."""
    ids = np.asarray(ids, np.int32)
    return np.tile(ids, count), np.arange(count + 1, dtype=np.int64) * len(ids)


def joined(*made: tuple[pa.Table, Integers, Integers]) -> pa.Table:
    """Return pieces of several tables as contexts: (table, context of each piece, its rank in the context)."""
    table = pa.concat_tables([of_pieces(table) for table, _, _ in made])
    context = np.concatenate([context for _, context, _ in made])
    order = np.lexsort([np.concatenate([rank for _, _, rank in made]), context])
    table = table.combine_chunks().take(pa.array(order))
    return repositioned(numbered(replaced(table, context_id=context[order], position=np.arange(len(order)))))


def repositioned(table: pa.Table) -> pa.Table:
    """Let position ids count up from 0 over pieces of a context that see each other."""
    size = lengths(table)
    if not len(size):
        return table
    begins = np.cumsum(size) - size
    context, attention = table["context_id"].to_numpy(), table["attention"].to_numpy()
    head = np.append(True, (np.diff(context) != 0) | (np.diff(attention) != 0))
    return replaced(table, position_offset=begins - begins[np.flatnonzero(head)][np.cumsum(head) - 1])


def truncated(table: pa.Table, context_length: int) -> pa.Table:
    """Leave out what is beyond the first ``context_length`` tokens of each context."""
    size = lengths(table)
    begins = np.cumsum(size) - size
    left = begins - begins[firsts(table)[:-1]][table["context_id"].to_numpy()] if len(size) else size
    last = np.clip(context_length - left, 0, size)
    rows = np.flatnonzero(last > 0)
    if (last == size).all():
        return table
    return numbered(parts(table, rows, np.zeros(len(rows), np.int64), last[rows]))


def limit_of(table: pa.Table, context_length: int | None) -> int:
    """Return the length to keep contexts to: as given, else that of the longest."""
    return context_length or int(context_lengths(table).max(initial=0))


def without(table: pa.Table, *roles: str) -> pa.Table:
    """Return the pieces of other roles."""
    return table.filter(pc.invert(pc.is_in(table["role"], pa.array(roles))))


def first_masked(table: pa.Table, rows: Integers) -> pa.Table:
    """Take the first token of the pieces in these rows out of the loss."""
    size = lengths(table)
    chosen = np.zeros(len(size), bool)
    chosen[rows] = True
    count = np.where(chosen & (size > 1), 2, 1)
    row = np.repeat(np.arange(len(size)), count)
    second = np.append(False, np.diff(row) == 0) if len(row) else np.zeros(0, bool)
    head = chosen[row] & ~second
    first = np.where(second, 1, 0)
    last = np.where(head, 1, size[row])
    split = parts(table, row, first, last)
    return numbered(
        replaced(
            split,
            position=np.arange(len(row)),
            loss_weight=np.where(head, 0.0, split["loss_weight"].to_numpy()),
        )
    )


def rejoined(table: pa.Table, context: Integers | None = None) -> pa.Table:
    """Put each document's pieces of a context in their order, and those that touch together.

    Documents stand in the order of their first pieces. ``context``: of each piece, if not its own.
    """
    if not table.num_rows:
        return table
    context = table["context_id"].to_numpy() if context is None else context
    owner, inserted = owners(table), is_inserted(table)
    place = np.arange(len(owner))
    order = np.lexsort([place, owner, context])
    new = np.append(True, (np.diff(owner[order]) != 0) | (np.diff(context[order]) != 0) | (owner[order][1:] < 0))
    first = np.empty(len(owner), np.int64)
    first[order] = place[order][np.flatnonzero(new)][np.cumsum(new) - 1]
    within = np.where(inserted, table["position_offset"].to_numpy(), 0)
    order = np.lexsort([place, within, ~inserted, table["start"].to_numpy(), first, context])
    table = replaced(table.take(pa.array(order)), context_id=context[order], position=place)
    return repositioned(numbered(merged(table)))


def merged(table: pa.Table) -> pa.Table:
    """Make one piece of those side by side that go on with the same and differ in nothing else."""
    if not table.num_rows:
        return table
    owner, inserted = owners(table), is_inserted(table)
    same = (np.diff(owner) == 0) & (inserted[1:] == inserted[:-1])
    start, stop = table["start"].to_numpy(), table["stop"].to_numpy()
    same &= start[1:] == stop[:-1]
    for name in ("context_id", "loss_weight", "attention", "causal"):
        values = table[name].to_numpy()
        same &= values[1:] == values[:-1]
    role = table["role"].combine_chunks().dictionary_encode().indices.to_numpy()
    head = np.flatnonzero(np.append(True, ~(same & (np.diff(role) == 0))))
    tail = np.append(head[1:], len(start)) - 1
    lists = table["inserted"].combine_chunks()
    size = np.where(inserted, lengths(table), 0)
    ends = np.concatenate([[0], np.cumsum(np.add.reduceat(size, head))]).astype(np.int32)
    values = lists.flatten().cast(pa.int32())
    merged = pa.ListArray.from_arrays(pa.array(ends), values, mask=pa.array(~inserted[head]))
    return replaced(table.take(pa.array(head)), stop=stop[tail], inserted=merged)


def unmasked(table: pa.Table, rows: Integers) -> pa.Table:
    """Give pieces in these rows the weight of the text right after them, else of their document, else 1."""
    weight, owner, text = table["loss_weight"].to_numpy().copy(), owners(table), ~is_inserted(table)
    start, stop = table["start"].to_numpy(), table["stop"].to_numpy()
    others = np.ones(len(weight), bool)
    others[rows] = False
    for row in rows.tolist():
        near = slice(row + 1, row + 2)
        found = weight[near][text[near] & (owner[near] == owner[row]) & (start[near] == stop[row])]
        if not len(found):
            found = weight[others & text & (owner == owner[row]) & (weight > 0)]
        weight[row] = found[0] if len(found) else 1.0
    return replaced(table, loss_weight=weight)


@njit(nogil=True, cache=True)
def advance(state: Any) -> Any:
    """Return the next state of a generator and a number drawn from it (splitmix64, Steele et al. 2014)."""
    state += np.uint64(0x9E3779B97F4A7C15)
    mixed = state
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state, mixed ^ (mixed >> np.uint64(31))


@njit(nogil=True, cache=True)
def below(mixed: Any, limit: int) -> int:
    """Return a whole number from 0 and below ``limit`` from a drawn one."""
    return int(np.float64(mixed >> np.uint64(11)) * 2.0**-53 * limit)


@njit(nogil=True, cache=True)
def subset(state: Any, count: int, limit: int) -> Any:
    """Return the state and ``count`` distinct numbers below ``limit``, ascending, all such sets alike likely."""
    found = np.empty(count, np.int64)
    if count * 8 >= limit:
        at = 0
        for i in range(limit):
            state, mixed = advance(state)
            if below(mixed, limit - i) < count - at:
                found[at] = i
                at += 1
        return state, found
    filled = 0
    while filled < count:
        for i in range(filled, count):
            state, mixed = advance(state)
            found[i] = below(mixed, limit)
        found.sort()
        filled = min(1, count)
        for i in range(1, count):
            if found[i] != found[filled - 1]:
                found[filled] = found[i]
                filled += 1
    return state, found


def distinct(context: Integers, key: NDArray[np.uint64], choices: int) -> NDArray[np.uint64]:
    """Return a number below ``choices`` per row that no other row of its context has; contexts are ascending."""
    place = (np.arange(len(context)) - np.searchsorted(context, context)).astype(np.uint64)
    found = noise(noise(place, 5) ^ key[context], 9) % np.uint64(choices)
    while True:
        order = np.lexsort([found, context])
        again = np.append(False, (np.diff(context[order]) == 0) & (np.diff(found[order]) == 0))[: len(order)]
        if not again.any():
            return np.asarray(found)
        rows = order[again]
        found[rows] = noise(found[rows] ^ noise(place[rows], 13), 17) % np.uint64(choices)


def spliced(contexts: pa.Table, added: pa.Table, seed: int) -> pa.Table:
    """Put more contexts at random places among those that are there, each kind in its own order."""
    mine, others = context_lengths(contexts).size, context_lengths(added).size
    drawn = uniform(np.arange(others, dtype=np.uint64), seed)
    place = np.sort((drawn * (mine + 1)).astype(np.int64)) + np.arange(others)
    free = np.ones(mine + others, bool)
    free[place] = False
    moved = np.flatnonzero(free)[contexts["context_id"].to_numpy()]
    tables = [replaced(contexts, context_id=moved), replaced(added, context_id=place[added["context_id"].to_numpy()])]
    return numbered(pa.concat_tables([of_pieces(table) for table in tables]))


def without_contexts(contexts: pa.Table, role: str) -> pa.Table:
    """Return the contexts that hold no piece of this role."""
    if not contexts.num_rows:
        return contexts
    context = contexts["context_id"].to_numpy()
    holds = np.bincount(context, weights=pc.equal(contexts["role"], role).to_numpy()) > 0
    return numbered(contexts.filter(pa.array(~holds[context])))
