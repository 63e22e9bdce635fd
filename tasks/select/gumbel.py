"""A random draw that prefers high scores, without repetition, up to a quota of tokens.

The documents with the highest score plus Gumbel noise are a draw without replacement, each next one taken with
probability in proportion to exp(score / temperature). A low temperature comes near to `hard`, a high one to `uniform`.
The noise belongs to the document and the seed, so that a larger quota takes what a smaller one takes. Cost: one sort.
"""

import numpy as np
import pyarrow as pa

from schemas.recipe import Above0, Count
from tasks.draw import uniform
from tasks.select._quota import Amount, By, Missing, Quota, Selected, Shortfall, checked, fill, pool


def gumbel(
    documents: pa.Table,
    *,
    seed: int,
    score: str,
    by: By = "source",
    tokens: Amount | None = None,
    quota: Quota = "proportional",
    shortfall: Shortfall = "redistribute",
    max_repeat: Count = 4,
    temperature: Above0 = 1.0,
    lowest: bool = False,
    missing: Missing = "drop",
) -> Selected:
    """Draw documents of each stratum in proportion to exp(score / temperature) until its quota of tokens is met.

    ``temperature`` is in units of the score, above 0. For importance weights, the score is their logarithm. The other
    settings are those of `hard`. UnitError: unclear settings.

    Source: Xie et al. 2023, arXiv:2302.03169 (resampling by Gumbel top-k).

    >>> documents = pa.table({"doc_id": pa.array([1, 2], pa.uint64()), "tokens": [10, 10],
    ...                       "source": ["a", "a"], "log_importance": [0.0, 99.0]})
    >>> gumbel(documents, seed=0, score="log_importance", tokens=10).copies.tolist()
    [0, 1]
    """
    ask = checked(tokens, quota, shortfall, max_repeat)
    found = pool(documents, by=by, seed=seed, score=score, quota=quota)
    leaning = (-found.score if lowest else found.score) / temperature
    return fill(found, leaning - np.log(-np.log(uniform(found.doc_id, seed))), ask, missing=missing)
