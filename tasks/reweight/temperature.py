"""Domains in proportion to a power of their tokens."""

import numpy as np
import pyarrow as pa

from schemas.recipe import Above0, Count, From0
from tasks.reweight._epochs import budget, checked, mixture, sizes


def temperature(
    domains: pa.Table, *, alpha: From0 = 0.7, max_epochs: Above0 | None = 4.0, budget_tokens: Count | None = None
) -> pa.Table:
    """Draw each domain in proportion to a power of its tokens: 1 is natural, 0 is uniform.

    ``alpha`` is 1 / temperature, at least 0. Domains over ``max_epochs`` stop there and the others share the rest.
    ``budget_tokens`` is what to draw (default: all tokens once). An empty domain gets weight 0. Sorted by domain.

    Source: Devlin et al. 2019, arXiv:1810.04805 (multilingual release, google-research/bert multilingual.md: 0.7);
    cap by Muennighoff et al. 2023, arXiv:2305.16264 (up to 4 epochs are worth nearly as much as fresh tokens).

    >>> table = temperature(pa.table({"domain": ["web", "wiki"], "documents": [3, 1], "tokens": [400, 100]}), alpha=0.5)
    >>> [round(weight, 3) for weight in table["weight"].to_pylist()]
    [0.667, 0.333]
    """
    table = checked(domains)
    tokens = sizes(table)
    # Divided by the largest before the power, so that no alpha overflows.
    shares = np.where(tokens > 0, (tokens / tokens.max()) ** alpha, 0.0)
    return mixture(table, shares, budget(table, budget_tokens), max_epochs)
