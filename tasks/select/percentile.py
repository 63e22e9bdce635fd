"""The best share of each stratum, ties included.

A threshold that was right for one pool means nothing in another; a rank does. Unlike `hard`, documents with equal
scores stay or go together, so that more than the share may stay where many scores are equal. Cost: one sort.
"""

from typing import Literal

import numpy as np
import pyarrow as pa

from schemas.recipe import ShareAbove0
from tasks.select._quota import By, Missing, Selected, pool, ranked, selected

ROUNDING = 1e-12


def percentile(
    documents: pa.Table,
    *,
    seed: int,
    score: str,
    by: By = "source",
    share: ShareAbove0 = 0.1,
    of: Literal["tokens", "documents"] = "tokens",
    lowest: bool = False,
    missing: Missing = "drop",
) -> Selected:
    """Take every document that scores at least as high as the best ``share`` of its stratum.

    The threshold is the score at which the documents with the highest scores first hold ``share`` of the stratum's
    tokens, or of its documents; ``share`` is above 0 and at most 1. ``lowest`` takes the other end. The other settings
    are those of `hard`.

    Source: Li et al. 2024, arXiv:2406.11794 (the top share by score, of documents).

    >>> documents = pa.table({"doc_id": pa.array([1, 2, 3], pa.uint64()), "tokens": [10, 10, 10],
    ...                       "source": ["a"] * 3, "quality": [0.9, 0.9, 0.5]})
    >>> percentile(documents, seed=0, score="quality").copies.tolist()
    [1, 1, 0]
    """
    found = pool(documents, by=by, seed=seed, score=score)
    rank = -found.score if lowest else found.score
    weight = found.tokens if of == "tokens" else np.ones(len(rank), np.int64)
    copies = np.zeros(len(rank), np.int32)
    threshold = np.full(len(found.paths), np.nan)
    asked = [round(share * size) for size in found.per_stratum(np.where(found.scored, found.tokens, 0)).tolist()]
    for k, order in enumerate(ranked(found, found.scored, rank)):
        if len(order):
            held = np.cumsum(weight[order])
            last = order[np.searchsorted(held, share * held[-1] * (1 - ROUNDING))]
            threshold[k] = found.score[last]
            copies[order[rank[order] >= rank[last]]] = 1
    given = asked if of == "tokens" else None
    return selected(found, copies, missing, eligible=found.scored, asked=given, given=given, threshold=threshold)
