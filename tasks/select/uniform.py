"""A random draw of documents, up to a quota of tokens: the control that every other selection has to beat.

Cost: one sort by a hash.
"""

import pyarrow as pa

from schemas.recipe import Count
from tasks.draw import uniform as drawn
from tasks.select._quota import Amount, By, Quota, Selected, Shortfall, checked, fill, pool


def uniform(
    documents: pa.Table,
    *,
    seed: int,
    by: By = "source",
    tokens: Amount | None = None,
    quota: Quota = "proportional",
    shortfall: Shortfall = "redistribute",
    max_repeat: Count = 4,
) -> Selected:
    """Take documents of each stratum at random, without regard to any score, until its quota of tokens is met.

    The settings are those of `hard`. A document that a smaller quota takes, a larger one takes too.

    Source: Peng et al. 2025, arXiv:2502.19363 (uniform, by source, and equal by domain).

    >>> documents = pa.table({"doc_id": pa.array([1, 2, 3], pa.uint64()), "tokens": [10, 10, 10], "source": ["a"] * 3})
    >>> int(uniform(documents, seed=0, tokens="60%").copies.sum())
    2
    """
    ask = checked(tokens, quota, shortfall, max_repeat)
    found = pool(documents, by=by, seed=seed, quota=quota)
    return fill(found, drawn(found.doc_id, seed), ask, missing="drop")
