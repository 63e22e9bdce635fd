"""Dataset decomposition: the pieces by brute force, the law of the random lengths, and batches of one length."""

from collections import Counter
from itertools import pairwise
from math import floor, log2
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import UnitError
from tasks.pack.decompose import decompose, figures, rooms
from tests.units.pack.laws import contents, occurrences

LENGTHS = st.lists(st.integers(1, 200), max_size=40)


def by_brute_force(tokens: int, low: int, high: int, ahead: int) -> list[tuple[int, int]]:
    """The published loop: cut off what the binary logarithm of the rest says, until the rest is too short."""
    found, place = [], 0
    while tokens - place > ahead:
        k = floor(log2(tokens - place - ahead))
        if k < low:
            break
        k = min(k, high)
        found.append((place, place + 2**k + ahead))
        place += 2**k + ahead
    return found


@settings(deadline=None)
@given(
    LENGTHS, st.integers(0, 4), st.integers(0, 3), st.integers(0, 1), st.sampled_from(["natural", "linear", "power"])
)
def test_pieces_are_those_of_the_published_loop(
    tokens: list[int], low: int, more: int, ahead: int, lengths: Any
) -> None:
    documents = occurrences(tokens)
    asked = {"shortest": 2**low, "longest": 2 ** (low + more), "ahead": ahead}
    found = decompose(documents, **asked, lengths=lengths, cycles=2)
    held = contents(found)
    assert all(len(context) == 1 for context in held)
    expected = [
        (row["doc_id"], row["copy"], *span)
        for row in documents.to_pylist()
        for span in by_brute_force(row["tokens"], low, low + more, ahead)
    ]
    assert sorted(context[0] for context in held) == sorted(expected)
    assert found.equals(decompose(documents, **asked, lengths=lengths, cycles=2))


@settings(deadline=None)
@given(LENGTHS, st.integers(0, 3), st.integers(0, 3), st.integers(0, 9))
def test_random_lengths_keep_all_but_a_short_rest(tokens: list[int], low: int, more: int, seed: int) -> None:
    documents = occurrences(tokens)
    found = decompose(documents, shortest=2**low, longest=2 ** (low + more), pieces="random", seed=seed)
    spans: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for row in found.to_pylist():
        spans.setdefault((row["doc_id"], row["copy"]), []).append((row["start"], row["stop"]))
    for row in documents.to_pylist():
        held = sorted(spans.get((row["doc_id"], row["copy"]), []))
        assert all(stop == start for (_, stop), (start, _) in pairwise([(0, 0), *held]))
        assert row["tokens"] - (held[-1][1] if held else 0) < 2**low
        assert {stop - start for start, stop in held} <= {2**k for k in range(low, low + more + 1)}


def test_random_pieces_hold_as_many_tokens_of_each_length() -> None:
    found = decompose(occurrences([2**24]), shortest=2**4, longest=2**9, pieces="random")
    tokens = figures(found, found, shortest=2**4, longest=2**9, ahead=0, batch_tokens=None)
    share = np.array([tokens[f"tokens_of_length_{2**k}"] for k in range(4, 10)]) / 2**24
    # 2^24 tokens make about 5,500 pieces of the longest kind: a standard deviation of 1.3 % of the sixth
    assert share == pytest.approx(1 / 6, rel=0.05)
    assert decompose(occurrences([2**24]), shortest=2**4, longest=2**9).num_rows == 2**15


def batches(found: pa.Table, batch_tokens: int) -> tuple[list[int], list[int]]:
    """The length of the contexts in each whole batch, and the lengths of the contexts after the last of them."""
    size, kinds, begin = rooms(found, found).tolist(), [], 0
    while begin < len(size) and len(set(size[begin : begin + batch_tokens // size[begin]])) == 1:
        count = batch_tokens // size[begin]
        if begin + count > len(size):
            break
        kinds.append(size[begin])
        begin += count
    return kinds, size[begin:]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(1, 200), max_size=120), st.sampled_from(["natural", "linear", "power"]), st.integers(1, 3))
def test_every_batch_is_of_one_length_and_what_fills_none_is_last(lengths: list[int], order: Any, times: int) -> None:
    found = decompose(occurrences(lengths), shortest=4, longest=32, lengths=order, batch_tokens=32 * times, cycles=2)
    whole, rest = batches(found, 32 * times)
    assert rest == sorted(rest)
    assert all(rest.count(size) < 32 * times // size for size in set(rest))
    assert not whole or whole[0] == max(whole)
    told = figures(found, found, shortest=4, longest=32, ahead=0, batch_tokens=32 * times)
    assert told["contexts_in_no_batch"] == len(rest)


def test_cycles_go_from_short_to_long() -> None:
    documents = occurrences([8, 16, 32, 64] * 6400)
    kinds = {order: _kinds(documents, order) for order in ("natural", "linear", "power")}
    for order, found in kinds.items():
        sizes = np.array(found[1:]).reshape(-1)
        first, last = (Counter(part.tolist()) for part in np.array_split(sizes[: len(sizes) // 2], 4)[::3])
        short, long = first[8] / first[64], last[8] / last[64]
        expected = {"natural": 1, "linear": 4, "power": 8}[order]  # most at one's own step, 1 where it is the furthest
        assert short / long == pytest.approx(expected**2, rel=0.45), order
    assert kinds["natural"] != _kinds(documents, "natural", seed=1)


def _kinds(documents: pa.Table, order: Any, seed: int = 0) -> list[int]:
    found = decompose(documents, shortest=8, longest=64, lengths=order, batch_tokens=64, cycles=2, seed=seed)
    return batches(found, 64)[0]


def test_what_cannot_be_is_said() -> None:
    for asked, said in [
        ({"shortest": 100}, "shortest is a power of two"),
        ({"longest": 300}, "longest is a power of two"),
        ({"shortest": 16, "longest": 8}, "shortest must be at most longest, got 16 and 8"),
        ({"batch_tokens": 12_000}, "batch_tokens must be a multiple of longest, 8192, got 12000"),
    ]:
        with pytest.raises(UnitError, match=said):
            decompose(occurrences([5]), **asked)
