"""Documents shown after those most like them, as demonstrations of one task are: what in-context learning is made of.

Unlike the published code a document is never its own demonstration, nor is a near copy of it, however exact copies are
ranked; what an instance is worth is asked of a loss that can be another. Each chosen document is compared with all.
"""

from typing import Literal

import numpy as np
import pyarrow as pa

from schemas.errors import RecipeError, UnitError
from schemas.recipe import Count, Finite, Share
from tasks.draw import noise, uniform
from tasks.order._pipeline import relate_some, vectors_of
from tasks.order._vectors import PPM, Vectors
from tasks.order.in_context import COLUMNS, measure
from tasks.transform._losses import Instances, Words, informative, word_cache
from tasks.transform._made import Encode, alike, flat, inserts, joined, of_pieces, spliced, without_contexts
from tasks.transform._pieces import Integers, firsts, is_inserted, parts, replaced

__all__ = ["COLUMNS", "instances", "measure", "undo"]

AFTER_PACK = False
ATTENTION = "context"
REPEATS = True
SEPARATOR, END = "separator", "end"
ROOM = "context_length holds two pieces of piece_length tokens, the separator and an end-of-text token"


def check(
    *,
    separator: str,
    model: str | None,
    informative_by: Literal["words", "nothing"],
    context_length: int,
    piece_length: int,
) -> None:
    """Refuse what leaves no room for two pieces, nothing between them, or nothing to measure them by."""
    if not separator:
        raise RecipeError("instances: separator is empty; it tells one document from the next")
    if model is not None and informative_by == "words":
        raise RecipeError("instances: a model's embeddings hold no words; say informative_by: nothing")
    if context_length <= 2 * piece_length:
        raise RecipeError(f"instances: {ROOM}, got {context_length} and {piece_length}")


def instances(
    contexts: pa.Table,
    *,
    seed: int,
    documents: pa.Table,
    encode: Encode,
    end_of_text: int,
    share: Share = 0.1,
    neighbors: Count = 20,
    shots: Count = 16,
    piece_length: Count = 255,
    context_length: Count = 1024,
    separator: str = "\n",
    shuffle: bool = True,
    apart: Share = 0.9,
    informative_by: Literal["words", "nothing"] = "words",
    margin: Finite = 0.0,
    dimensions: Count = 128,
    features: Count = 256,
    model: str | None = None,
) -> pa.Table:
    """Add instances z_k ... z_1 z_0: a document after its nearest ones, at random places in the order (PICL).

    Each document is a z_0 with probability ``share``; its demonstrations are its nearest ones, of ``neighbors``, by the
    same vectors as in_context's, but none with a cosine above ``apart``: the best ``shots`` that leave the instance
    within ``context_length`` tokens, in random order or, without ``shuffle``, the nearest last. Of each document the
    first ``piece_length`` tokens are read, with a ``separator`` between and one end-of-text token last. Loss on all
    but separators. The documents themselves stay as they are, so that instances mix with plain text.

    ``informative_by: words`` leaves out instances that do not lower a loss by more than ``margin`` nats a word: how
    well words are foretold by those of the documents before. It is a word count and no language model; the paper asks
    one of 0.8 billion parameters.

    Raises UnitError for lengths that leave no room.

    Source: Gu et al. 2023, arXiv:2305.09137; the loss by words: Gristmill.
    """
    contexts = of_pieces(contexts)
    between, _ = flat(encode([separator]))
    if context_length <= 2 * piece_length + len(between):
        raise UnitError(f"instances: {ROOM}, got {context_length}, {piece_length} and {len(between)}")
    row, documents = _plain(contexts, documents)
    chosen = np.flatnonzero(uniform(documents["doc_id"].to_numpy(), seed) < share)
    if len(row) < 2 or not len(chosen):
        return contexts
    vectors = vectors_of(documents, dimensions=dimensions, seed=seed, model=model)
    size = np.minimum(contexts["stop"].to_numpy()[row] - 1, piece_length)
    near = _nearest(vectors, chosen, neighbors, round(apart * PPM))
    found = _assembled(chosen, near, size, shots, context_length - 1, len(between))
    found = _ordered(found, documents["doc_id"].to_numpy(), seed) if shuffle else found
    if informative_by == "words" and len(found.offsets) > 1:
        found = _chosen(found, informative(found, word_cache(_words(documents)), margin))
    if len(found.offsets) < 2:
        return contexts
    return spliced(contexts, _written(contexts, row, size, found, between, end_of_text), seed)


def undo(contexts: pa.Table) -> pa.Table:
    """Leave the instances out."""
    return without_contexts(contexts, SEPARATOR)


