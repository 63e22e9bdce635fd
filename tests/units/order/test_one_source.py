"""Contexts of one source: stretches hold one source, and every part of the order has the mixture of the whole."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import RecipeError
from tasks import units
from tasks.order.one_source import one_source


def documents(sources: list[int], seed: int = 0, longest: int = 100) -> pa.Table:
    rng = np.random.default_rng(seed)
    return pa.table(
        {
            "doc_id": pa.array(rng.permutation(len(sources)).astype(np.uint64)),
            "tokens": rng.integers(1, longest + 1, len(sources)),
            "source": [f"s{s}" for s in sources],
        }
    )


def contexts(table: pa.Table, order: np.ndarray, length: int) -> list[list[str]]:
    """The sources whose documents begin in each context of documents that are joined and cut."""
    tokens = table["tokens"].to_numpy()[order]
    begins = (np.cumsum(tokens) - tokens) // length
    names = np.array(table["source"].to_pylist())[order]
    return [names[begins == c].tolist() for c in range(int(begins.max()) + 1)]


def test_documents_that_begin_in_a_context_are_mostly_of_one_source() -> None:
    table = documents(np.random.default_rng(1).integers(0, 4, 4000).tolist())
    found = [set(c) for c in contexts(table, one_source(table, seed=1, context_length=2000), 2000) if c]
    mixed = [set(c) for c in contexts(table, np.random.default_rng(0).permutation(4000), 2000) if c]
    assert np.mean([len(c) for c in found]) <= 2 and np.mean([len(c) for c in mixed]) > 3.5
    longer = one_source(table, seed=1, context_length=2000, contexts=8)
    assert np.mean([len(set(c)) for c in contexts(table, longer, 2000) if c]) < 1.2


def test_every_part_of_the_order_has_the_mixture_of_the_whole() -> None:
    table = documents(([0] * 6 + [1] * 3 + [2]) * 600)
    order = one_source(table, seed=3, context_length=500)
    names = np.array(table["source"].to_pylist())[order]
    for tenth in np.array_split(names, 10):
        assert np.mean(tenth == "s0") == pytest.approx(0.6, abs=0.05)
        assert np.mean(tenth == "s2") == pytest.approx(0.1, abs=0.03)


@given(st.lists(st.integers(0, 3), max_size=40), st.integers(1, 200), st.integers(1, 3))
@settings(deadline=None, derandomize=True)
def test_is_a_permutation_of_any_documents(sources: list[int], length: int, many: int) -> None:
    order = one_source(documents(sources), seed=0, context_length=length, contexts=many)
    assert sorted(order.tolist()) == list(range(len(sources)))


def test_refuses_a_context_without_room() -> None:
    with pytest.raises(RecipeError, match="context_length"):
        units.unit("order", "one_source").resolve({"context_length": 0})
