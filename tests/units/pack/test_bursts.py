"""Bursts: the share asked for, by a plain count; nothing lost; the largest share there can be, by trying all."""

from collections import Counter
from itertools import combinations
from statistics import median

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import RecipeError, UnitError
from tasks import units
from tasks.pack._bursts import most
from tasks.pack._metrics import packing_metrics
from tasks.pack.best_fit import best_fit
from tasks.pack.bursts import bursts, figures
from tests.units.pack.laws import LENGTHS, LIMITS, assert_whole, occurrences


def skewed(count: int, classes: int, seed: int = 0) -> pa.Table:
    """Documents of log-normal lengths whose classes follow Zipf's law."""
    random = np.random.default_rng(seed)
    chance = 1 / np.arange(1, classes + 1)
    return pa.table(
        {
            "doc_id": pa.array(random.permutation(count), pa.uint64()),
            "copy": np.zeros(count, np.int32),
            "tokens": np.clip(random.lognormal(5, 1, count), 1, 20_000).astype(np.int64),
            "source": [f"class {k}" for k in random.choice(classes, count, p=chance / chance.sum())],
        }
    )


def counted_share(segments: pa.Table, documents: pa.Table, shots: int) -> float:
    """The share of contexts with a burst, from a list of rows."""
    source = dict(zip(documents["doc_id"].to_pylist(), documents["source"].to_pylist(), strict=True))
    held: dict[int, Counter[str]] = {}
    for row in segments.to_pylist():
        held.setdefault(row["context_id"], Counter())[source[row["doc_id"]]] += 1
    totals = Counter(documents["source"].to_pylist())
    middle = median(totals.values())
    burst = [any(n >= shots and totals[name] < middle for name, n in context.items()) for context in held.values()]
    return sum(burst) / len(burst)


@pytest.mark.parametrize(("share", "ways"), [(0.0, 1), (0.1, 1), (0.3, 1), (0.5, 1), (0.1, 2), (0.3, 2)])
def test_the_share_of_bursts_is_the_one_asked_for(share: float, ways: int) -> None:
    documents = skewed(30_000, 100)
    segments = bursts(documents, context_length=4096, share=share, ways=ways, seed=1)
    assert counted_share(segments, documents, 3) == pytest.approx(share, abs=0.01)
    told = figures(documents, segments, context_length=4096, by="source", shots=3, ways=ways)
    assert told["bursty_share"] == counted_share(segments, documents, 3)
    assert told["largest_bursty_share"] >= share
    metrics = packing_metrics(segments, documents, context_length=4096)
    assert metrics.conserved and metrics.avoidably_cut_share == 0 and metrics.padding_share < 0.01


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5])
def test_long_documents_of_a_class_make_it_no_less_rare_and_leave_no_context_empty(share: float) -> None:
    random = np.random.default_rng(0)
    counts = {"long": (100, 10.0), "rare": (60, 8.6), "short": (200, 6.2), "common": (200, 8.0), "more": (200, 9.5)}
    tokens = np.concatenate([random.lognormal(mean, 0.8, count) for count, mean in counts.values()]).astype(int) + 1
    rows = len(tokens)
    documents = pa.table({"doc_id": pa.array(range(rows), pa.uint64()), "copy": [0] * rows, "tokens": tokens})
    classes = [name for name, (count, _) in counts.items() for _ in range(count)]
    documents = documents.append_column("source", pa.array(classes))
    segments = bursts(documents, context_length=8192, share=share)
    contexts = len(pc.unique(segments["context_id"]))
    assert contexts <= 1.002 * len(pc.unique(best_fit(documents, context_length=8192, window=None)["context_id"]))
    told = figures(documents, segments, context_length=8192, by="source", shots=3, ways=2)
    assert told["bursty_share"] == counted_share(segments, documents, 3)