def _plain(contexts: pa.Table, documents: pa.Table) -> tuple[Integers, pa.Table]:
    """Return the rows of documents that stand as they are, by ascending doc_id, and what is known of them."""
    heads = firsts(contexts)
    row = heads[:-1][np.diff(heads) == 1]
    first, copy = contexts["start"].to_numpy()[row] == 0, contexts["copy"].fill_null(-1).to_numpy()[row] == 0
    row = row[first & copy & ~is_inserted(contexts)[row] & (contexts["stop"].to_numpy()[row] > 1)]
    ids = contexts["doc_id"].fill_null(0).to_numpy()[row]
    known, mine, theirs = np.intersect1d(ids, documents["doc_id"].to_numpy(), return_indices=True)
    return row[mine], documents.take(pa.array(theirs)) if len(known) else documents.slice(0, 0)


def _nearest(vectors: Vectors, chosen: Integers, neighbors: int, limit: int) -> Integers:
    """Return the nearest documents of each chosen one, best first, -1 where there are no more: none above ``limit``."""
    related = relate_some(vectors, chosen, neighbors=neighbors)
    ids, cosines = related.ids[chosen], related.similarities[chosen]
    ids = np.where((cosines <= limit) & (cosines > 0) & (ids != chosen[:, None]), ids, -1)
    order = np.argsort(ids < 0, axis=1, kind="stable")[:, :neighbors]
    return np.take_along_axis(ids, order, axis=1)


def _assembled(chosen: Integers, near: Integers, size: Integers, shots: int, room: int, between: int) -> Instances:
    """Put the best demonstrations that fit before each document, the nearest last."""
    near = near[:, :shots]
    taken = near >= 0
    used = size[chosen][:, None] + np.cumsum(np.where(taken, size[near] + between, 0), axis=1)
    taken &= used <= room
    # The best ones in a row: what does not fit ends the instance.
    taken = np.logical_and.accumulate(taken, axis=1)
    members = np.concatenate([np.where(taken, near, -1)[:, ::-1], chosen[:, None]], axis=1)
    members = members[taken.any(axis=1)]
    kept = members >= 0
    return Instances(
        np.concatenate([[0], np.cumsum(kept.sum(axis=1))]).astype(np.int64), members[kept].astype(np.int64)
    )


def _ordered(found: Instances, doc_ids: Integers, seed: int) -> Instances:
    """Put the demonstrations of each instance in random order; its own document stays last."""
    count = np.diff(found.offsets)
    which = np.repeat(np.arange(len(count)), count)
    last = np.zeros(len(which), bool)
    last[found.offsets[1:] - 1] = True
    own = doc_ids[found.members[found.offsets[1:] - 1]].astype(np.uint64)
    key = noise(doc_ids[found.members].astype(np.uint64) ^ noise(own, seed)[which], seed)
    return Instances(found.offsets, found.members[np.lexsort([key, last, which])])


def _chosen(found: Instances, kept: Integers) -> Instances:
    count = np.diff(found.offsets)
    return Instances(np.concatenate([[0], np.cumsum(count[kept])]), found.members[np.repeat(kept, count)])


def _words(documents: pa.Table) -> Words:
    buckets, counts = (documents[name].combine_chunks() for name in ("word_buckets", "word_counts"))
    sizes = buckets.value_lengths().to_numpy()
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return Words(offsets, buckets.flatten().to_numpy().astype(np.int64), counts.flatten().to_numpy().astype(float))


def _written(
    contexts: pa.Table, row: Integers, size: Integers, found: Instances, between: Integers, end_of_text: int
) -> pa.Table:
    """Return the instances as contexts."""
    count = np.diff(found.offsets)
    which = np.repeat(np.arange(len(count)), count)
    place = np.arange(len(which))
    rows = row[found.members]
    text = parts(contexts, rows, np.zeros(len(rows), np.int64), size[found.members])
    text = replaced(text, loss_weight=np.ones(len(rows)))
    last = found.offsets[1:] - 1
    stop = pa.array(text["stop"].to_numpy())
    parting = np.delete(place, last)
    ids, offsets = alike(between, len(parting))
    at = stop.take(pa.array(parting))
    gaps = inserts(text, parting, ids, offsets, start=at, stop=at, role=SEPARATOR, loss_weight=0.0)
    ids, offsets = alike([end_of_text], len(last))
    at = stop.take(pa.array(last))
    ends = inserts(text, last, ids, offsets, start=at, stop=at, role=END, loss_weight=1.0)
    return joined((text, which, 2 * place), (gaps, which[parting], 2 * parting + 1), (ends, which[last], 2 * last + 1))
