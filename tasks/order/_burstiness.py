"""How bursty contexts are in classes (sources, clusters, tokens ...): figures that need no training.

Counts come as three arrays of equal length: context, class, and how often the class is in the context (at least once).
"""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import zeta

from tasks.distinct import distinct

Integers = np.ndarray[Any, np.dtype[Any]]
Reals = NDArray[np.float64]
LOWEST, HIGHEST = 1.01, 10.0
GRID = 20_001


def counted(context: Integers, label: Integers) -> tuple[Integers, Integers, Integers]:
    """Count the occurrences of each label in each context."""
    span = int(label.max(initial=0)) + 1
    pair, count = np.unique(context.astype(np.int64) * span + label, return_counts=True)
    return pair // span, pair % span, count


def rare(totals: Integers) -> NDArray[np.bool_]:
    """Return which classes are rarer than the median of those that occur."""
    there = totals > 0
    return there & (totals < np.median(totals[there])) if there.any() else there


def burstiness(
    context: Integers, label: Integers, *, repeats: int = 3, seldom: NDArray[np.bool_] | None = None
) -> dict[str, float]:
    """Return all figures of a stream of labelled places: ``context`` ascends, ``label`` is a class from 0.

    - zipf_coefficient (zipf_coef): mean over contexts of the exponent of the zeta distribution that fits the counts of
      its classes best; lower is burstier.
    - bursty_share (p_bursty): contexts that hold a rare class at least ``repeats`` times.
    - adaptation: of the contexts with a rare class, those with it twice or more; mean over rare classes.
    - fano: variance over mean of a rare class's count per context; mean over rare classes; 1: as if thrown at random.
    - gap_burstiness (gap_B): (sd - mean) / (sd + mean) of the gaps between occurrences of a rare class in the stream,
      mean over those with two gaps or more; -1 regular, 0 at random, towards 1 bursty.
    - rank_slope (rank_freq_alpha): slope of log total over log rank of the classes, as a positive number.
    - effective_classes (n_classes_eff): exponential of the entropy of the classes.

    Rare: ``seldom``, or with fewer occurrences than the median class. Source: Chan et al. 2022, arXiv:2205.05055
    (bursts); Zhao et al. 2024, arXiv:2402.13991 (zeta exponent); Goh and Barabasi 2008, doi:10.1209/0295-5075/81/48002
    (gaps).
    """
    if not len(label):
        return {}
    _, context = np.unique(context, return_inverse=True)
    contexts = int(context.max()) + 1
    totals = np.bincount(label)
    seldom = rare(totals) if seldom is None else seldom
    at, of, count = counted(context, label)
    chosen = seldom[of]
    return {
        "zipf_coefficient": float(zeta_exponents(at, count, contexts).mean()),
        "bursty_share": len(distinct(at[chosen & (count >= repeats)])) / contexts,
        "adaptation": _mean(_shares(of[chosen], count[chosen] >= 2)),
        "fano": _mean(fano_factors(of, count, contexts)[seldom]),
        "gap_burstiness": _mean(gap_burstiness(label)[seldom]),
        "rank_slope": rank_slope(totals),
        "effective_classes": effective_classes(totals),
    }


def _mean(values: Reals) -> float:
    values = values[~np.isnan(values)]
    return float(values.mean()) if len(values) else 0.0


def _shares(group: Integers, passes: NDArray[np.bool_]) -> Reals:
    whole = np.bincount(group)
    return np.asarray(np.bincount(group, weights=passes)[whole > 0] / whole[whole > 0])


@cache
def _curve() -> tuple[Reals, Reals]:
    """Return the mean of log count under a zeta distribution, ascending, and the exponent that has it."""
    exponent = 1 + np.geomspace(LOWEST - 1, HIGHEST - 1, GRID)
    step = 1e-4 * (exponent - 1)
    mean = -(np.log(zeta(exponent + step)) - np.log(zeta(exponent - step))) / (2 * step)
    return mean[::-1], exponent[::-1]


def zeta_exponents(context: Integers, count: Integers, contexts: int) -> Reals:
    """Return per context the exponent in [1.01, 10] that makes the counts of its classes the most likely.

    The likelihood of counts c under P(c) = c^-s / zeta(s) depends on their mean logarithm alone.
    """
    mean = np.bincount(context, weights=np.log(count), minlength=contexts) / np.bincount(context, minlength=contexts)
    return np.interp(mean, *_curve())


def fano_factors(label: Integers, count: Integers, contexts: int) -> Reals:
    """Return per class the variance of its count per context over its mean; NaN for a class that does not occur."""
    mean = np.bincount(label, weights=count) / contexts
    square = np.bincount(label, weights=count.astype(float) ** 2) / contexts
    return np.divide(square - mean**2, mean, out=np.full(len(mean), np.nan), where=mean > 0)


def gap_burstiness(label: Integers) -> Reals:
    """Return per class (sd - mean) / (sd + mean) of the gaps between its occurrences; NaN with fewer than two gaps."""
    order = np.argsort(label, kind="stable")
    gaps = np.diff(order).astype(float)
    group = label[order][1:]
    inside = group == label[order][:-1]
    gaps, group = gaps[inside], group[inside]
    size = int(label.max(initial=-1)) + 1
    number = np.bincount(group, minlength=size)
    whole = np.maximum(number, 1)
    mean = np.bincount(group, weights=gaps, minlength=size) / whole
    spread = np.sqrt(np.bincount(group, weights=(gaps - mean[group]) ** 2, minlength=size) / whole)
    return np.where(number >= 2, (spread - mean) / np.maximum(spread + mean, 1e-300), np.nan)


def rank_slope(totals: Integers) -> float:
    """Return the slope of log total over log rank, by least squares, as a positive number; 0 for a single class."""
    totals = np.sort(totals[totals > 0])[::-1]
    if len(totals) < 2:
        return 0.0
    return abs(float(np.polyfit(np.log(np.arange(1, len(totals) + 1)), np.log(totals), 1)[0]))


def effective_classes(totals: Integers) -> float:
    """Return the exponential of the entropy of the classes: how many equal classes would be as varied."""
    share = totals[totals > 0] / totals.sum()
    return float(np.exp(-(share * np.log(share)).sum()))
