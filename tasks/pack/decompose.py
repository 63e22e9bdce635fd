"""Contexts of one document each, of lengths that are powers of two, in an order that may go from short to long.

No padding and no token that sees another document; what is too short for the shortest context is lost. The published
code loses the rest of each bucket beyond a multiple of its workers and cycles as well; here every context is kept, and
those that fill no whole batch come last. Cost: one pass over the pieces and one sort.
"""

from typing import Literal

import numpy as np
import pyarrow as pa
from numba import njit

from schemas.errors import UnitError
from schemas.recipe import Count, Whole
from tasks.draw import noise
from tasks.pack._segments import Integers, segments_table, shuffled, token_counts

DROPS = True
CUTS = True
REORDERS = True


def decompose(
    documents: pa.Table,
    *,
    seed: int = 0,
    shortest: Count = 256,
    longest: Count = 8192,
    ahead: Whole = 0,
    pieces: Literal["longest", "random"] = "longest",
    lengths: Literal["natural", "linear", "power"] = "natural",
    batch_tokens: Count | None = None,
    cycles: Count = 8,
    longest_first: bool = True,
) -> pa.Table:
    """Cut each document into pieces of 2^k tokens, the longest that fit first, each a context of its own.

    ``shortest`` and ``longest`` are powers of two; a rest shorter than ``shortest`` is in no context. ``ahead`` tokens
    are added to each piece, for the label of its last one (the published code takes 1). With ``pieces: random`` a
    document that has room for twice ``longest`` gives a piece of any of the lengths, of probability in proportion to
    2^-k, so that these pieces hold as many tokens of each length in the mean.

    Contexts come in batches of ``batch_tokens`` tokens (by default ``longest``; ``ahead`` does not count) and one
    length. ``lengths`` says in which order: natural, at random; power and linear, in ``cycles`` that go from short to
    long: in each of a cycle's steps, one for each length, another length is the most frequent, and the others are the
    less frequent (halved, or less by one) the further they are from it. ``longest_first``: the first batch is of the
    longest contexts, so that a lack of memory shows at once. Contexts that fill no batch come last, by length.

    ``documents`` has doc_id, copy and tokens. Returns the segments: context_id, position, doc_id, copy, start, stop.
    UnitError: lengths that do not fit each other, or a document without tokens.

    Source: Pouransari et al. 2024, arXiv:2405.13226 (dataset decomposition, grow-linear, grow-P2).

    >>> table = pa.table({"doc_id": [7], "copy": [0], "tokens": [15]})
    >>> found = decompose(table, shortest=2, longest=8, cycles=1)
    >>> found.select(["start", "stop"]).to_pydict()
    {'start': [0, 12, 8], 'stop': [8, 14, 12]}
    """
    batch = batch_tokens or longest
    _check(shortest, longest, batch)
    tokens = token_counts(documents)
    low, high = shortest.bit_length() - 1, longest.bit_length() - 1
    most = int((tokens // (shortest + ahead)).sum())
    draws = (noise(np.arange(most, dtype=np.uint64), seed) >> np.uint64(1)).astype(np.int64)
    row, start, power = _pieces(tokens, low, high, ahead, pieces == "random", draws)
    place = _places(power, low, high, batch, lengths, cycles, longest_first, seed)
    return segments_table(documents, row, start, start + (1 << power) + ahead, place)


def rooms(documents: pa.Table, segments: pa.Table) -> Integers:
    """Return how many tokens each context has room for: as many as it holds."""
    size = segments["stop"].to_numpy() - segments["start"].to_numpy()
    return np.bincount(segments["context_id"].to_numpy(), weights=size).astype(np.int64)


def figures(
    documents: pa.Table, segments: pa.Table, *, shortest: int, longest: int, ahead: int, batch_tokens: int | None
) -> dict[str, float]:
    """Return the tokens in contexts of each length, their mean, and how many contexts fill no whole batch."""
    power = _powers(rooms(documents, segments) - ahead)
    held = np.bincount(power, minlength=longest.bit_length())
    batch = batch_tokens or longest
    found = {f"tokens_of_length_{1 << k}": float(held[k] << k) for k in range(shortest.bit_length() - 1, len(held))}
    rest = sum(int(held[k]) % (batch >> k) for k in range(len(held)))
    mean = float((1 << power).mean()) if len(power) else 0.0
    return {**found, "mean_context_tokens": mean, "contexts_in_no_batch": float(rest)}


def _powers(lengths: Integers) -> Integers:
    return np.frexp(lengths)[1].astype(np.int64) - 1


def _check(shortest: int, longest: int, batch: int) -> None:
    for name, value in (("shortest", shortest), ("longest", longest)):
        if value & (value - 1):
            raise UnitError(f"{name} is a power of two of at least 1 token, got {value}")
    if shortest > longest:
        raise UnitError(f"shortest must be at most longest, got {shortest} and {longest}")
    if batch < longest or batch % longest:
        raise UnitError(f"batch_tokens must be a multiple of longest, {longest}, got {batch}")


@njit(nogil=True, cache=True)
def _pieces(
    tokens: Integers, low: int, high: int, ahead: int, random: bool, draws: Integers
) -> tuple[Integers, Integers, Integers]:
    """Return each piece's row, start and power of two."""
    row, start, power = np.empty_like(draws), np.empty_like(draws), np.empty_like(draws)
    found = 0
    for i in range(len(tokens)):
        place = 0
        while tokens[i] - place >= (1 << low) + ahead:
            k = high + 1
            while (1 << k) + ahead > tokens[i] - place:
                k -= 1
            if k > high:
                k = _drawn(draws[found], low, high) if random else high
            row[found], start[found], power[found] = i, place, k
            place += (1 << k) + ahead
            found += 1
    return row[:found], start[:found], power[:found]


@njit(nogil=True, cache=True)
def _drawn(draw: int, low: int, high: int) -> int:
    """Return low..high, each twice as likely as the next, from a random number."""
    ticket = draw % ((1 << (high - low + 1)) - 1)
    k = high
    while ticket >= (1 << (high - k + 1)) - 1:
        k -= 1
    return k


def _places(
    power: Integers, low: int, high: int, batch: int, lengths: str, cycles: int, longest_first: bool, seed: int
) -> Integers:
    """Return each piece's place among the contexts."""
    drawn = np.argsort(shuffled(np.arange(len(power)), len(power), seed))
    drawn = drawn[np.argsort(power[drawn], kind="stable")]
    sorted_power = power[drawn]
    rank = np.arange(len(power)) - np.searchsorted(sorted_power, sorted_power)
    held = np.bincount(power, minlength=high + 1)
    per_batch = batch >> np.arange(high + 1)
    batches = held // per_batch
    whole = rank < (batches * per_batch)[sorted_power]
    first = np.cumsum(batches) - batches
    number = first[sorted_power] + rank // per_batch[sorted_power]
    order = np.empty(int(batches.sum()), np.int64)
    order[_batch_order(batches[low:], lengths, cycles, longest_first, seed)] = np.arange(len(order))
    turn = np.full(len(power), len(order), np.int64)
    turn[whole] = order[number[whole]]
    place = np.empty(len(power), np.int64)
    place[drawn[np.argsort(turn, kind="stable")]] = np.arange(len(power))
    return place


def _batch_order(batches: Integers, lengths: str, cycles: int, longest_first: bool, seed: int) -> Integers:
    """Return the numbers of the batches, those of the shortest length first, in their order."""
    kind = np.repeat(np.arange(len(batches)), batches)
    step = np.zeros(len(kind), np.int64)
    if lengths != "natural":
        rank = np.arange(len(kind)) - np.repeat(np.cumsum(batches) - batches, batches)
        for k, count in enumerate(batches.tolist()):
            step[kind == k] = np.searchsorted(
                _ends(k, len(batches), count, cycles, lengths), rank[kind == k], side="right"
            )
    order = np.lexsort((shuffled(np.arange(len(kind)), len(kind), seed + 1), step))
    if longest_first and len(kind):
        first = int(np.flatnonzero(kind[order] == kind.max())[0])
        order[: first + 1] = np.roll(order[: first + 1], 1)
    return order


def _ends(k: int, kinds: int, count: int, cycles: int, lengths: str) -> Integers:
    """Return how many of the ``count`` batches of the ``k``-th length have come by the end of each step."""
    away = np.abs(np.arange(kinds) - k)
    weight = 2.0 ** (kinds - 1 - away) if lengths == "power" else (kinds - away).astype(float)
    share = np.cumsum(np.tile(weight, cycles)) / (weight.sum() * cycles)
    return np.rint(share * count).astype(np.int64)
