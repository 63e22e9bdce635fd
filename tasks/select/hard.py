"""The best documents of each stratum, up to a quota of tokens.

A threshold by value picks the strata whose scores run high; this one compares only inside a stratum. Peers that select
by quota draw documents again, silently, where a stratum is smaller than its quota; here that is a setting, and every
stratum says what it could not give. Cost: one sort.
"""

import pyarrow as pa

from schemas.recipe import Count
from tasks.select._quota import Amount, By, Missing, Quota, Selected, Shortfall, checked, fill, pool


def hard(
    documents: pa.Table,
    *,
    seed: int,
    score: str,
    by: By = "source",
    tokens: Amount | None = None,
    quota: Quota = "proportional",
    shortfall: Shortfall = "redistribute",
    max_repeat: Count = 4,
    lowest: bool = False,
    missing: Missing = "drop",
) -> Selected:
    """Take the documents with the highest score in each stratum until its quota of tokens is met.

    ``by``: one column or several, from the outermost; [] is one stratum of all. ``tokens``: a count, or a share of the
    tokens that have a score; shared out in proportion to the strata's tokens or equally; or ``quota`` names tokens for
    each value of the first column, and inside it they are shared in proportion. ``shortfall``: what a stratum cannot
    give is asked of the others, or not, or its documents are taken again, at most ``max_repeat`` times. ``lowest``
    takes the other end, as a control. Equal scores: by the hash of (seed, doc_id). UnitError: unclear settings.

    Source: Peng et al. 2025, arXiv:2502.19363 (selection by source, then by domain, then by the highest score).

    >>> documents = pa.table({"doc_id": pa.array([1, 2, 3], pa.uint64()), "tokens": [10, 10, 10],
    ...                       "source": ["a", "a", "b"], "quality": [0.1, 0.9, 0.5]})
    >>> hard(documents, seed=0, score="quality", tokens=15).copies.tolist()
    [0, 1, 1]
    """
    ask = checked(tokens, quota, shortfall, max_repeat)
    found = pool(documents, by=by, seed=seed, score=score, quota=quota)
    return fill(found, -found.score if lowest else found.score, ask, missing=missing, cut=True)
