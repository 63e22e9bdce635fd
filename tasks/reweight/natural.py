"""Domains in proportion to their tokens."""

import pyarrow as pa

from schemas.recipe import Above0, Count
from tasks.reweight._epochs import budget, checked, mixture, sizes


def natural(domains: pa.Table, *, max_epochs: Above0 | None = 4.0, budget_tokens: Count | None = None) -> pa.Table:
    """Draw each domain in proportion to its tokens, so that all are seen equally often.

    ``domains`` has domain, documents, tokens; ``budget_tokens`` is what to draw (default: all tokens once). When the
    budget is above ``max_epochs`` times all tokens, ``shortfall_tokens`` says what is missing. Sorted by domain.

    Source: Muennighoff et al. 2023, arXiv:2305.16264 (up to 4 epochs are worth nearly as much as fresh tokens).

    >>> table = natural(pa.table({"domain": ["web", "wiki"], "documents": [3, 1], "tokens": [300, 100]}))
    >>> table["weight"].to_pylist(), table["epochs"].to_pylist()
    ([0.75, 0.25], [1.0, 1.0])
    """
    table = checked(domains)
    return mixture(table, sizes(table), budget(table, budget_tokens), max_epochs)
