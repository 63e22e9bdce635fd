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


def check(mixed, sizes, budget, max_epochs):
    """Weights sum to 1, caps hold, drawn plus missing tokens are the budget, and nothing is missing without need."""
    size = np.array(sizes, float)
    weight, epochs = mixed["weight"].to_numpy(), mixed["epochs"].to_numpy()
    missing = mixed["shortfall_tokens"].to_numpy()
    assert mixed["domain"].to_pylist() == sorted(f"d{i}" for i in range(len(sizes)))
    assert weight.sum() == pytest.approx(1) and (weight >= 0).all()
    assert (weight[size == 0] == 0).all() and (epochs[size == 0] == 0).all()
    assert (epochs <= max_epochs * (1 + 1e-9)).all()
    near = 1e-9 * budget
    assert weight * budget == pytest.approx(epochs * size + missing, abs=near)
    assert missing.sum() == pytest.approx(max(0.0, budget - max_epochs * size.sum()), abs=near)
