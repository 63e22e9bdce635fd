"""Long documents made more frequent inside each stratum, by leaving short ones out; nothing is taken twice.

The published code estimates tokens from characters, which is wrong for code and for scripts without spaces, lets a
stratum overshoot by what is in its buffer, and must read on until the rarest source is full. Here tokens are counted,
and the budgets are known before the first document is taken. Cost: two sorts.
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.errors import UnitError
from tasks.draw import uniform
from tasks.select._quota import Amount, Ask, By, Pool, Selected, amount, fill, pool, ties


def long_documents(
    documents: pa.Table,
    *,
    seed: int,
    by: By = "source",
    threshold: int = 4096,
    keep: float = 0.1,
    long_share: float | None = None,
    tokens: Amount | None = None,
) -> Selected:
    """Keep a part of each stratum's short documents, then cut all strata to the shares of tokens that they had.

    Documents of fewer than ``threshold`` tokens stay with probability ``keep``; or, with ``long_share``, so few of them
    (drawn at random) that in each stratum this share of the documents is long, if it has any short ones to leave out.
    ``tokens`` (a count, or a share of all tokens) is the budget of all strata; without it, it is the largest that no
    stratum is too small for. With it, a stratum that is too small gives what it has, and its row says what is missing.
    ``by``: one column or several. A stratum's budget is met by the document that crosses it. UnitError: a setting out
    of its range.

    Source: Fu et al. 2024, arXiv:2402.10171 (per-source length upsampling).

    >>> documents = pa.table({"doc_id": pa.array(range(6), pa.uint64()), "tokens": [9, 9, 9, 1, 1, 1],
    ...                       "source": ["a"] * 6})
    >>> int(long_documents(documents, seed=0, threshold=5, long_share=0.75).copies.sum())
    4
    """
    _check(threshold, keep, long_share)
    found = pool(documents, by=by, seed=seed)
    eligible = found.tokens >= threshold
    eligible |= uniform(found.doc_id, seed) < keep if long_share is None else _fewest(found, eligible, long_share)
    budget = _largest(found, eligible) if tokens is None else amount(tokens, int(found.tokens.sum()))
    ask = Ask(budget, "proportional", "leave_short", 1)
    return fill(found, uniform(found.doc_id, seed + 1), ask, missing="drop", eligible=eligible)


def _check(threshold: int, keep: float, long_share: float | None) -> None:
    if threshold < 1:
        raise UnitError(f"threshold must be at least 1 token, got {threshold}")
    if not 0 <= keep <= 1:
        raise UnitError(f"keep is a probability from 0 to 1, got {keep}")
    if long_share is not None and not 0 < long_share <= 1:
        raise UnitError(f"long_share must be above 0 and at most 1, got {long_share}")


def _fewest(found: Pool, long: NDArray[np.bool_], share: float) -> NDArray[np.bool_]:
    """Return the short documents that stay, so many that ``share`` of a stratum's documents is long."""
    wanted = np.floor(found.per_stratum(long) * (1 - share) / share).astype(np.int64)
    short = np.flatnonzero(~long)
    stratum = found.stratum[short]
    order = np.lexsort((ties(found.doc_id[short], found.seed), stratum))
    stratum = stratum[order]
    rank = np.arange(len(short)) - np.searchsorted(stratum, stratum)
    stays = np.zeros(len(long), bool)
    stays[short[order]] = rank < wanted[stratum]
    return stays


def _largest(found: Pool, eligible: NDArray[np.bool_]) -> int:
    """Return the most tokens of which every stratum can give the share that it had."""
    had = found.per_stratum(found.tokens).astype(float)
    room = found.per_stratum(np.where(eligible, found.tokens, 0))
    total = had.sum()
    return int(min((r * total / h for r, h in zip(room, had, strict=True) if h), default=0.0))
