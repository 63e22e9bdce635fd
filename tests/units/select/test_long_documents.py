"""Long documents: shares of sources stay, the share of long documents grows, no document comes twice."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import RecipeError
from tasks import units
from tasks.select.long_documents import long_documents
from tests.units.select.made import many, tables

SOURCES = {"web": 0.55, "code": 0.25, "books": 0.15, "wiki": 0.05}


def published(count: int = 60_000) -> pa.Table:
    """Four sources, in each 30 % of the documents of 4,096 tokens or more."""
    random = np.random.default_rng(7)
    long = random.random(count) < 0.3
    lengths = np.where(long, random.integers(4096, 40_000, count), random.integers(50, 4096, count))
    source = random.choice(list(SOURCES), count, p=list(SOURCES.values()))
    return pa.table({"doc_id": random.permutation(count).astype(np.uint64), "tokens": lengths, "source": source})


def shares(documents: pa.Table, copies: Any) -> dict[str, float]:
    """Each source's share of the tokens."""
    tokens, source = documents["tokens"].to_numpy() * copies, documents["source"].to_numpy(zero_copy_only=False)
    return {name: float(tokens[source == name].sum() / tokens.sum()) for name in SOURCES}


@pytest.mark.parametrize("asked", [{"long_share": 0.7}, {"long_share": 0.7, "tokens": "50%"}, {"keep": 0.1}])
def test_the_published_change_of_lengths_at_the_same_shares(asked: dict[str, Any]) -> None:
    documents = published()
    found = long_documents(documents, seed=1, **asked)
    before, after = shares(documents, 1), shares(documents, found.copies)
    for name in SOURCES:
        assert abs(after[name] / before[name] - 1) < 0.01
        mine = (documents["source"].to_numpy(zero_copy_only=False) == name) & (found.copies > 0)
        long = (documents["tokens"].to_numpy()[mine] >= 4096).mean()
        assert long == pytest.approx(0.7 if "long_share" in asked else 0.3 / (0.3 + 0.07), abs=0.02)
    assert found.copies.max() == 1


@given(documents=tables, threshold=st.integers(1, 60), keep=st.sampled_from([0.0, 0.3, 1.0]), seed=st.integers(0, 5))
def test_no_source_is_a_document_away_from_its_share(
    documents: pa.Table, threshold: int, keep: float, seed: int
) -> None:
    found = long_documents(documents, seed=seed, threshold=threshold, keep=keep)
    tokens = documents["tokens"].to_numpy()
    for row in found.quotas.to_pylist():
        mine = documents["source"].to_numpy(zero_copy_only=False) == row["stratum"]
        whole = found.quotas["quota"].to_numpy().sum()
        assert row["quota"] == pytest.approx(whole * tokens[mine].sum() / tokens.sum(), abs=1)
        left = tokens[mine & (found.copies == 0) & (tokens >= threshold)].min(initial=10**9)
        assert 0 <= row["quota"] - row["achieved"] < max(left, 2)  # 2: budgets are rounded
    if keep == 0:
        assert (tokens[found.copies > 0] >= threshold).all()


@given(documents=tables, share=st.sampled_from([0.2, 0.5, 0.9, 1.0]))
def test_the_fewest_short_documents_go(documents: pa.Table, share: float) -> None:
    found = long_documents(documents, seed=3, threshold=25, long_share=share, tokens=10**9)
    tokens = documents["tokens"].to_numpy()
    for name in set(documents["source"].to_pylist()):
        mine = documents["source"].to_numpy(zero_copy_only=False) == name
        long, short = (tokens[mine] >= 25).sum(), (tokens[mine] < 25).sum()
        kept = (found.copies[mine & (tokens < 25)] > 0).sum()
        assert kept == (min(short, int(long * (1 - share) / share)) if long else short)


def test_it_depends_on_no_order_of_rows_and_on_the_seed() -> None:
    documents = many(2000)
    found = long_documents(documents, seed=1, threshold=200)
    turned = np.random.default_rng(0).permutation(2000)
    assert (
        long_documents(documents.take(pa.array(turned)), seed=1, threshold=200).copies == found.copies[turned]
    ).all()
    assert (long_documents(documents, seed=2, threshold=200).copies != found.copies).any()


def test_a_source_without_enough_says_so() -> None:
    documents = pa.table(
        {"doc_id": pa.array(range(4), pa.uint64()), "tokens": [100, 100, 10, 10], "source": ["a", "a", "b", "b"]}
    )
    found = long_documents(documents, seed=0, threshold=50, keep=0, tokens="100%")
    rows = {row["stratum"]: row for row in found.quotas.to_pylist()}
    assert rows["b"]["shortfall"] == rows["b"]["quota"] == 20 and rows["a"]["shortfall"] == 0


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"threshold": 0}, "threshold"),
        ({"keep": 1.5}, "keep"),
        ({"long_share": 0.0}, "long_share"),
    ],
)
def test_settings_out_of_range_are_refused(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(RecipeError, match=f"'{said}' of long_documents"):
        units.unit("select", "long_documents").resolve(asked)
