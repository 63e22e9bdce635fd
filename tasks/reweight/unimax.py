"""Domains as evenly as an epoch cap permits."""

import numpy as np
import pyarrow as pa

from schemas.recipe import Above0, Count
from tasks.reweight._epochs import budget, checked, mixture, sizes


def unimax(domains: pa.Table, *, max_epochs: Above0 = 4.0, budget_tokens: Count | None = None) -> pa.Table:
    """Draw all domains equally, but none more than ``max_epochs`` times.

    The smallest domain takes an even share of the budget or all it may give, then the next of what is left.
    ``budget_tokens`` is what to draw (default: all tokens once; with ``max_epochs`` 1 that is the natural mixture).
    When all domains together may not give the budget, ``shortfall_tokens`` says what is missing. Sorted by domain.

    Source: Chung et al. 2023, arXiv:2304.09151, algorithm 1; cap by Muennighoff et al. 2023, arXiv:2305.16264
    (up to 4 epochs are worth nearly as much as fresh tokens).

    >>> domains = pa.table({"domain": ["a", "b", "c"], "documents": [1, 1, 1], "tokens": [1, 10, 100]})
    >>> [round(weight * 60) for weight in unimax(domains, max_epochs=4, budget_tokens=60)["weight"].to_pylist()]
    [4, 28, 28]
    """
    table = checked(domains)
    total = budget(table, budget_tokens)
    tokens = sizes(table)
    left = total
    given = np.zeros(len(tokens))
    ascending = np.argsort(tokens, kind="stable")
    for done, domain in enumerate(ascending[tokens[ascending] > 0]):
        given[domain] = min(left / ((tokens > 0).sum() - done), max_epochs * tokens[domain])
        left -= given[domain]
    return mixture(table, given, total, max_epochs)
