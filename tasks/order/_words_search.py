"""Search by words (BM25) in a window that slides over documents in a seeded order, and trees grown by it.

What counts how much is decided on the whole corpus (how many documents have a word, how long they are); what can be
found is in the window. A tree of one branch is a chain. Shards of the seeded order are grown apart from each other, so
that workers can share them; a shard has the same documents whoever works on it.

Weights are rounded to whole millionths, so that sums are exact, and the same on every machine.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from numba import njit
from numpy.typing import NDArray

from tasks.draw import noise
from tasks.order._terms import BUCKETS
from tasks.text.borrow import Array, Int

SHARD = 1 << 16
MILLION = 1e6
FRESH = 4  # a window is filled up again when one part in so many of it is used
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Searchable:
    """Documents to search in, in a seeded order, and how heavy each word is (``idf``, by term).

    ``terms`` (int32, numbered densely) and ``weights`` of document i are at ``offsets[i]`` to ``offsets[i + 1]``; those
    that its query asks for come first: ``asked`` of them, ``asks`` times each.
    """

    offsets: Integers
    terms: NDArray[np.int32]
    weights: NDArray[np.float64]
    asks: NDArray[np.uint8]
    vocabulary: int
    tokens: Integers

    def __len__(self) -> int:
        return len(self.tokens)


@dataclass(frozen=True)
class Grown:
    """Documents in the order in which trees took them: each one's place of its parent (-1: a root), and its tree."""

    sequence: Integers
    parents: Integers
    trees: Integers


Mapper = Callable[[Callable[[Searchable], Grown], Iterable[Searchable]], Iterable[Grown]]


def grow(
    documents: pa.Table,
    *,
    branches: int,
    roots: int,
    context_length: int,
    buffer: int,
    k1: float,
    b: float,
    seed: int,
    mapper: Mapper = map,
) -> Grown:
    """Grow trees over all documents (sorted by doc_id, with the columns of ``count_terms``).

    A tree begins with ``roots`` documents in the seeded order; every document in turn brings the ``branches`` unused
    ones of the window that its beginning finds. A tree ends where its tokens fill a context; if nothing is found the
    next document in order is one more root. ``buffer`` documents make a window.
    """
    order = np.argsort(noise(documents["doc_id"].to_numpy().astype(np.uint64), seed), kind="stable")
    spans = [(start, min(start + SHARD, len(order))) for start in range(0, len(order), SHARD)]
    whole = searchable(documents.take(pa.array(order)), k1=k1, b=b)
    function = partial(grow_shard, branches=branches, roots=roots, context_length=context_length, buffer=buffer)
    found = list(mapper(function, [_part(whole, *span) for span in spans]))
    sequence, parents, trees = np.zeros((3, len(order)), np.int64)
    tree = 0
    for (start, stop), grown in zip(spans, found, strict=True):
        sequence[start:stop] = order[start + grown.sequence]
        parents[start:stop] = np.where(grown.parents < 0, -1, grown.parents + start)
        trees[start:stop] = grown.trees + tree
        tree = int(trees[stop - 1]) + 1
    return Grown(sequence, parents, trees)


def searchable(documents: pa.Table, *, k1: float, b: float) -> Searchable:
    """Weigh the words of ``documents``, in their order; words that one document alone has are left out.

    The weight of a word that f of N documents have, t times in a document of d words (mean: a), is
    ln(1 + (N - f + 0.5) / (f + 0.5)) t / (t + k1 (1 - b + b d / a)).
    """
    terms, offsets = _flat(documents, "terms")
    counts, _ = _flat(documents, "term_counts")
    leading, query_offsets = _flat(documents, "query_counts")
    totals = documents["term_total"].to_numpy().astype(np.float64)
    frequencies = np.bincount(terms, minlength=BUCKETS) if len(terms) else np.zeros(BUCKETS, np.int64)
    shared = frequencies > 1
    numbers = (np.cumsum(shared) - 1).astype(np.int32)
    idf = np.log1p((len(totals) - frequencies[shared] + 0.5) / (frequencies[shared] + 0.5))
    idf = np.rint(idf * MILLION)
    row = np.repeat(np.arange(len(totals)), np.diff(offsets))
    kept = shared[terms]
    mean = max(float(totals.mean()), 1.0) if len(totals) else 1.0
    dense = numbers[terms[kept]]
    times = counts[kept].astype(np.float64)
    weights = np.rint(idf[dense] * times / (times + k1 * (1 - b + b * totals[row[kept]] / mean)))
    asks = np.zeros(len(terms), np.uint8)
    asks[_leading_places(offsets, query_offsets)] = leading
    ends = np.concatenate([[0], np.cumsum(kept)])[offsets]
    tokens = documents["tokens"].to_numpy().astype(np.int64)
    return Searchable(ends, dense, weights, asks[kept], int(shared.sum()), tokens)


def scores(found: Searchable, query: int) -> NDArray[np.float64]:
    """Score every document for the query of document ``query`` (slow: for tests and for people), in millionths."""
    span = slice(found.offsets[query], found.offsets[query + 1])
    asked = dict(zip(found.terms[span].tolist(), found.asks[span].tolist(), strict=True))
    rows = np.repeat(np.arange(len(found)), np.diff(found.offsets))
    times = np.array([asked.get(term, 0) for term in found.terms.tolist()], np.float64)
    return np.bincount(rows, times * found.weights, len(found)).astype(np.float64)


