"""Keep near-duplicates out of each other's neighborhood in a finished order.

A context that holds two copies of one text teaches to copy; In-Context Pretraining without deduplication was no better
than random order (Shi et al. 2023, section 4). Near-duplicates are never linked, but may still meet through a common
neighbor. One pass over the order takes out each document that comes less than ``tokens`` after a member of its
cluster. Each is put back after its most similar neighbor whose surroundings are free of the cluster, else after one of
16 documents drawn at random, else at the end. Taking out happens first and putting back only lengthens distances, so
both see distances that hold in the final order. Costs O(n * neighbors).
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tasks.order._graph import Graph

DRAWS = 16


def keep_apart(
    order: NDArray[np.int64],
    graph: Graph,
    clusters: NDArray[np.int32],
    lengths: NDArray[np.int64],
    *,
    tokens: int,
    seed: int,
) -> tuple[NDArray[np.int64], int]:
    """Return the order with at least ``tokens`` between members of a cluster, and how many had no such place.

    ``clusters`` labels each document (-1: in none), ``lengths`` are in tokens. Documents without a place come last,
    one of each cluster at a time.
    """
    places = np.full(len(order), -1, np.int64)
    _take_out(order, clusters, lengths, tokens, places)
    kept = order[places[order] >= 0]
    removed = order[places[order] < 0]
    if not len(removed):
        return order, 0
    anchors = np.full(len(removed), len(order), np.int64)
    ranks = np.full(len(order), -1, np.int64)
    ranks[kept] = np.arange(len(kept))
    occupied = np.full(1 << int(np.ceil(np.log2(4 * len(order) + 16))), -1, np.int64)
    _put_back(removed, kept, graph.offsets, graph.targets, clusters, lengths, tokens, places, seed, occupied, anchors)
    homeless = anchors == len(order)
    beside = 2 * ranks[np.minimum(anchors, len(order) - 1)] + 1
    after = np.concatenate([2 * np.arange(len(kept)), np.where(homeless, 2 * len(order), beside)])
    turns = np.concatenate([np.zeros(len(kept), np.int64), _turns(clusters[removed], homeless)])
    merged = np.lexsort((turns, after))
    return np.concatenate([kept, removed])[merged], int(homeless.sum())


def _turns(labels: NDArray[np.int32], homeless: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each homeless document, how many of its cluster come before it."""
    turns = np.zeros(len(labels), np.int64)
    rows = np.flatnonzero(homeless)
    rows = rows[np.argsort(labels[rows], kind="stable")]
    _, starts, sizes = np.unique(labels[rows], return_index=True, return_counts=True)
    turns[rows] = np.arange(len(rows)) - np.repeat(starts, sizes)
    return turns


@njit(nogil=True, cache=True)
def _take_out(order, clusters, lengths, tokens, places):  # type: ignore[no-untyped-def]
    ends = np.full(len(order), -1, np.int64)
    position = 0
    for document in order:
        label = clusters[document]
        if label >= 0 and ends[label] >= 0 and position - ends[label] < tokens:
            continue
        places[document] = position
        position += lengths[document]
        if label >= 0:
            ends[label] = position


@njit(nogil=True, cache=True)
def _put_back(  # type: ignore[no-untyped-def]
    removed, kept, offsets, targets, clusters, lengths, tokens, places, seed, occupied, anchors
):
    for document in kept:
        if clusters[document] >= 0:
            _occupy(occupied, clusters[document], places[document] // tokens)
            _occupy(occupied, clusters[document], (places[document] + lengths[document]) // tokens)
    for row in range(len(removed)):
        document = removed[row]
        degree = offsets[document + 1] - offsets[document]
        for attempt in range(degree + DRAWS):
            if attempt < degree:
                anchor = targets[offsets[document] + attempt]
            else:
                anchor = kept[_draw(seed, document, attempt - degree) % np.uint64(len(kept))]
            window = (places[anchor] + lengths[anchor]) // tokens
            if places[anchor] >= 0 and _is_free(occupied, clusters[document], window):
                _occupy(occupied, clusters[document], window)
                anchors[row] = anchor
                break


@njit(nogil=True, cache=True)
def _is_free(occupied, label, window):  # type: ignore[no-untyped-def]
    free = True
    for near in range(max(window - 1, 0), window + 2):
        free &= occupied[_slot(occupied, label, near)] < 0
    return free


@njit(nogil=True, cache=True)
def _occupy(occupied, label, window):  # type: ignore[no-untyped-def]
    occupied[_slot(occupied, label, window)] = (np.int64(label) << 32) | np.int64(window)


@njit(nogil=True, cache=True)
def _slot(occupied, label, window):  # type: ignore[no-untyped-def]
    key = (np.int64(label) << 32) | np.int64(window)
    mask = len(occupied) - 1
    slot = np.int64((np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32)) & mask
    while occupied[slot] >= 0 and occupied[slot] != key:
        slot = (slot + 1) & mask
    return slot


@njit(nogil=True, cache=True)
def _draw(seed, document, attempt):  # type: ignore[no-untyped-def]
    noise = (np.uint64(seed) * np.uint64(DRAWS + 1) + np.uint64(document)) * np.uint64(DRAWS) + np.uint64(attempt)
    noise = (noise + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    noise = (noise ^ (noise >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    noise = (noise ^ (noise >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return noise ^ (noise >> np.uint64(31))
