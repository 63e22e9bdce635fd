"""The words of documents, counted for a search by words: what a query has of its first words, and what is searched."""

from typing import Any

import numpy as np
import pyarrow as pa
from numba import njit

from schemas.table import Column
from tasks.text.batch import TextBatch
from tasks.text.borrow import Array, Int
from tasks.text.segment import SYMBOLS

BITS = 24
BUCKETS = 1 << BITS
LARGEST_COUNT = 255
TERM_COLUMNS = (
    Column("terms", "INTEGER[]", "hashes (24 bits) of the document's distinct words, by first occurrence"),
    Column("term_counts", "UTINYINT[]", "how often each of those words occurs, at most 255"),
    Column(
        "query_counts", "UTINYINT[]", "how often each of the first of those words occurs at the document's beginning"
    ),
    Column("term_total", "BIGINT", "words of the document that are not symbols"),
)


def count_terms(batch: TextBatch, *, terms: int, query: int) -> dict[str, Any]:
    """Count the words of every document, symbols left out.

    Kept are the first ``terms`` distinct words (5 bytes each), and how often they occur among the first ``query``
    words. A document's lists depend on its own words only.

    >>> found = count_terms(TextBatch(pa.array(["To be, or not to be"])), terms=3, query=2)
    >>> [found[name].to_pylist() for name in ("term_counts", "query_counts")], found["term_total"].tolist()
    ([[[2, 2, 1]], [[1, 1]]], [6])
    """
    words = batch.words
    spoken = (words.flags & SYMBOLS) == 0
    offsets = np.concatenate([[0], np.cumsum(spoken)])[words.offsets].astype(np.int64)
    sizes = np.minimum(np.diff(offsets), terms)
    room = (np.empty(int(sizes.sum()), np.int32), np.empty(int(sizes.sum()), np.uint8))
    leading = np.zeros(int(sizes.sum()), np.uint8)
    ends, query_ends = np.zeros((2, len(offsets)), np.int32)
    _count(words.hashes[spoken], offsets, terms, query, *room, leading, ends, query_ends)
    kept, led = pa.array(ends), pa.array(query_ends)
    return {
        "terms": pa.ListArray.from_arrays(kept, pa.array(room[0][: ends[-1]])),
        "term_counts": pa.ListArray.from_arrays(kept, pa.array(room[1][: ends[-1]])),
        "query_counts": pa.ListArray.from_arrays(led, pa.array(leading[: query_ends[-1]])),
        "term_total": np.diff(offsets),
    }


def no_terms(count: int) -> dict[str, Any]:
    """Give the columns without any words, for a search that goes by something else."""
    return {c.name: np.zeros(count, np.int64) if c.type == "BIGINT" else empty(count, c) for c in TERM_COLUMNS}


def empty(count: int, column: Column) -> pa.Array:
    """Give ``count`` empty lists of a column's type."""
    return pa.array([[]] * count, column.arrow)


@njit(nogil=True, cache=True)
def _count(
    hashes: Array,
    offsets: Array,
    limit: Int,
    query: Int,
    terms: Array,
    counts: Array,
    leading: Array,
    ends: Array,
    query_ends: Array,
) -> None:
    places = np.zeros(BUCKETS, np.int32)
    end: Any = 0
    query_end: Any = 0
    for document in range(len(offsets) - 1):
        first = end
        started = query_end
        for word in range(offsets[document], offsets[document + 1]):
            term = np.int64((hashes[word] * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - BITS))
            place: Any = np.int64(places[term]) - 1
            if place < 0:
                if end - first == limit:
                    continue
                place = end
                places[term] = end + 1
                terms[end] = term
                counts[end] = 0
                end += 1
            if counts[place] < LARGEST_COUNT:
                counts[place] += 1
            if word - offsets[document] < query:
                at = started + place - first
                if at == query_end:
                    leading[at] = 0
                    query_end += 1
                if leading[at] < LARGEST_COUNT:
                    leading[at] += 1
        for place in range(first, end):
            places[terms[place]] = 0
        ends[document + 1] = end
        query_ends[document + 1] = query_end
