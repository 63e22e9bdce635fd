"""Best fit: the published packing, found by brute force, in windows and over the whole order."""

from bisect import bisect_left

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import RecipeError, UnitError
from tasks import units
from tasks.pack._metrics import packing_metrics
from tasks.pack.best_fit import best_fit
from tests.units.pack.laws import LENGTHS, LIMITS, assert_whole, contents, occurrences

WINDOWS = st.sampled_from([None, 0, 1, 3, 16])


def by_brute_force(lengths: list[int], limit: int, window: int | None) -> list[list[tuple[int, int]]]:
    """Pack with a sorted list of (room, when it came to be, bin); each bin as sorted (document, start)."""
    rooms: list[tuple[int, int, int]] = []
    bins: list[list[tuple[int, int]]] = []
    span = window or max(len(lengths), 1)
    for begin in range(0, len(lengths), span):
        pieces = [
            (min(limit, lengths[d] - start), d, start)
            for d in range(begin, min(begin + span, len(lengths)))
            for start in range(0, lengths[d], limit)
        ]
        for moment, (size, document, start) in enumerate(sorted(pieces, key=lambda p: (-p[0], p[1], p[2]))):
            at = bisect_left(rooms, (size, -1, -1))
            room, _, chosen = rooms.pop(at) if at < len(rooms) else (limit, 0, len(bins))
            if chosen == len(bins):
                bins.append([])
            bins[chosen].append((document, start))
            if room > size:
                rooms.append((room - size, begin * 1000 + moment, chosen))
                rooms.sort()
    return sorted(sorted(found) for found in bins)


@settings(deadline=None, max_examples=300)
@given(LENGTHS, LIMITS, WINDOWS)
def test_the_packing_is_the_one_that_brute_force_finds(lengths: list[int], limit: int, window: int | None) -> None:
    documents = occurrences(lengths)
    found = best_fit(documents, context_length=limit, window=window, shuffle=False)
    row = {(d["doc_id"], d["copy"]): i for i, d in enumerate(documents.to_pylist())}
    packed = [[(row[doc_id, copy], start) for doc_id, copy, start, _ in held] for held in contents(found)]
    assert packed == by_brute_force(lengths, limit, window)


@settings(deadline=None)
@given(LENGTHS, LIMITS, WINDOWS, st.integers(0, 2**63 - 1))
def test_nothing_is_lost_repeated_or_cut_without_need(
    lengths: list[int], limit: int, window: int | None, seed: int
) -> None:
    documents = occurrences(lengths)
    segments = best_fit(documents, context_length=limit, window=window, seed=seed)
    assert_whole(segments, documents, limit)
    metrics = packing_metrics(segments, documents, context_length=limit)
    assert metrics.avoidably_cut_share == 0 and metrics.cuts == metrics.unavoidable_cuts


@settings(deadline=None)
@given(LENGTHS, LIMITS, st.integers(0, 2**63 - 1))
def test_a_shuffle_moves_whole_contexts_and_only_the_seed_moves_them(lengths: list[int], limit: int, seed: int) -> None:
    documents = occurrences(lengths)
    plain = best_fit(documents, context_length=limit, shuffle=False)
    mixed = best_fit(documents, context_length=limit, seed=seed)
    assert sorted(contents(plain)) == sorted(contents(mixed))
    assert mixed.equals(best_fit(documents, context_length=limit, seed=seed))


def test_another_seed_gives_another_shuffle_and_neighbors_part() -> None:
    documents = occurrences([5] * 3000)
    orders = [contents(best_fit(documents, context_length=5, seed=seed)) for seed in (0, 1)]
    assert orders[0] != orders[1]
    place = {held: i for i, held in enumerate(contents(best_fit(documents, context_length=5, shuffle=False)))}
    steps = np.abs(np.diff([place[held] for held in orders[0]]))
    assert np.mean(steps) == pytest.approx(1000, rel=0.1)  # a third of the range, as for a random permutation


def test_a_window_keeps_neighbors_together() -> None:
    lengths = np.random.default_rng(0).integers(1, 500, 4000).tolist()
    documents = occurrences(lengths)
    row = {(d["doc_id"], d["copy"]): i for i, d in enumerate(documents.to_pylist())}

    def spread(window: int | None) -> float:
        packed = contents(best_fit(documents, context_length=1000, window=window))
        return float(np.median([row[held[-1][:2]] - row[held[0][:2]] for held in packed if len(held) > 1]))

    assert spread(16) < 50 < 500 < spread(None)


@pytest.mark.parametrize("context_length", [2048, 8192])
def test_extra_contexts_are_rare(context_length: int) -> None:
    sigma = np.sqrt(2 * np.log(819 / 447))
    drawn = np.random.default_rng(0).lognormal(np.log(447), sigma, 200_000)
    lengths = np.clip(drawn, 1, 200_000).astype(np.int64)
    ids = np.arange(len(lengths), dtype=np.uint64)
    documents = pa.table({"doc_id": ids, "copy": np.zeros(len(ids), np.int32), "tokens": lengths})
    least = -(-int(lengths.sum()) // context_length)

    def extra(window: int | None) -> float:
        segments = best_fit(documents, context_length=context_length, window=window)
        return int(segments["context_id"].to_numpy().max() + 1) / least - 1

    assert extra(None) <= 1e-4
    assert extra(16) <= 5e-3


def test_what_cannot_be_packed_is_said() -> None:
    with pytest.raises(UnitError, match="document 18446744073709551615 has 0 tokens"):
        best_fit(occurrences([0]), context_length=4)
    for wrong in ({"context_length": 0}, {"window": -1}):
        with pytest.raises(RecipeError, match=f"'{next(iter(wrong))}' of best_fit"):
            units.unit("pack", "best_fit").resolve(wrong)