def grow_shard(shard: Searchable, *, branches: int, roots: int, context_length: int, buffer: int) -> Grown:
    """Grow trees over the documents of one shard, as ``grow`` says."""
    sequence, parents, trees = np.empty((3, len(shard)), np.int64)
    data = (shard.offsets, shard.terms, shard.weights, shard.asks, shard.vocabulary, shard.tokens)
    _grow(data, branches, roots, context_length, max(buffer, 2), (sequence, parents, trees))
    return Grown(sequence, parents, trees)


def _part(whole: Searchable, start: int, stop: int) -> Searchable:
    first, last = whole.offsets[start], whole.offsets[stop]
    cut = (whole.terms[first:last], whole.weights[first:last], whole.asks[first:last])
    return Searchable(whole.offsets[start : stop + 1] - first, *cut, whole.vocabulary, whole.tokens[start:stop])


def _flat(documents: pa.Table, column: str) -> tuple[NDArray[np.int32], Integers]:
    values = documents[column].combine_chunks()
    offsets = values.offsets.to_numpy().astype(np.int64)
    return values.values.to_numpy()[offsets[0] : offsets[-1]], offsets - offsets[0]


def _leading_places(offsets: Integers, query_offsets: Integers) -> Integers:
    sizes = np.diff(query_offsets)
    return np.arange(query_offsets[-1]) + np.repeat(offsets[:-1] - query_offsets[:-1], sizes)


@njit(nogil=True, cache=True)
def _forget(window: Array, offsets: Array, terms: Array, starts: Array, stops: Array) -> None:
    for document in window:
        for place in range(offsets[document], offsets[document + 1]):
            starts[terms[place]] = stops[terms[place]] = 0


@njit(nogil=True, cache=True)
def _index(window: Array, offsets: Array, terms: Array, weights: Array, starts: Array, stops: Array) -> Array:
    """Collect which documents of the window have each term: (number in the window, weight), from start to stop."""
    for document in window:
        for place in range(offsets[document], offsets[document + 1]):
            stops[terms[place]] += 1
    end = 0
    for document in window:
        for place in range(offsets[document], offsets[document + 1]):
            term = terms[place]
            if stops[term] > 0:
                starts[term] = end
                end += stops[term]
                stops[term] = -1
    numbers, heavy = np.empty(end, np.int32), np.empty(end, np.float64)
    for number in range(len(window)):
        for place in range(offsets[window[number]], offsets[window[number] + 1]):
            term = terms[place]
            at = stops[term] if stops[term] >= 0 else starts[term]
            numbers[at], heavy[at] = number, weights[place]
            stops[term] = at + 1
    return numbers, heavy


@njit(nogil=True, cache=True)
def _refill(window: Array, alive: Array, size: Int, unseen: Int, count: Int) -> Any:
    """Take out of the window what is used and put in what comes next; return its size and the next unseen document."""
    left = 0
    for number in range(size):
        if alive[number]:
            window[left] = window[number]
            left += 1
    while left < len(window) and unseen < count:
        window[left] = unseen
        left, unseen = left + 1, unseen + 1
    alive[:left] = True
    return left, unseen


@njit(nogil=True, cache=True)
def _ask(query: Int, offsets: Array, terms: Array, asks: Array, postings: Any, sums: Array) -> None:
    starts, stops, numbers, heavy = postings
    sums[:] = 0.0
    for place in range(offsets[query], offsets[query + 1]):
        if asks[place] > 0:
            term = terms[place]
            for at in range(starts[term], stops[term]):
                sums[numbers[at]] += asks[place] * heavy[at]


@njit(nogil=True, cache=True)
def _best(alive: Array, sums: Array) -> Int:
    best = -1
    for number in range(len(sums)):
        if sums[number] > 0 and alive[number] and (best < 0 or sums[number] > sums[best]):
            best = number
    return best


@njit(nogil=True, cache=True)
def _grow(data: Any, branches: Int, roots: Int, context_length: Int, buffer: Int, out: Any) -> None:
    offsets, terms, weights, asks, vocabulary, tokens = data
    sequence, parents, trees = out
    starts, stops = np.zeros(vocabulary, np.int64), np.zeros(vocabulary, np.int64)
    window, alive, sums = np.empty(buffer, np.int64), np.zeros(buffer, np.bool_), np.zeros(buffer, np.float64)
    numbers, heavy = np.empty(0, np.int32), np.empty(0, np.float64)
    size = used = unseen = head = tree = first = root = planted = placed = 0
    filled: Any = 0
    limit: Any = np.int64(context_length)
    while placed < len(tokens):
        if unseen < len(tokens) and used * FRESH >= size:
            _forget(window[:size], offsets, terms, starts, stops)
            size, unseen = _refill(window, alive, size, unseen, len(tokens))
            numbers, heavy = _index(window[:size], offsets, terms, weights, starts, stops)
            used = root = 0
        if filled >= limit:
            limit = (filled // context_length + 1) * context_length
            tree, head, first, planted = tree + 1, placed, placed, 0
        parent: Any = np.int64(-1)
        wanted = 1
        if planted < roots or head == placed:
            planted += 1
            while not alive[root]:
                root += 1
        else:
            parent, wanted, head = head, branches, head + 1
            _ask(sequence[parent], offsets, terms, asks, (starts, stops, numbers, heavy), sums[:size])
        for _ in range(wanted):
            best = _best(alive[:size], sums[:size]) if parent >= 0 else root
            if best < 0 or (filled >= limit and placed > first):
                break
            alive[best] = False
            used += 1
            sequence[placed], parents[placed], trees[placed] = window[best], parent, tree
            filled += tokens[window[best]]
            placed += 1
