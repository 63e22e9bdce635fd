"""The documents of a cell by their words, and the search in it: the few rare words of a document lead to its neighbors.

A sketch of a few hundred dimensions does not keep what is similar by words: of the ten nearest of a paragraph, three
are among the forty nearest sketches of 128 main directions, and half of those of a whole document. Lists of the
documents that have a word do: the lists of a document's words, rarest first, are added up until ``budget`` documents
have been met; those with the largest sums are then compared exactly. The budget bounds the cost of a search whatever
the size of the corpus; without one the search is exact. Own work in this form; adding lists up and exact comparison of
the best: Zobel and Moffat 2006, doi:10.1145/1132956.1132959, section 4.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tasks.order._vectors import Vectors, ppm, product, remember, square, table_size

EVERYTHING = 1 << 62
LOW = (1 << 32) - 1
Found = tuple[NDArray[np.int32], NDArray[np.int32]]


@dataclass(frozen=True)
class WordsIndex:
    """Documents of a cell, numbered ``ranks`` (int32, ascending) in the corpus, with the lists of their words.

    The word ``terms[i]`` occurs in the documents (by their place in the cell) ``documents[starts[i]:starts[i+1]]``,
    with ``heavy`` weights. ``squares`` are the squared lengths of the documents.
    """

    ranks: NDArray[np.int32]
    vectors: Vectors
    squares: NDArray[np.int64]
    terms: NDArray[np.int32]
    starts: NDArray[np.int64]
    documents: NDArray[np.int32]
    heavy: NDArray[np.int16]


def words_index(ranks: NDArray[np.int32], vectors: Vectors) -> WordsIndex:
    """Turn documents with words into words with documents."""
    order = np.argsort(vectors.buckets, kind="stable")
    terms, starts = np.unique(vectors.buckets[order], return_index=True)
    documents = np.repeat(np.arange(len(vectors), dtype=np.int32), np.diff(vectors.offsets))[order]
    squares = (vectors.dense.astype(np.int64) ** 2).sum(axis=1)
    _square(vectors.offsets, vectors.weights, squares)
    ends = np.append(starts, len(order)).astype(np.int64)
    return WordsIndex(ranks, vectors, squares, terms, ends, documents, vectors.weights[order])


@dataclass(frozen=True)
class Asking:
    """Documents that ask for their neighbors: their ranks and vectors.

    The words of all of them are ``known[words]``, each document's rarest first; each occurs in so many documents of the
    corpus (``frequencies``).
    """

    ranks: NDArray[np.int32]
    vectors: Vectors
    known: NDArray[np.int32]
    words: NDArray[np.int64]
    frequencies: NDArray[np.int64]


def asking(ranks: NDArray[np.int32], vectors: Vectors, frequencies: Callable[[NDArray[np.int32]], Any]) -> Asking:
    """Make ready to ask; ``frequencies`` gives the numbers of documents that have these words."""
    known, words = np.unique(vectors.buckets, return_inverse=True)
    often = np.asarray(frequencies(known), np.int64)[words]
    order = np.lexsort((often, np.repeat(np.arange(len(vectors)), np.diff(vectors.offsets))))
    rarest_first = Vectors(vectors.dense, vectors.offsets, vectors.buckets[order], vectors.weights[order])
    return Asking(ranks, rarest_first, known, words[order], often[order])


def nothing_found(count: int, wanted: int) -> Found:
    """Room for the ``wanted`` best of ``count`` documents: no ids (-1) and cosines of 0 yet."""
    return np.full((count, wanted), -1, np.int32), np.zeros((count, wanted), np.int32)


def search_words(
    indexes: Sequence[tuple[WordsIndex, NDArray[np.int64]]],
    asked: Asking,
    found: Found,
    *,
    budget: int = EVERYTHING,
    spare: int = 2,
) -> None:
    """Put into ``found`` the nearest of those who ask; each of ``indexes`` is searched for those rows of them.

    Words are looked up until the sum of their frequencies passes ``budget``. Of each document's sums, over all cells,
    the best ``spare`` times as many as wanted are compared exactly. ``found`` is best first: cosines in parts per
    million, ties by the smaller rank; nobody finds itself.
    """
    keep = max(spare * found[0].shape[1] + 1, 16)
    best = np.full((len(asked.ranks), keep), -1, np.int64)
    places = np.zeros((len(asked.ranks), keep), np.int64)
    own = asked.vectors
    for number, (index, rows) in enumerate(indexes):
        if len(index.terms) and len(asked.known):
            terms = np.minimum(np.searchsorted(index.terms, asked.known), len(index.terms) - 1)
            terms = np.where(index.terms[terms] == asked.known, terms, -1)[asked.words]
            who = (asked.ranks, own.offsets, own.weights, terms, asked.frequencies)
            lists = (index.ranks, index.starts, index.documents, index.heavy)
            _add_up_all(rows, who, lists, budget, number, best, places)
    for number, (index, rows) in enumerate(indexes):
        page = (index.ranks, index.vectors.offsets, index.vectors.buckets, index.vectors.weights, index.squares)
        _compare_all(rows, (own.offsets, own.buckets, own.weights), page, number, (best, places), *found)


@njit(nogil=True, cache=True)
def _square(offsets, weights, squares):  # type: ignore[no-untyped-def]
    for document in range(len(squares)):
        squares[document] += square(weights[offsets[document] : offsets[document + 1]])


@njit(nogil=True, cache=True)
def _add_up_all(rows, asked, lists, budget, number, best, places):  # type: ignore[no-untyped-def]
    ranks, offsets, weights, terms, frequencies = asked
    sums, touched = np.zeros(len(lists[0]), np.int32), np.empty(len(lists[0]), np.int32)
    for row in rows:
        start, stop = offsets[row], offsets[row + 1]
        own = (terms[start:stop], weights[start:stop], frequencies[start:stop])
        count = _add_up(own, lists, budget, sums, touched)
        _keep_best(ranks[row], lists[0], sums, touched[:count], number, best[row], places[row])


@njit(nogil=True, cache=True)
def _add_up(own, lists, budget, sums, touched):  # type: ignore[no-untyped-def]
    terms, weights, frequencies = own
    _, starts, documents, heavy = lists
    count, met = 0, np.int64(0)
    for place in range(len(frequencies)):
        met += frequencies[place]
        if met > budget:
            break
        term, weight = terms[place], np.int32(weights[place])
        if term < 0:
            continue
        for entry in range(starts[term], starts[term + 1]):
            document, gain = documents[entry], weight * np.int32(heavy[entry])
            if gain > 0:
                if sums[document] == 0:
                    touched[count] = document
                    count += 1
                sums[document] += gain
    return count


@njit(nogil=True, cache=True)
def _keep_best(rank, ranks, sums, touched, number, best, places):  # type: ignore[no-untyped-def]
    """Put the largest sums into the heap ``best`` (the least first), ties by the smaller rank; clear the sums."""
    for document in touched:
        key = (np.int64(sums[document]) << 32) | (LOW - ranks[document])
        sums[document] = 0
        if key > best[0] and ranks[document] != rank:
            _sift_down(best, places, key, (np.int64(number) << 32) | document)


@njit(nogil=True, cache=True)
def _sift_down(heap, places, key, place_of_key):  # type: ignore[no-untyped-def]
    place = 0
    while 2 * place + 1 < len(heap):
        child = 2 * place + 1
        if child + 1 < len(heap) and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= key:
            break
        heap[place], places[place] = heap[child], places[child]
        place = child
    heap[place], places[place] = key, place_of_key


@njit(nogil=True, cache=True)
def _compare_all(rows, asked, page, number, kept, ids, cosines):  # type: ignore[no-untyped-def]
    offsets, words, weights = asked
    size = table_size(offsets)
    keys, values = np.full(size, -1, np.int64), np.zeros(size, np.int32)
    for row in rows:
        start, stop = offsets[row], offsets[row + 1]
        remember(keys, values, words[start:stop], weights[start:stop])
        squares = square(weights[start:stop])
        _compare(squares, page, (keys, values), number, kept[0][row], kept[1][row], ids[row], cosines[row])
        keys[:] = -1


@njit(nogil=True, cache=True)
def _compare(squares, page, table, number, best, places, ids, cosines):  # type: ignore[no-untyped-def]
    ranks, offsets, words, weights, other_squares = page
    for place in range(len(best)):
        if best[place] >= 0 and places[place] >> 32 == number:
            document = places[place] & LOW
            start, stop = offsets[document], offsets[document + 1]
            found = product(table[0], table[1], words[start:stop], weights[start:stop])
            _insert(ids, cosines, ranks[document], ppm(found, squares, other_squares[document]))


@njit(nogil=True, cache=True)
def _insert(ids, cosines, rank, cosine):  # type: ignore[no-untyped-def]
    place = len(ids)
    while place > 0 and (
        ids[place - 1] < 0 or cosine > cosines[place - 1] or (cosine == cosines[place - 1] and rank < ids[place - 1])
    ):
        place -= 1
    if place == len(ids):
        return
    for later in range(len(ids) - 1, place, -1):
        ids[later], cosines[later] = ids[later - 1], cosines[later - 1]
    ids[place], cosines[place] = rank, cosine
