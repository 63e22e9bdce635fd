"""Packing figures against a slow count over single tokens, and against packings broken on purpose."""

from collections import Counter
from math import log2

import pyarrow as pa
import pytest
from hypothesis import given, settings

from schemas.errors import UnitError
from tasks.pack._metrics import PackingMetrics, packing_metrics
from tasks.pack.best_fit import best_fit
from tasks.pack.concatenate import concatenate
from tests.units.pack.laws import LENGTHS, LIMITS, contents, occurrences


def counted(segments: pa.Table, documents: pa.Table, limit: int) -> dict[str, float]:
    """The same figures by a loop over contexts."""
    rows, packed = documents.to_pylist(), contents(segments)
    source = {(d["doc_id"], d["copy"]): d["source"] for d in rows}
    pieces = Counter((s["doc_id"], s["copy"]) for s in segments.to_pylist())
    total = sum(d["tokens"] for d in rows)
    entropies, visible = [], []
    for held in packed:
        size = Counter[str]()
        for doc_id, copy, start, stop in held:
            size[source[doc_id, copy]] += stop - start
            visible += range(stop - start)
        whole = sum(size.values())
        entropies.append(-sum(n / whole * log2(n / whole) for n in size.values()))
    cut = [d for d in rows if pieces[d["doc_id"], d["copy"]] > 1]
    return {
        "contexts": len(packed),
        "tokens": total,
        "padding_share": 1 - total / (len(packed) * limit) if packed else 0,
        "extra_contexts": len(packed) - -(-total // limit),
        "cut_document_share": len(cut) / len(rows) if rows else 0,
        "avoidably_cut_share": sum(d["tokens"] <= limit for d in cut) / len(rows) if rows else 0,
        "cuts": sum(pieces.values()) - len(rows),
        "unavoidable_cuts": sum((d["tokens"] - 1) // limit for d in rows),
        "mid_document_share": sum(held[0][2] > 0 for held in packed) / len(packed) if packed else 0,
        "orphan_tokens": sum(b - a for held in packed for _, _, a, b in held if a),
        "source_entropy_per_context": sum(entropies) / len(entropies) if entropies else 0,
        "mean_attention_span": sum(visible) / len(visible) if visible else 0,
        "lost_token_share": 0,
        "repeated_token_share": 0,
        "conserved": 1,
    }


@settings(deadline=None)
@given(LENGTHS, LIMITS)
def test_figures_are_those_of_a_slow_count(lengths: list[int], limit: int) -> None:
    documents = occurrences(lengths)
    for packer in (best_fit, concatenate):
        segments = packer(documents, context_length=limit, seed=3)
        metrics = packing_metrics(segments, documents, context_length=limit)
        expected = counted(segments, documents, limit)
        assert {name: metrics.numbers()[name] for name in expected} == pytest.approx(expected)
        histogram = Counter(len(held) for held in contents(segments))
        assert Counter({n: count for n, count in enumerate(metrics.documents_per_context) if count}) == histogram


def broken(segments: pa.Table) -> PackingMetrics:
    return packing_metrics(segments, occurrences([6, 4]), context_length=5)


def test_lost_and_repeated_tokens_are_seen() -> None:
    segments = concatenate(occurrences([6, 4]), context_length=5, shuffle=False)
    lost, repeated = broken(segments.slice(1)), broken(pa.concat_tables([segments, segments.slice(0, 1)]))
    assert (lost.conserved, lost.lost_token_share, lost.repeated_token_share) == (False, 0.5, 0.0)
    assert (repeated.conserved, repeated.lost_token_share, repeated.repeated_token_share) == (False, 0.0, 0.5)


def test_strange_segments_are_refused() -> None:
    segments = concatenate(occurrences([6, 4]), context_length=5, shuffle=False)
    with pytest.raises(UnitError, match="not among those packed"):
        packing_metrics(segments, occurrences([6]), context_length=5)
    with pytest.raises(UnitError, match="beyond its document"):
        packing_metrics(segments, occurrences([6, 3]), context_length=5)
