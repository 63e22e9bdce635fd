"""What a packing costs and keeps: exact figures from the segments, none estimated."""

from dataclasses import asdict, dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.errors import UnitError
from tasks.pack._segments import Integers, rows_of


@dataclass(frozen=True)
class PackingMetrics:
    """Figures of one packing; shares are of 1. The name in brackets is the usual short one.

    - contexts, tokens: how many there are; tokens counts each document's once.
    - padding_share (pad_rate): room left empty, of contexts x context_length.
    - extra_contexts, extra_context_share (extra_ctx): contexts beyond ceil(tokens / context_length).
    - cut_document_share (trunc_doc_rate): documents in more than one segment.
    - avoidably_cut_share (avoidable_trunc_rate): the same among all documents, of those that fit one context.
    - cuts, unavoidable_cuts: segments beyond one per document; those that any packing needs.
    - lost_token_share (token_loss_rate), repeated_token_share (dup_rate): of tokens, in no segment; in one too many.
    - mid_document_share (start_mid_doc_rate): contexts that begin inside a document.
    - orphan_tokens (corrupt_ctx_tokens): tokens whose document's beginning is not in their context.
    - documents_per_context: how many contexts have 0, 1, 2 ... segments.
    - source_entropy_per_context: mean over contexts of the entropy (bits) of the sources of their tokens.
    - mean_attention_span (mean_attn_span): mean tokens that a token sees of its own segment, before it.
    - conserved: every token of every document is in exactly one segment.
    """

    contexts: int
    tokens: int
    padding_share: float
    extra_contexts: int
    extra_context_share: float
    cut_document_share: float
    avoidably_cut_share: float
    cuts: int
    unavoidable_cuts: int
    lost_token_share: float
    repeated_token_share: float
    mid_document_share: float
    orphan_tokens: int
    documents_per_context: tuple[int, ...]
    source_entropy_per_context: float
    mean_attention_span: float
    conserved: bool

    def numbers(self) -> dict[str, float]:
        """Return the single figures by name; the histogram is left out."""
        return {name: float(value) for name, value in asdict(self).items() if not isinstance(value, tuple)}


def packing_metrics(segments: pa.Table, documents: pa.Table, *, context_length: int | Integers) -> PackingMetrics:
    """Measure a packing: ``segments`` against ``documents`` (doc_id, copy, tokens, source; one row per occurrence).

    ``context_length`` is that of all contexts, or of each by its number; then no context is one too many, and what is
    avoidable is so by the longest.

    Raises UnitError if a segment names an occurrence that is not in ``documents`` or tokens that it does not have.
    """
    tokens = documents["tokens"].to_numpy().astype(np.int64)
    row = rows_of(segments, documents)
    start, stop = segments["start"].to_numpy(), segments["stop"].to_numpy()
    if len(row) and (start.min() < 0 or (stop <= start).any() or (stop > tokens[row]).any()):
        raise UnitError("a segment is empty or reaches beyond its document's tokens")
    length = stop - start
    ids, context = np.unique(segments["context_id"].to_numpy(), return_inverse=True)
    contexts, total, emitted = len(ids), int(tokens.sum()), int(length.sum())
    if not isinstance(context_length, int):
        room, longest = int(context_length[ids].sum()), int(context_length.max(initial=1))
        least = contexts
    else:
        room, longest = contexts * context_length, context_length
        least = -(-total // context_length)
    distinct = _distinct(row, start, stop, tokens)
    pieces = np.bincount(row, minlength=len(tokens))
    first = segments["position"].to_numpy() == 0
    return PackingMetrics(
        contexts=contexts,
        tokens=total,
        padding_share=_share(room - emitted, room),
        extra_contexts=contexts - least,
        extra_context_share=_share(contexts - least, least),
        cut_document_share=_share(int((pieces > 1).sum()), len(tokens)),
        avoidably_cut_share=_share(int(((pieces > 1) & (tokens <= longest)).sum()), len(tokens)),
        cuts=int(np.maximum(pieces - 1, 0).sum()),
        unavoidable_cuts=int(((tokens - 1) // longest).sum()),
        lost_token_share=_share(total - distinct, total),
        repeated_token_share=_share(emitted - distinct, total),
        mid_document_share=_share(int((start[first] > 0).sum()), contexts),
        orphan_tokens=int(length[start > 0].sum()),
        documents_per_context=tuple(np.bincount(np.bincount(context)).tolist()) if contexts else (),
        source_entropy_per_context=_source_entropy(context, length, documents["source"], row, contexts),
        mean_attention_span=_share(int((length * (length - 1) // 2).sum()), emitted),
        conserved=distinct == total == emitted,
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _distinct(row: Integers, start: Integers, stop: Integers, tokens: Integers) -> int:
    """Return how many tokens are in at least one segment, by a sweep over all documents laid end to end."""
    base = (np.cumsum(tokens) - tokens)[row]
    order = np.argsort(base + start, kind="stable")
    start, stop = (base + start)[order], (base + stop)[order]
    seen = np.maximum.accumulate(np.concatenate([[0], stop]))[:-1]
    return int(np.maximum(stop - np.maximum(start, seen), 0).sum())


def _source_entropy(
    context: Integers, length: Integers, sources: pa.ChunkedArray, row: Integers, contexts: int
) -> float:
    if not contexts:
        return 0.0
    code = pc.dictionary_encode(sources, null_encoding="encode").combine_chunks().indices.to_numpy().astype(np.int64)
    span = int(code.max()) + 1
    pair, inverse = np.unique(context * span + code[row], return_inverse=True)
    share = np.bincount(inverse, weights=length) / np.bincount(context, weights=length)[pair // span]
    return abs(float((share * np.log2(share)).sum() / contexts))
