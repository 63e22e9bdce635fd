"""Near fit: the choice that brute force finds, nothing lost or cut, and neighbors kept that best fit takes apart."""

from itertools import product

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import RecipeError
from tasks import units
from tasks.pack._metrics import packing_metrics
from tasks.pack.best_fit import best_fit
from tasks.pack.near_fit import BREAK, _chosen, near_fit
from tests.units.pack.laws import LENGTHS, LIMITS, assert_whole, occurrences

PIECES = st.lists(st.tuples(st.integers(1, 9), st.sampled_from([0.0, 0.25, 0.5, 1.0])), min_size=1, max_size=8)


def loss(taken: tuple[bool, ...], size: list[int], tie: list[float], last: float, capacity: int, price: float) -> float:
    """What a choice loses, as the docstring says it."""
    filled = sum(n for n, is_taken in zip(size, taken, strict=True) if is_taken)
    if filled > capacity or not taken[0]:
        return float("inf")
    torn = sum(tie[j] for j in range(1, len(size)) if taken[j] != taken[j - 1])
    gaps = sum(taken[j] and not taken[j - 1] for j in range(1, len(size)))
    return torn + BREAK * gaps + (last if taken[-1] else 0) + price * (capacity - filled) / capacity


@settings(deadline=None, max_examples=300)
@given(PIECES, st.sampled_from([0.0, 0.5]), st.integers(9, 20), st.sampled_from([0.0, 1.0, 5.0]))
def test_nothing_loses_less_than_what_is_chosen(
    pieces: list[tuple[int, float]], last: float, capacity: int, price: float
) -> None:
    size, tie = [n for n, _ in pieces], [t for _, t in pieces]
    losses, back = np.empty((2, 2, capacity + 1), np.float32), np.empty((len(size), capacity + 1), np.uint8)
    found = _chosen(np.array(size), np.array(tie, np.float32), last, capacity, price, losses, back)
    least = min(loss(taken, size, tie, last, capacity, price) for taken in product([True, False], repeat=len(size)))
    assert loss(tuple(found.tolist()), size, tie, last, capacity, price) == pytest.approx(least, abs=1e-5)


@settings(deadline=None)
@given(LENGTHS, LIMITS, st.sampled_from([1, 3, 64]), st.integers(0, 2**63 - 1))
def test_nothing_is_lost_repeated_or_cut_without_need(lengths: list[int], limit: int, reach: int, seed: int) -> None:
    documents = occurrences(lengths)
    segments = near_fit(documents, context_length=limit, reach=reach, seed=seed)
    assert_whole(segments, documents, limit)
    assert packing_metrics(segments, documents, context_length=limit).avoidably_cut_share == 0
    assert segments.equals(near_fit(documents, context_length=limit, reach=reach, seed=seed))


def chained(count: int) -> pa.Table:
    """Log-normal lengths, and words such that each document shares most with those next to it, less further away."""
    random = np.random.default_rng(0)
    words = [sorted({(i // 2 + k) % 60_000 for k in range(12)} | {(i // 40) + 30_000}) for i in range(count)]
    return pa.table(
        {
            "doc_id": np.arange(count, dtype=np.uint64),
            "copy": np.zeros(count, np.int32),
            "tokens": np.clip(random.lognormal(6.1, 1.1, count), 1, 20_000).astype(np.int64),
            "source": ["web"] * count,
            "word_buckets": pa.array(words, pa.list_(pa.uint16())),
            "word_counts": pa.array([[1] * len(w) for w in words], pa.list_(pa.uint8())),
        }
    )


def kept_together(segments: pa.Table) -> float:
    """The share of pairs in a context that were next to each other in the order."""
    context, place = segments["context_id"].to_numpy(), segments["doc_id"].to_numpy().astype(np.int64)
    step = np.diff(place)[(np.diff(context) == 0) & (np.diff(place) != 0)]
    return float((step == 1).mean())


def test_neighbors_stay_together_at_little_padding() -> None:
    documents = chained(6000)
    near, best = (packer(documents, context_length=4096) for packer in (near_fit, best_fit))
    metrics = packing_metrics(near, documents, context_length=4096)
    assert metrics.padding_share < 0.005
    assert kept_together(near) > 0.7 > kept_together(best)
    tight = packing_metrics(near_fit(documents, context_length=4096, price=0.1), documents, context_length=4096)
    assert tight.padding_share < metrics.padding_share


def test_where_neighbors_are_alike_they_are_not_torn() -> None:
    documents = chained(3000)
    with_words = near_fit(documents, context_length=4096)
    assert not with_words.equals(near_fit(documents.select(["doc_id", "copy", "tokens"]), context_length=4096))
    torn = (
        _torn_ties(with_words),
        _torn_ties(near_fit(documents.select(["doc_id", "copy", "tokens"]), context_length=4096)),
    )
    assert torn[0] < 0.9 * torn[1]


def _torn_ties(segments: pa.Table) -> float:
    """The share of strong pairs (an even document and the next, of nearly the same words) in different contexts."""
    home = np.full(3000, -1)
    whole = segments["start"].to_numpy() == 0
    home[segments["doc_id"].to_numpy()[whole].astype(int)] = segments["context_id"].to_numpy()[whole]
    return float((home[0::2] != home[1::2]).mean())


def test_settings_out_of_range_are_refused() -> None:
    for wrong in ({"reach": 0}, {"price": -1.0}):
        with pytest.raises(RecipeError, match=f"'{next(iter(wrong))}' of near_fit"):
            units.unit("pack", "near_fit").resolve(wrong)