def test_more_bursts_are_burstier_by_every_figure_and_classes_stay_as_they_are() -> None:
    documents = skewed(30_000, 100)
    asked = {"context_length": 4096, "ways": 1}
    none, some = (
        figures(documents, bursts(documents, share=share, **asked), by="source", shots=3, **asked)
        for share in (0.0, 0.5)
    )
    assert some["zipf_coefficient"] < none["zipf_coefficient"]
    for name in ("bursty_share", "adaptation", "fano", "gap_burstiness"):
        assert some[name] > none[name], name
    for name in ("rank_slope", "effective_classes"):
        assert some[name] == pytest.approx(none[name], rel=0.01)  # pieces of long documents are cut alike
    assert some["adaptation"] > 2 * some["adaptation_at_random"]


def test_what_cannot_be_reached_is_gone_as_far_as_can_be() -> None:
    documents = skewed(5000, 50)
    segments = bursts(documents, context_length=2048, share=1.0, ways=1)
    told = figures(documents, segments, context_length=2048, by="source", shots=3, ways=1)
    assert told["largest_bursty_share"] < 0.5
    assert told["bursty_share"] == pytest.approx(told["largest_bursty_share"], abs=1e-9)


@settings(deadline=None)
@given(LENGTHS, LIMITS, st.floats(0, 1), st.integers(2, 3), st.integers(1, 2), st.integers(0, 2**63 - 1))
def test_nothing_is_lost_or_cut_without_need(
    lengths: list[int], limit: int, share: float, shots: int, ways: int, seed: int
) -> None:
    documents = occurrences(lengths)
    asked = {"context_length": limit, "shots": shots, "ways": ways}
    segments = bursts(documents, share=share, seed=seed, **asked)
    assert_whole(segments, documents, limit)
    assert packing_metrics(segments, documents, context_length=limit).avoidably_cut_share == 0
    assert segments.equals(bursts(documents, share=share, seed=seed, **asked))


def by_trying(groups: tuple[int, ...], ways: int) -> int:
    """The most bursts there can be, over every choice of classes."""
    found = [
        1 + by_trying(tuple(n - (i in chosen) for i, n in enumerate(groups)), ways)
        for chosen in combinations(range(len(groups)), ways)
        if all(groups[i] for i in chosen)
    ]
    return max(found, default=0)


@settings(deadline=None)
@given(st.lists(st.integers(0, 3), max_size=4), st.integers(1, 3))
def test_the_most_bursts_there_can_be(groups: list[int], ways: int) -> None:
    assert most(np.array([3 * n + 1 for n in groups], np.int64), 3, ways) == by_trying(tuple(groups), ways)


@settings(deadline=None)
@given(st.lists(st.integers(0, 12), min_size=2, max_size=8), st.integers(1, 2), st.integers(0, 99))
def test_as_many_bursts_are_made_as_there_can_be(counts: list[int], ways: int, seed: int) -> None:
    common = [f"common {i}" for i in range(len(counts) + 1) for _ in range(40)]  # so that all the others are rare
    source = common + [f"rare {i}" for i, count in enumerate(counts) for _ in range(count)]
    rows = len(source)
    documents = pa.table(
        {"doc_id": pa.array(range(rows), pa.uint64()), "copy": [0] * rows, "tokens": [1] * rows, "source": source}
    )
    segments = bursts(documents, context_length=8, share=1.0, shots=3, ways=ways, seed=seed)
    contexts = len(set(segments["context_id"].to_pylist()))
    groups = np.array([n for n in counts if n], np.int64)
    assert counted_share(segments, documents, 3) * contexts == pytest.approx(most(groups, 3, ways))


def test_settings_out_of_range_are_refused() -> None:
    for asked in ({"share": 1.5}, {"shots": 1}, {"ways": 0}):
        with pytest.raises(RecipeError, match=f"'{next(iter(asked))}' of bursts"):
            units.unit("pack", "bursts").resolve(asked)
    with pytest.raises(UnitError, match="did you mean 'source'"):
        bursts(occurrences([3]), by="sourse")
