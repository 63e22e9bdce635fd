"""What an order does to the documents' places, from narrow columns: by a score, by source and length, in repeats."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tasks.order._metrics import decile_divergence, score_order_correlation

Integers = NDArray[np.int64]


def placing_figures(ordered: pa.Table, score: str | None = None) -> dict[str, float]:
    """Return figures of an order of document copies: ``ordered`` has doc_id, copy, source, tokens and ``score``.

    - score_order_correlation: Kendall's tau-b of the score with the place.
    - largest_source_divergence, largest_length_divergence (bits): how far the tenth of the order that differs most
      is from the whole in its sources, and in its lengths by powers of two. An order by a score may be one by those.
    - smallest_repeat_gap: the fewest tokens between the end of a document and its next copy; only if there are copies.
    """
    found = {}
    if score is not None and score in ordered.column_names:
        values = ordered[score].to_numpy(zero_copy_only=False).astype(np.float64)
        found["score_order_correlation"] = score_order_correlation(values)
    sources = np.unique(ordered["source"].to_numpy(zero_copy_only=False).astype(str), return_inverse=True)[1]
    sizes = np.frexp(ordered["tokens"].to_numpy())[1].astype(np.int64)
    for name, labels in (("source", sources), ("length", sizes)):
        found[f"largest_{name}_divergence"] = max(decile_divergence(labels), default=0.0)
    gap = smallest_repeat_gap(ordered["doc_id"].to_numpy(), ordered["tokens"].to_numpy())
    return found if gap is None else {**found, "smallest_repeat_gap": float(gap)}


def smallest_repeat_gap(doc_ids: NDArray[np.uint64], tokens: Integers) -> int | None:
    """Return the fewest tokens between two copies of one document in an order; None if nothing is repeated."""
    ends = np.cumsum(tokens)
    order = np.argsort(doc_ids, kind="stable")
    again = doc_ids[order][1:] == doc_ids[order][:-1]
    gaps = ((ends - tokens)[order][1:] - ends[order][:-1])[again]
    return int(gaps.min()) if len(gaps) else None
