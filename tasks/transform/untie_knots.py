"""Untie the Knots: documents of a context cut into chunks and shuffled, so that what belongs together is far apart.

Unlike the published code: draws belong to what a context holds (its place among the others does not matter), cut points
are random as in the paper, ids within a context are never the same, and the list of ids stands before the document's
end-of-text token and not after it. About 0.6 ms per context of 8,192 tokens and 11 documents, most of it for its marks.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numba import njit

from schemas.errors import RecipeError
from schemas.recipe import Count, From0, Share, Whole
from tasks.draw import noise
from tasks.transform._made import (
    Encode,
    advance,
    alike,
    below,
    distinct,
    drawn,
    enclosed,
    ends_document,
    first_masked,
    flat,
    in_document,
    inserts,
    joined,
    keys,
    limit_of,
    of_pieces,
    rejoined,
    subset,
    truncated,
    unmasked,
    without,
)
from tasks.transform._pieces import Integers, is_inserted, lengths, numbered, overlaps, parts, replaced

AFTER_PACK = True
ATTENTION = "context"
DROPS = True
NEEDS = ("tokens",)
KNOT, TRACE = "knot", "trace"
LETTERS = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", np.uint8)
ID_LENGTH = 6
# Ranks of what a chunk has around its tokens, in this order: the last token is apart where a list goes before it.
OPENING, HEAD, BODY, TAIL, LISTED, LISTED_IDS, END, RANKS = range(8)


def check(*, chunks: tuple[float, ...]) -> None:
    """Refuse odds of which none is above 0, or whose sum is no number."""
    if not 0 < sum(chunks) < float("inf"):
        raise RecipeError(f"untie_knots: chunks are odds of 1, 2, ... chunks, not all 0, got {list(chunks)}")


def untie_knots(
    contexts: pa.Table,
    *,
    seed: int,
    documents: pa.Table,
    encode: Encode,
    vocabulary: int,
    probability: Share = 0.8,
    chunks: tuple[From0, ...] = (0.0, 1.0, 1.0),
    keep_order: bool = True,
    backtrace: bool = True,
    context_length: Count | None = None,
    first_marker: Whole | None = None,
) -> pa.Table:
    """Cut documents of packed contexts into chunks, shuffle the chunks, and mark where each goes on (Untie the Knots).

    A context is drawn with ``probability``; each of its documents is cut at random places into 1, 2, ... chunks with
    the odds ``chunks`` (not at all if it has fewer tokens than that). The chunks of a context are shuffled; with
    ``keep_order`` those of a document keep their order. The last chunk of the last document stays last. A cut leaves a
    tail knot behind and puts a head knot before what follows. With ``backtrace`` each chunk of a cut document begins
    with <D> id </D>, and its last one in the context is followed by <S> id <s> id ... </S>, the ids in the document's
    order; before the end-of-text token if it ends there.

    No loss on knots, on <D> id </D>, on <S>, and on any token right after a tail knot, a head knot, </D> or </S>; the
    listed ids, <s> and </S> are learnt. Drawn contexts are seen as a whole, whatever the pack step says. Documents'
    order in a context cannot be told afterwards. What earlier transforms put into a document counts as part of it: a
    cut may fall inside a metadata prefix.

    Text is dropped: drawn contexts are cut to ``context_length`` tokens (by default that of the longest context), and
    markers push as many off their ends as they take up room. Pack to a little less than that to drop none.

    Markers are tail and head knots of the first cut, of the second, ..., then <D>, </D>, <S>, <s>, </S>: ids from
    ``first_marker`` on, by default ``vocabulary``.

    Source: Tian et al. 2024, arXiv:2409.04774.
    """
    odds = np.cumsum(chunks) / np.sum(chunks)
    contexts = of_pieces(contexts)
    chosen = drawn(contexts, probability, seed)
    if not chosen.any():
        return contexts
    mine = chosen[contexts["context_id"].to_numpy()]
    table = numbered(contexts.filter(pa.array(mine)))
    first = vocabulary if first_marker is None else first_marker
    markers = np.arange(first, first + 2 * (len(odds) - 1) + 5, dtype=np.int32)
    plan = _plan(table, odds, keep_order, seed)
    made = [_bodies(table, plan, documents, backtrace), *_knots(table, plan, markers)]
    if backtrace:
        made += _traces(table, plan, encode, markers[-5:])
    shuffled = joined(*[(replaced(piece, attention=np.zeros(len(piece), int)), c, r) for piece, c, r in made])
    shuffled = _masked(truncated(shuffled, limit_of(contexts, context_length)))
    shuffled = replaced(shuffled, context_id=np.flatnonzero(chosen)[shuffled["context_id"].to_numpy()])
    return numbered(pa.concat_tables([contexts.filter(pa.array(~mine)), of_pieces(shuffled)]))


def undo(contexts: pa.Table) -> pa.Table:
    """Take the markers out and put the chunks together; documents stand in the order of their first chunks."""
    after = _after_marker(contexts) & (contexts["loss_weight"].to_numpy() == 0) & (lengths(contexts) == 1)
    restored = unmasked(contexts, np.flatnonzero(after & ~is_inserted(contexts)))
    return rejoined(numbered(without(restored, KNOT, TRACE)))


def special_tokens(
    *, vocabulary: int, chunks: tuple[From0, ...] = (0.0, 1.0, 1.0), first_marker: Whole | None = None
) -> dict[str, int]:
    """Return the ids of the markers by name."""
    first = vocabulary if first_marker is None else first_marker
    knots = [name for cut in range(1, len(chunks)) for name in (f"tail_{cut}", f"head_{cut + 1}")]
    return {name: first + i for i, name in enumerate([*knots, "<D>", "</D>", "<S>", "<s>", "</S>"])}


@dataclass(frozen=True)
class _Plan:
    """Per chunk: its context, document (a number over all contexts), number and how many the document has, first token
    and the one after its last among all tokens laid end to end, and its place in the shuffled context."""

    context: Integers
    document: Integers
    number: Integers
    count: Integers
    left: Integers
    right: Integers
    slot: Integers
    name: Integers

    @property
    def last(self) -> Integers:
        """Which chunks are, of a document in several, the one that comes last in the shuffled context."""
        latest = np.zeros(int(self.document.max()) + 1, np.int64)
        np.maximum.at(latest, self.document, self.slot)
        return np.asarray((self.slot == latest[self.document]) & (self.count > 1))


def _plan(table: pa.Table, odds: Integers, keep_order: bool, seed: int) -> _Plan:
    group, size = in_document(table), lengths(table)
    heads = np.flatnonzero(np.diff(group, prepend=-1))
    length = np.add.reduceat(size, heads)
    of = table["context_id"].to_numpy()[heads]
    bounds = np.searchsorted(of, np.arange(of[-1] + 2))
    key = noise(keys(table), seed + 1)
    found = _chunks(bounds, length, key, odds, keep_order)
    document, number, count, left, right, slot = found
    begin = (np.cumsum(length) - length)[document]
    context = of[document]
    return _Plan(
        context,
        document,
        number,
        count,
        begin + left,
        begin + right,
        slot,
        distinct(context, key, len(LETTERS) ** ID_LENGTH),
    )


@njit(nogil=True, cache=True)
def _chunks(bounds: Any, length: Any, key: Any, odds: Any, keep_order: bool) -> Any:
    """Cut the documents of each context and place every chunk: (document, number, count, left, right, slot)."""
    found = np.empty((6, len(length) * len(odds)), np.int64)
    total = 0
    for c in range(len(bounds) - 1):
        state = key[c]
        begin = total
        for document in range(bounds[c], bounds[c + 1]):
            state, mixed = advance(state)
            drawn = np.float64(mixed >> np.uint64(11)) * 2.0**-53
            count = 1
            while count < len(odds) and drawn >= odds[count - 1]:
                count += 1
            count = count if length[document] >= count else 1
            state, cuts = subset(state, count - 1, length[document] - 1)
            left = 0
            for number in range(count):
                right = cuts[number] + 1 if number < count - 1 else length[document]
                found[:, total] = np.array([document, number + 1, count, left, right, 0])
                left = right
                total += 1
        slots = np.arange(total - begin)
        for i in range(total - begin - 2, 0, -1):
            state, mixed = advance(state)
            j = below(mixed, i + 1)
            slots[i], slots[j] = slots[j], slots[i]
        if keep_order:
            first = 0
            for i in range(1, total - begin):
                if i == total - begin - 1 or found[0, begin + i] != found[0, begin + first]:
                    slots[first:i].sort()
                    first = i
        found[5, begin:total] = slots
    return found[:, :total]


def _spelled(name: Integers) -> list[str]:
    digits = name[:, None] // (np.uint64(len(LETTERS)) ** np.arange(ID_LENGTH, dtype=np.uint64))
    spelled = LETTERS[(digits % np.uint64(len(LETTERS))).astype(np.int64)]
    return [str(text) for text in np.ascontiguousarray(spelled).view(f"S{ID_LENGTH}").reshape(-1).astype(str)]


_Made = tuple[pa.Table, Integers, Integers]


def _bodies(table: pa.Table, plan: _Plan, documents: pa.Table, backtrace: bool) -> _Made:
    """The chunks themselves; the end-of-text token stands apart where a list of ids goes before it."""
    size = lengths(table)
    row = np.searchsorted(np.cumsum(size), plan.right - 1, side="right")
    ends = np.cumsum(size)[row] == plan.right
    apart = plan.last & ends_document(table, documents)[row] & ends & backtrace
    left = np.concatenate([plan.left, plan.right[apart] - 1])
    right = np.concatenate([plan.right - apart, plan.right[apart]])
    rank = np.concatenate([plan.slot * RANKS + BODY, plan.slot[apart] * RANKS + END])
    span, row, first, last = overlaps(size, left, right)
    context = np.concatenate([plan.context, plan.context[apart]])
    return parts(table, row, first, last), context[span], rank[span]


def _knots(table: pa.Table, plan: _Plan, markers: Integers) -> list[_Made]:
    """Head knots before all chunks of a document but its first, tail knots behind all but its last."""
    heads, tails = plan.number > 1, plan.number < plan.count
    return [
        _markers(table, plan, heads, HEAD, *_singles(markers[2 * (plan.number[heads] - 1) - 1]), KNOT, 0.0),
        _markers(table, plan, tails, TAIL, *_singles(markers[2 * (plan.number[tails] - 1)]), KNOT, 0.0),
    ]


def _traces(table: pa.Table, plan: _Plan, encode: Encode, markers: Integers) -> list[_Made]:
    """<D> id </D> before each chunk of a cut document, and <S> id <s> id ... </S> where it is over."""
    opens, closes, begins, between, ends = (int(marker) for marker in markers)
    several = plan.count > 1
    if not several.any():
        return []
    ids, offsets = flat(encode(_spelled(plan.name[several])))
    final = (plan.number == plan.count)[several]
    listed, listed_offsets = enclosed(ids, offsets, None, np.where(final, ends, between))
    listed_offsets = listed_offsets[np.append(0, np.flatnonzero(final) + 1)]
    # Documents stand in the plan one after the other, and so do their lists: sort the last chunks alike.
    last = np.flatnonzero(plan.last)
    last = last[np.argsort(plan.document[last], kind="stable")]
    return [
        _markers(table, plan, several, OPENING, *enclosed(ids, offsets, opens, closes), TRACE, 0.0),
        _markers(table, plan, last, LISTED, *alike([begins], len(last)), TRACE, 0.0),
        _markers(table, plan, last, LISTED_IDS, listed, listed_offsets, TRACE, 1.0),
    ]


def _singles(ids: Integers) -> tuple[Integers, Integers]:
    return ids, np.arange(len(ids) + 1)


def _markers(
    table: pa.Table,
    plan: _Plan,
    chosen: Integers,
    rank: int,
    ids: Integers,
    offsets: Integers,
    role: str,
    weight: float,
) -> _Made:
    """Inserted pieces at the beginning or the end of the chosen chunks, of the documents that they are of."""
    left, right, slot = plan.left[chosen], plan.right[chosen], plan.slot[chosen]
    token = left if rank < BODY else right - 1
    ends = np.cumsum(lengths(table))
    row = np.searchsorted(ends, token, side="right")
    begin = (ends - lengths(table))[row]
    at = table["start"].to_numpy()[row] + np.where(is_inserted(table)[row], 0, token - begin + (rank > BODY))
    columns: dict[str, Any] = {"start": at, "stop": at, "role": role, "loss_weight": weight, "causal": True}
    return inserts(table, row, ids, offsets, **columns), plan.context[chosen], slot * RANKS + rank


def _after_marker(table: pa.Table) -> Integers:
    """Which pieces follow a marker in their context."""
    ours = np.isin(table["role"].to_numpy(zero_copy_only=False).astype(str), [KNOT, TRACE])
    follows = np.append(False, ours[:-1]) if len(ours) else ours
    context = table["context_id"].to_numpy()
    return np.asarray(follows & ~ours & np.append(False, np.diff(context) == 0)[: len(ours)])


def _masked(table: pa.Table) -> pa.Table:
    return first_masked(table, np.flatnonzero(_after_marker(table)))
