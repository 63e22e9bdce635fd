"""Laws of every mixer, called by the tests of each."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import strategies as st

tokens = st.lists(st.integers(0, 10**12), min_size=1, max_size=8).filter(any)


def domains(sizes):
    """Domains d0, d1, ... with the given tokens."""
    return pa.table(
        {"domain": [f"d{i}" for i in range(len(sizes))], "documents": [1] * len(sizes), "tokens": list(sizes)},
        schema=pa.schema([("domain", pa.string()), ("documents", pa.int64()), ("tokens", pa.int64())]),
    )


def broken(mixed, sizes, budget, max_epochs):
    """Name the laws that a mixture breaks."""
    size = np.array(sizes, float)
    weight, epochs = mixed["weight"].to_numpy(), mixed["epochs"].to_numpy()
    missing = mixed["shortfall_tokens"].to_numpy()
    near = 1e-9 * budget
    laws = {
        "a row per domain": mixed["domain"].to_pylist() == sorted(f"d{i}" for i in range(len(sizes))),
        "weights are shares": weight.sum() == pytest.approx(1) and (weight >= 0).all(),
        "nothing is drawn from nothing": not weight[size == 0].any() and not epochs[size == 0].any(),
        "epochs are capped": (epochs <= max_epochs * (1 + 1e-9)).all(),
        "drawn and missing are the budget": weight * budget == pytest.approx(epochs * size + missing, abs=near),
        "nothing is missing without need": missing.sum()
        == pytest.approx(max(0.0, budget - max_epochs * size.sum()), abs=near),
    }
    return [law for law, holds in laws.items() if not holds]
