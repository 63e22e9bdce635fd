"""Domains as often as somebody says: the mixtures of recipes that repeat what is rare and wanted."""

import numpy as np
import pyarrow as pa

from schemas.errors import UnitError
from schemas.recipe import From0
from tasks.reweight._epochs import checked, mixture, sizes


def given(domains: pa.Table, *, epochs: dict[str, From0] | None = None, other: From0 = 1.0) -> pa.Table:
    """Draw each domain as often as ``epochs`` says, and those that it does not name ``other`` times.

    ``domains`` has domain, documents, tokens. Sorted by domain. Raises UnitError if nothing is drawn.

    Source: Touchent et al. 2025, arXiv:2506.20331 (clinical articles ten times).

    >>> table = given(pa.table({"domain": ["clinical", "other"], "documents": [1, 9], "tokens": [10, 90]}),
    ...               epochs={"clinical": 10})
    >>> table["epochs"].to_pylist(), [round(weight, 3) for weight in table["weight"].to_pylist()]
    ([10.0, 1.0], [0.526, 0.474])
    """
    table = checked(domains)
    times = np.array([(epochs or {}).get(domain, other) for domain in table["domain"].to_pylist()], np.float64)
    drawn = times * sizes(table)
    if not drawn.sum():
        raise UnitError("epochs of 0 for every domain with tokens draw nothing")
    return mixture(table, drawn, float(drawn.sum()), None)
