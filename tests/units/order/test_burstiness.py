"""Burstiness: each figure against its definition in plain Python, and the zeta exponent against SciPy's own fit."""

from collections import Counter
from math import exp, log
from statistics import fmean, median, pstdev, pvariance

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tasks.order._burstiness import burstiness, gap_burstiness, zeta_exponents

STREAMS = st.lists(st.lists(st.integers(0, 6), min_size=1, max_size=12), min_size=1, max_size=8)


def by_definition(stream: list[list[int]], repeats: int) -> dict[str, float]:
    totals = Counter(label for context in stream for label in context)
    rare = [c for c in totals if totals[c] < median(totals.values())]
    counts = [Counter(context) for context in stream]
    flat = [label for context in stream for label in context]
    gaps = {c: np.diff([i for i, label in enumerate(flat) if label == c]) for c in rare}
    spreads = [(pstdev(g.tolist()), fmean(g.tolist())) for g in gaps.values() if len(g) >= 2]
    again = [[n[c] >= 2 for n in counts if n[c]] for c in rare]
    return {
        "bursty_share": fmean(any(n[c] >= repeats for c in rare) for n in counts),
        "adaptation": fmean([fmean(found) for found in again]) if rare else 0,
        "fano": fmean([pvariance(per) / fmean(per) for per in ([n[c] for n in counts] for c in rare)]) if rare else 0,
        "gap_burstiness": fmean([(sd - mean) / (sd + mean) for sd, mean in spreads]) if spreads else 0,
        "effective_classes": exp(-sum(n / len(flat) * log(n / len(flat)) for n in totals.values())),
    }


@settings(deadline=None)
@given(STREAMS, st.integers(2, 4))
def test_figures_are_those_of_their_definitions(stream: list[list[int]], repeats: int) -> None:
    context = np.repeat(np.arange(len(stream)), [len(held) for held in stream])
    found = burstiness(context, np.concatenate(stream), repeats=repeats)
    expected = by_definition(stream, repeats)
    assert {name: found[name] for name in expected} == pytest.approx(expected)


@pytest.mark.parametrize("exponent", [1.3, 1.6, 2.5, 4.0])
def test_the_zeta_exponent_is_the_one_that_scipy_finds(exponent: float) -> None:
    counts = stats.zipf.rvs(exponent, size=300, random_state=5).clip(max=10**12)
    found = zeta_exponents(np.zeros(300, np.int64), counts, 1)[0]
    fitted = stats.fit(stats.zipf, counts, {"a": (1.01, 10)})
    assert found == pytest.approx(fitted.params.a, abs=2e-3)
    assert found == pytest.approx(exponent, rel=0.15)


def test_counts_of_one_and_huge_counts_are_at_the_bounds() -> None:
    found = zeta_exponents(np.array([0, 0, 1]), np.array([1, 1, 10**15]), 2)
    assert found[0] == 10 and found[1] == pytest.approx(1.0289, abs=1e-3)  # 1 / log(10^15), nearly


def test_gaps_tell_regular_random_and_bursty_apart() -> None:
    random = np.random.default_rng(0)
    regular = gap_burstiness(np.arange(1000) % 10)[3]
    poisson = gap_burstiness((random.random(200_000) < 0.01).astype(int))[1]
    bursts = np.zeros(10_000, int)
    for start in range(0, 10_000, 1000):
        bursts[start : start + 10] = 1
    assert regular == -1 and poisson == pytest.approx(0, abs=0.05) and gap_burstiness(bursts)[1] > 0.4


def test_a_power_law_has_its_slope_and_nothing_has_no_figures() -> None:
    totals = [round(10_000 / rank) for rank in range(1, 50)]
    label = np.repeat(np.arange(49), totals)
    assert burstiness(np.zeros(len(label), int), label)["rank_slope"] == pytest.approx(1, abs=0.01)
    assert burstiness(np.zeros(0, int), np.zeros(0, int)) == {}
