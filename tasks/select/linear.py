"""Documents accepted with a probability that rises linearly with their score, in passes, up to a quota of tokens.

Passes over a stratum are not simulated: the pass at which a document is accepted is drawn from its geometric
distribution, so that a stratum of rare acceptances costs no more than another. As published, every pass may take a
document again; that is `shortfall: repeat` here, and otherwise a document is taken once. Cost: one sort, with
repetition one per copy.
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.recipe import Count, Share
from tasks.draw import noise, uniform
from tasks.select._quota import (
    Amount,
    By,
    Missing,
    Pool,
    Quota,
    Selected,
    Shortfall,
    checked,
    fill,
    pool,
)


def linear(
    documents: pa.Table,
    *,
    seed: int,
    score: str,
    by: By = "source",
    tokens: Amount | None = "100%",
    quota: Quota = "proportional",
    shortfall: Shortfall = "redistribute",
    max_repeat: Count = 4,
    floor: Share = 0.0,
    lowest: bool = False,
    missing: Missing = "drop",
) -> Selected:
    """Accept each document with probability (score - least) / (most - least) of its stratum, in passes, up to a quota.

    ``floor`` is the least probability, in [0, 1]: at 0 the document with the lowest score of a stratum is never taken.
    Where all scores are equal, all are accepted. With ``shortfall: repeat`` every pass may accept a document again, at
    most ``max_repeat`` times. ``tokens`` is as much as there was by default; give null with a quota for each stratum.
    The other settings are those of `hard`. UnitError: unclear settings.

    Source: Chen et al. 2025, arXiv:2505.15143 (acceptance within an environment by improvement and stability).

    >>> documents = pa.table({"doc_id": pa.array([1, 2], pa.uint64()), "tokens": [10, 10],
    ...                       "source": ["a", "a"], "quality": [0.0, 1.0]})
    >>> linear(documents, seed=0, score="quality", shortfall="repeat").copies.tolist()
    [0, 2]
    """
    ask = checked(tokens, quota, shortfall, max_repeat)
    found = pool(documents, by=by, seed=seed, score=score, quota=quota)
    chance = _chances(found, floor, lowest)
    rank = _ranks(found.doc_id, chance, seed, ask.turns)
    return fill(found, rank, ask, missing=missing, eligible=chance > 0)


def _chances(found: Pool, floor: float, lowest: bool) -> NDArray[np.float64]:
    """The probability of each document to be accepted in a pass; 0 without a score."""
    least, most = (np.full(len(found.paths), start) for start in (np.inf, -np.inf))
    rows = np.flatnonzero(found.scored)
    np.minimum.at(least, found.stratum[rows], found.score[rows])
    np.maximum.at(most, found.stratum[rows], found.score[rows])
    low, high = least[found.stratum[rows]], most[found.stratum[rows]]
    above = (high - found.score[rows]) if lowest else (found.score[rows] - low)
    chance = np.zeros(len(found.score))
    chance[rows] = np.where(high > low, np.maximum(above / np.where(high > low, high - low, 1.0), floor), 1.0)
    return chance


def _ranks(doc_id: NDArray[np.uint64], chance: NDArray[np.float64], seed: int, turns: int) -> NDArray[np.float64]:
    """Minus the pass in which a document is accepted for the first time, the second time, and so on: a row per time."""
    with np.errstate(divide="ignore"):
        rarity = np.log1p(-np.minimum(chance, 1.0))
    waits = []
    for turn in range(turns):
        draws = uniform(noise(doc_id, turn) if turn else doc_id, seed)
        with np.errstate(divide="ignore", invalid="ignore"):
            waits.append(np.where(chance > 0, 1.0 + np.floor(np.log(draws) / rarity), np.inf))
    return -np.cumsum(waits, axis=0)
