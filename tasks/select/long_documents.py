"""Long documents made more frequent inside each stratum, by leaving short ones out; nothing is taken twice.

The published code estimates tokens from characters, which is wrong for code and for scripts without spaces, lets a
stratum overshoot by what is in its buffer, and must read on until the rarest source is full. Here tokens are counted,
and the budgets are known before the first document is taken. Cost: two sorts.
"""

import numpy as np
import pyarrow as pa
from numba import njit
from numpy.typing import NDArray

from schemas.recipe import Count, Share, ShareAbove0
from tasks.draw import noise, uniform
from tasks.select._quota import Amount, Ask, By, Pool, Selected, amount, pool, quotas, selected, ties


def long_documents(
    documents: pa.Table,
    *,
    seed: int,
    by: By = "source",
    threshold: Count = 4096,
    keep: Share = 0.1,
    long_share: ShareAbove0 | None = None,
    tokens: Amount | None = None,
) -> Selected:
    """Keep a part of each stratum's short documents, then cut all strata to the shares of tokens that they had.

    Documents of fewer than ``threshold`` tokens stay with probability ``keep``; or, with ``long_share``, so few of them
    (drawn at random) that in each stratum this share of the documents is long; one without long documents keeps all.
    ``tokens`` (a count, or a share of all tokens) is the budget of all strata; without it, it is the largest that no
    stratum is too small for. With it, a stratum that is too small gives what it has, and its row says what is missing.
    ``by``: one column or several. A stratum is filled in a random order, evenly in long and short documents, with what
    fits; so less than one document of those left is missing.

    Source: Fu et al. 2024, arXiv:2402.10171 (per-source length upsampling).

    >>> documents = pa.table({"doc_id": pa.array(range(6), pa.uint64()), "tokens": [9, 9, 9, 1, 1, 1],
    ...                       "source": ["a"] * 6})
    >>> int(long_documents(documents, seed=0, threshold=5, long_share=0.75).copies.sum())
    4
    """
    found = pool(documents, by=by, seed=seed)
    eligible = found.tokens >= threshold
    eligible |= uniform(found.doc_id, seed) < keep if long_share is None else _fewest(found, eligible, long_share)
    budget = _largest(found, eligible) if tokens is None else amount(tokens, int(found.tokens.sum()))
    ask = Ask(budget, "proportional", "leave_short", 1)
    asked = quotas(ask, found.paths, found.per_stratum(found.tokens).tolist(), None)
    order = _even(found, eligible, found.tokens >= threshold)
    copies = np.zeros(len(eligible), np.int32)
    copies[order] = _fitting(found.stratum[order], found.tokens[order], np.array(asked, np.int64))
    return selected(found, copies, "drop", eligible=eligible, asked=asked, given=asked)


def _fewest(found: Pool, long: NDArray[np.bool_], share: float) -> NDArray[np.bool_]:
    """Return the short documents that stay, so many that ``share`` of a stratum's documents is long."""
    count = found.per_stratum(long)
    wanted = np.where(count > 0, np.floor(count * (1 - share) / share), len(long)).astype(np.int64)
    short = np.flatnonzero(~long)
    stratum = found.stratum[short]
    order = np.lexsort((ties(found.doc_id[short], found.seed), stratum))
    stratum = stratum[order]
    rank = np.arange(len(short)) - np.searchsorted(stratum, stratum)
    stays = np.zeros(len(long), bool)
    stays[short[order]] = rank < wanted[stratum]
    return stays


def _even(found: Pool, eligible: NDArray[np.bool_], long: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the eligible documents by stratum, at random, any part of a stratum's with its share of long ones."""
    rows = np.flatnonzero(eligible)
    kind = 2 * found.stratum[rows] + long[rows]
    rows = rows[np.lexsort((noise(found.doc_id[rows], found.seed + 1), kind))]
    kind = 2 * found.stratum[rows] + long[rows]
    place = (np.arange(len(rows)) - np.searchsorted(kind, kind) + 0.5) / np.bincount(kind)[kind]
    return rows[np.lexsort((found.doc_id[rows], place, found.stratum[rows]))]


@njit(nogil=True, cache=True)
def _fitting(stratum: NDArray[np.int64], tokens: NDArray[np.int64], room: NDArray[np.int64]) -> NDArray[np.int32]:
    """Take each document that still fits the room of its stratum."""
    taken = np.zeros(len(stratum), np.int32)
    for i in range(len(stratum)):
        if tokens[i] <= room[stratum[i]]:
            taken[i] = 1
            room[stratum[i]] -= tokens[i]
    return taken


def _largest(found: Pool, eligible: NDArray[np.bool_]) -> int:
    """Return the most tokens of which every stratum can give the share that it had."""
    had = found.per_stratum(found.tokens).astype(float)
    room = found.per_stratum(np.where(eligible, found.tokens, 0))
    total = had.sum()
    return int(min((r * total / h for r, h in zip(room, had, strict=True) if h), default=0.0))
