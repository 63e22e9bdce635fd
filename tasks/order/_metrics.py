"""What an order gains: figures that need no training, from the order, its contexts and the documents' vectors."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
from numba import njit
from numpy.typing import NDArray

from tasks.distinct import distinct
from tasks.order._graph import Graph, link
from tasks.order._neighbors import Mapper
from tasks.order._related import Related, relate, relate_some, vectors_of
from tasks.order._vectors import PPM, Vectors, cosines, similarities

Integers = NDArray[np.int64]
Members = tuple[Integers, Integers]  # context and document of each segment, by context and position


def order_figures(
    order: Integers,
    members: Members,
    related: Related,
    *,
    neighbors: int = 10,
    duplicate: float = 0.9,
    tokens: Integers | None = None,
) -> dict[str, float]:
    """All figures of an order of n documents cut into contexts.

    Documents without neighbors in ``related`` count in no figure about neighbors; jumps are scaled up accordingly.

    ``order`` holds document numbers; ``members`` (context, document), one entry per segment, by context and position.
    ``duplicate`` is the cosine above which two documents are near-duplicates; ``tokens`` are the lengths of the
    segments, all alike if not given. In brackets the published short names:

    - adjacent_similarity, adjacent_similarity_in_context (adj_cos): mean cosine of successive documents, of all and of
      those within one context.
    - linked_share (edge_rate), jumps: successive documents that are linked in the neighbor graph; pieces of the order.
    - neighbor_hit_share (nn_hit@k): documents with at least one of their nearest neighbors in a context of theirs.
    - neighbor_recall (nn_recall@k): mean share of a document's nearest neighbors found there.
    - context_similarity (intra_cos): mean cosine of two documents of one context.
    - next_context_similarity (next_ctx_cos): mean cosine of what two tokens of successive contexts are of. Weighed by
      tokens, since contexts hold as many of them whatever the order: any order has the same mean over all pairs of
      contexts, and a shuffle must come near it. By documents, an order that puts short ones together differs by that.
    - duplicate_share (in_ctx_dup): documents with a near-duplicate in a context of theirs.
    - repeat_factor: documents given out for each distinct one.

    Source: Shi et al. 2023, arXiv:2310.10638, and Gristmill.
    """
    limit = round(duplicate * PPM)
    graph = link(related.ids, related.similarities, neighbors=neighbors, apart=limit)
    searched: NDArray[np.bool_] = np.any(related.ids >= 0, axis=1)
    pairs = searched[order[:-1]] & searched[order[1:]]
    linked = linked_pairs(graph, order[:-1][pairs], order[1:][pairs])
    context, document = members
    inside = context[:-1] == context[1:]
    nearest = np.where(related.similarities <= limit, related.ids, -1)
    hit, recall = neighbors_found(members, _first(nearest, neighbors))
    within, across = context_similarities(members, related.vectors, tokens)
    return {
        "adjacent_similarity": _mean(cosines(related.vectors, order[:-1], order[1:])),
        "adjacent_similarity_in_context": _mean(cosines(related.vectors, document[:-1][inside], document[1:][inside])),
        "linked_share": _mean(linked),
        "jumps": _jumps(linked, len(order)),
        "neighbor_hit_share": hit,
        "neighbor_recall": recall,
        "context_similarity": _mean(within),
        "next_context_similarity": _mean(across),
        "duplicate_share": duplicate_share(members, related.vectors, duplicate),
        "repeat_factor": len(order) / max(len(distinct(order)), 1),
    }


def measure_order(
    documents: pa.Table,
    segments: pa.Table,
    *,
    seed: int,
    neighbors: int = 10,
    dimensions: int = 128,
    duplicate: float = 0.9,
    model: str | None = None,
    sample: int | None = None,
    mapper: Mapper = map,
) -> dict[str, float]:
    """All figures of a packed order, whoever made it.

    With ``sample`` the figures about neighbors come from so many seeded places in the order, each with the next one.

    ``documents`` are in their order, with doc_id, domain and the columns that ``in_context`` measures; ``segments``
    have context_id, position, doc_id, start and stop. Documents that occur more than once are measured
    at their first place.
    """
    rank = _ranks(documents["doc_id"].to_numpy())
    _, first = np.unique(rank, return_index=True)
    vectors = vectors_of(documents.take(pa.array(first)), dimensions=dimensions, seed=seed, model=model)
    if sample is None or len(rank) <= 2 * sample:
        related = relate(vectors, neighbors=neighbors, seed=seed, mapper=mapper)
    else:
        chosen = np.random.Generator(np.random.PCG64(seed)).choice(len(rank) - 1, sample, replace=False)
        related = relate_some(vectors, distinct(rank[np.append(chosen, chosen + 1)]), neighbors=neighbors)
    known = distinct(documents["doc_id"].to_numpy())
    segments = segments.sort_by([("context_id", "ascending"), ("position", "ascending")])
    members = (
        np.unique(segments["context_id"].to_numpy(), return_inverse=True)[1].astype(np.int64),
        np.searchsorted(known, segments["doc_id"].to_numpy()).astype(np.int64),
    )
    tokens = segments["stop"].to_numpy() - segments["start"].to_numpy()
    figures = order_figures(rank, members, related, neighbors=neighbors, duplicate=duplicate, tokens=tokens)
    domains = np.unique(documents["domain"].to_numpy(zero_copy_only=False).astype(str), return_inverse=True)[1]
    return {
        **figures,
        "search_recall": related.recall,
        "domain_order_entropy": order_entropy(domains),
        "largest_decile_divergence": max(decile_divergence(domains), default=0.0),
    }


def _jumps(linked: NDArray[np.bool_], count: int) -> float:
    if not len(linked):
        return float(count)
    return round(float((~linked).mean()) * (count - 1)) + 1.0


def linked_pairs(graph: Graph, first: Integers, second: Integers) -> NDArray[np.bool_]:
    """Whether each pair of documents is linked."""
    sources = np.repeat(np.arange(len(graph)), np.diff(graph.offsets))
    keys = np.sort(sources * len(graph) + graph.targets)
    return _contains(keys, first * len(graph) + second)


def neighbors_found(members: Members, nearest: NDArray[np.int32]) -> tuple[float, float]:
    """Share of documents with one of their ``nearest`` (n, k; -1 pads) in a context of theirs; mean share found there.

    Documents without neighbors count in neither figure.
    """
    context, document = members
    count, width = nearest.shape
    keys = distinct(context * count + document)
    there = np.zeros(nearest.shape, np.bool_)
    for column in range(width):
        others = nearest[document, column]
        found = _contains(keys, context * count + others) & (others >= 0)
        np.logical_or.at(there[:, column], document, found)
    wanted = (nearest >= 0).sum(axis=1)
    shares = there.sum(axis=1)[wanted > 0] / wanted[wanted > 0]
    return _mean(shares > 0), _mean(shares)


def context_similarities(
    members: Members, vectors: Vectors, tokens: Integers | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean cosine of two documents of a context, for each with two or more; and of tokens of successive contexts."""
    lengths = np.ones(len(members[0])) if tokens is None else tokens
    keys, segment = np.unique(members[0] * max(len(vectors), 1) + members[1], return_inverse=True)
    context, document = keys // max(len(vectors), 1), keys % max(len(vectors), 1)
    shares = np.bincount(segment, np.maximum(lengths, 0), len(keys))
    starts = np.append(np.flatnonzero(np.diff(context, prepend=-1)), len(context))
    words = vectors.in_words()
    within, across = np.full(len(starts) - 1, np.nan), np.zeros(max(len(starts) - 2, 0))
    rows = (words.offsets, words.buckets, words.weights)
    _context_products(rows, int(words.buckets.max(initial=0)) + 1, starts, document, shares, within, across)
    return within[~np.isnan(within)], across


