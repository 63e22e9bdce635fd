"""An order and its packing beside two others of the same documents, in random order and sorted by source.

Figures that need no training say little alone: what a chain of similar documents gains shows beside a shuffle, and what
it costs in mixing beside sorted sources. All three are packed by the same packer. Of a large corpus only stretches of
the order are compared, so that what the order put side by side stays side by side.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tasks.distinct import distinct
from tasks.order._burstiness import burstiness
from tasks.order._features import flat
from tasks.order._metrics import Members, decile_divergence, order_entropy, order_figures
from tasks.order._related import Related, relate, vectors_of
from tasks.pack._metrics import packing_metrics
from tasks.transform._pieces import is_inserted, placed

Integers = NDArray[np.int64]
Packed = tuple[pa.Table, int | Integers]  # segments, and the room of their contexts
MOST = 4_000
STRETCHES = 20
FEWEST = 5
ALIKE = ("repeat_factor", "rank_slope", "effective_classes")  # whatever the order
PACKING = (
    "contexts",
    "padding_share",
    "extra_context_share",
    "cut_document_share",
    "avoidably_cut_share",
    "mid_document_share",
    "orphan_tokens",
    "source_entropy_per_context",
    "mean_attention_span",
)


@dataclass(frozen=True)
class Told:
    """What is known of documents by ascending doc_id: a number for the source, and what relates them, if counted."""

    doc_ids: NDArray[np.uint64]
    related: Related | None
    words: pa.ListArray | None


def compare(
    packed: pa.Table,
    made: Packed,
    *,
    pack: Callable[[pa.Table], Packed],
    items: pa.Table | None,
    features: pa.Table | None,
    model: str | None,
    neighbors: int,
    duplicate: float,
    seed: int,
) -> dict[str, float]:
    """Return the figures of an order as packed, and of two others: ``made.NAME``, ``random.NAME``, ``by_source.NAME``.

    ``packed`` is what the packer got, in its order; its doc_id is that of a document, or the context of ``items`` that
    it is of. ``features`` (a row per copy: doc_id and what in-context orders measure) add what neighbors tell.

    Source: Gristmill.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    chosen = stretches(len(packed), random)
    sample = packed.take(pa.array(chosen)).combine_chunks()
    told = _told(sample, items, features, model, neighbors, seed)
    shuffled = random.permutation(len(sample))
    sources = sample["source"].to_numpy(zero_copy_only=False).astype(str)
    orders = {
        "made": (sample, made if len(sample) == len(packed) else pack(sample)),
        "random": _packed(sample, shuffled, pack),
        "by_source": _packed(sample, shuffled[np.argsort(sources[shuffled], kind="stable")], pack),
    }
    return {
        f"{name}.{figure}": value
        for name, (documents, found) in orders.items()
        for figure, value in _figures(documents, *found, items, told, neighbors, duplicate).items()
    } | {"compared_documents": float(len(sample))}


def stretches(count: int, random: np.random.Generator) -> Integers:
    """Return which of ``count`` places are compared: all, or equally long stretches from all parts of the order.

    >>> len(stretches(100, np.random.default_rng(0))), len(stretches(9_000, np.random.default_rng(0)))
    (100, 4000)
    """
    if count <= MOST:
        return np.arange(count)
    length, limits = MOST // STRETCHES, np.linspace(0, count, STRETCHES + 1).astype(np.int64)
    starts = [int(random.integers(low, high - length + 1)) for low, high in pairwise(limits)]
    return np.concatenate([np.arange(start, start + length) for start in starts])


def _packed(sample: pa.Table, rows: Integers, pack: Callable[[pa.Table], Packed]) -> tuple[pa.Table, Packed]:
    documents = sample.take(pa.array(rows)).combine_chunks()
    return documents, pack(documents)


def _told(
    sample: pa.Table, items: pa.Table | None, features: pa.Table | None, model: str | None, neighbors: int, seed: int
) -> Told:
    doc_ids = distinct(owners(sample, items).drop_null().to_numpy())
    if features is None or not len(doc_ids):
        return Told(doc_ids, None, None)
    named, first = np.unique(features["doc_id"].to_numpy(), return_index=True)
    rows = first[np.searchsorted(named, doc_ids)]
    known = features.take(pa.array(rows)).combine_chunks()
    related = relate(vectors_of(known, model=model), neighbors=neighbors, seed=seed)
    return Told(doc_ids, related, None if model else flat(known, "word_buckets"))


def owners(documents: pa.Table, items: pa.Table | None) -> pa.Array:
    """Return the doc_id of each row of what was packed: its own, or that of the first text in the context it is of."""
    own = documents["doc_id"].combine_chunks()
    if items is None:
        return own
    text = items.filter(pc.and_(pc.is_valid(items["doc_id"]), pa.array(~is_inserted(items))))
    context, first = np.unique(text["context_id"].to_numpy(), return_index=True)
    row = pc.index_in(own.cast(pa.int64()), pa.array(context))
    return text["doc_id"].combine_chunks().take(pa.array(first)).take(row)


def _figures(
    documents: pa.Table,
    segments: pa.Table,
    room: int | Integers,
    items: pa.Table | None,
    told: Told,
    neighbors: int,
    duplicate: float,
) -> dict[str, float]:
    metrics = packing_metrics(segments, documents, context_length=room).numbers()
    sources = np.unique(documents["source"].to_numpy(zero_copy_only=False).astype(str), return_inverse=True)[1]
    found = {name: metrics[name] for name in PACKING}
    found["documents_per_context"] = len(segments) / max(metrics["contexts"], 1)
    found["source_order_entropy"] = order_entropy(sources)
    found["largest_source_divergence"] = max(decile_divergence(sources), default=0.0)
    members, tokens = _members(segments, items, told)
    if told.related is None or not len(members[0]):
        return found
    order = np.searchsorted(told.doc_ids, owners(documents, items).drop_null().to_numpy()).astype(np.int64)
    found |= order_figures(order, members, told.related, neighbors=neighbors, duplicate=duplicate, tokens=tokens)
    found |= _bursts(members, told.words)
    return {name: value for name, value in found.items() if name not in ALIKE}


def _members(segments: pa.Table, items: pa.Table | None, told: Told) -> tuple[Members, Integers]:
    """Return the context and document of each piece of text, numbered from 0, and its tokens."""
    contexts = placed(segments, items).sort_by([("context_id", "ascending"), ("position", "ascending")])
    text = contexts.filter(pc.and_(pc.is_valid(contexts["doc_id"]), pa.array(~is_inserted(contexts))))
    text = text.filter(pc.is_in(text["doc_id"], pa.array(told.doc_ids)))
    context = np.unique(text["context_id"].to_numpy(), return_inverse=True)[1].astype(np.int64)
    document = np.searchsorted(told.doc_ids, text["doc_id"].to_numpy()).astype(np.int64)
    return (context, document), text["stop"].to_numpy() - text["start"].to_numpy()


def _bursts(members: Members, words: pa.ListArray | None) -> dict[str, float]:
    """Return how bursty contexts are in words of at least five documents: a piece has each of its document's once."""
    if words is None:
        return {}
    offsets, buckets = words.offsets.to_numpy().astype(np.int64), np.unique(words.values, return_inverse=True)[1]
    context, document = members
    size = np.diff(offsets)[document]
    place = np.arange(size.sum()) + np.repeat(offsets[document] - (np.cumsum(size) - size), size)
    common = np.bincount(buckets)[buckets[place]] >= FEWEST
    return burstiness(np.repeat(context, size)[common], buckets[place][common], repeats=2)