def duplicate_share(members: Members, vectors: Vectors, duplicate: float) -> float:
    """Share of documents that have a document with a cosine above ``duplicate`` in a context of theirs."""
    context, document = _distinct(members, len(vectors))
    starts = np.append(np.flatnonzero(np.diff(context, prepend=-1)), len(context))
    repeated = np.zeros(len(vectors), np.bool_)
    for start, stop in pairwise(starts):
        inside = document[start:stop]
        found = similarities(vectors, inside, np.broadcast_to(inside, (len(inside), len(inside)))) > duplicate * PPM
        np.fill_diagonal(found, False)
        repeated[inside[found.any(axis=1)]] = True
    return _mean(repeated[distinct(document)])


def order_entropy(labels: Integers) -> float:
    """Entropy (bits) of a label given the one before it: 0 for sorted runs, that of the labels for a random order."""
    if len(labels) < 2:
        return 0.0
    _, pairs = np.unique(labels[:-1] * (int(labels.max()) + 1) + labels[1:], return_counts=True)
    return _entropy(pairs) - _entropy(np.unique(labels[:-1], return_counts=True)[1])


def score_order_correlation(scores: NDArray[np.float64]) -> float:
    """Kendall's tau-b between scores and their places: 1 for ascending, -1 for descending, 0 if it is not defined."""
    from scipy.stats import kendalltau

    if len(scores) < 2 or np.ptp(scores) == 0:
        return 0.0
    return float(kendalltau(scores, np.arange(len(scores))).statistic)


def decile_divergence(labels: Integers) -> list[float]:
    """Divergence (Kullback-Leibler, bits) of each tenth of the order from the whole: how far its mixture drifts."""
    whole = np.bincount(labels) / max(len(labels), 1)
    divergences = []
    for tenth in np.array_split(labels, 10):
        if len(tenth):
            share = np.bincount(tenth, minlength=len(whole)) / len(tenth)
            there = share > 0
            divergences.append(float((share[there] * np.log2(share[there] / whole[there])).sum()))
    return divergences


def _first(ids: NDArray[np.int32], count: int) -> NDArray[np.int32]:
    """The first ``count`` ids of each row that are not -1."""
    order = np.argsort(ids < 0, axis=1, kind="stable")[:, :count]
    return np.take_along_axis(ids, order, axis=1)


def _distinct(members: Members, count: int) -> Members:
    keys = distinct(members[0] * max(count, 1) + members[1])
    return keys // max(count, 1), keys % max(count, 1)


def _contains(keys: Integers, wanted: Integers) -> NDArray[np.bool_]:
    if not len(keys):
        return np.zeros(len(wanted), np.bool_)
    return keys[np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)] == wanted


def _ranks(doc_ids: NDArray[np.uint64]) -> Integers:
    return np.unique(doc_ids, return_inverse=True)[1].astype(np.int64)


def _entropy(counts: Integers) -> float:
    shares = counts / counts.sum()
    return float(-(shares * np.log2(shares)).sum())


def _mean(values: NDArray[np.float64] | NDArray[np.bool_]) -> float:
    return float(np.mean(values)) if len(values) else 0.0


@njit(nogil=True, cache=True)
def _context_products(rows, size, starts, document, shares, within, across):  # type: ignore[no-untyped-def]
    # The sum of the unit vectors before a document holds its cosines with all of them.
    offsets, buckets, weights = rows
    before, sums, plain = np.zeros(size), np.zeros(size), np.zeros(size)
    weight_before = 0.0
    for context in range(len(starts) - 1):
        members = document[starts[context] : starts[context + 1]]
        total = crossing = 0.0
        weight = shares[starts[context] : starts[context + 1]].sum()
        for place in range(len(members)):
            share = shares[starts[context] + place]
            norm = _norm(rows, members[place])
            for entry in range(offsets[members[place]], offsets[members[place] + 1]):
                unit = weights[entry] / norm if norm > 0.0 else 0.0
                total += plain[buckets[entry]] * unit * 2.0
                crossing += before[buckets[entry]] * unit * share
                sums[buckets[entry]] += unit * share
            for entry in range(offsets[members[place]], offsets[members[place] + 1]):
                plain[buckets[entry]] += weights[entry] / norm if norm > 0.0 else 0.0
        if len(members) > 1:
            within[context] = total / (len(members) * (len(members) - 1.0))
        if context > 0:
            across[context - 1] = crossing / max(weight * weight_before, 1.0)
            for row in document[starts[context - 1] : starts[context]]:
                before[buckets[offsets[row] : offsets[row + 1]]] = 0.0
        for row in members:
            plain[buckets[offsets[row] : offsets[row + 1]]] = 0.0
        weight_before = weight
        before, sums = sums, before


@njit(nogil=True, cache=True)
def _norm(rows, document):  # type: ignore[no-untyped-def]
    offsets, _, weights = rows
    squares = 0.0
    for entry in range(offsets[document], offsets[document + 1]):
        squares += np.float64(weights[entry]) ** 2
    return np.sqrt(squares)
