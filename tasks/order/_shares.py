"""Documents dealt out to the phases of an order: how many tokens of which kind each gets, and then which documents."""

from typing import Any

import numpy as np
from numba import njit

Reals = np.ndarray[Any, np.dtype[Any]]
Integers = np.ndarray[Any, np.dtype[Any]]

ROUNDS = 2000
CLOSE = 1e-9


def fitted(wanted: Reals, rows: Reals, columns: Reals) -> Reals:
    """Scale rows and columns of ``wanted`` in turn until they add up to ``rows`` and ``columns`` (Sinkhorn).

    Of all tables with these sums and zeros it is the nearest one (in relative entropy) to ``wanted``. Where the zeros
    leave no such table the columns are right and the rows are not.
    """
    table = wanted.astype(float)
    for _ in range(ROUNDS):
        table *= _ratio(rows, table.sum(1))[:, None]
        table *= _ratio(columns, table.sum(0))[None, :]
        if np.abs(table.sum(1) - rows).max(initial=0) <= CLOSE * rows.sum():
            break
    return table


def _ratio(asked: Reals, found: Reals) -> Reals:
    return np.divide(asked, found, out=np.zeros_like(found), where=found > 0)


@njit(nogil=True, cache=True)
def dealt(group: Integers, tokens: Integers, target: Reals) -> Integers:
    """Return the phase of each document, in their order, so that phases get ``target`` (phases, groups) tokens.

    A document goes to the phase that has the least of what it is to get. ``group`` ascends; what a phase got too much
    in one group it gets less of in the next.
    """
    phases = target.shape[0]
    found = np.empty(len(group), np.int64)
    got, due, owed = np.zeros(phases), np.zeros(phases), np.zeros(phases)
    for i in range(len(group)):
        if i == 0 or group[i] != group[i - 1]:
            for p in range(phases):
                owed[p] += due[p] - got[p]
                due[p] = max(target[p, group[i]] + owed[p], 1e-6) if target[p, group[i]] > 0 else 0.0
                owed[p] = target[p, group[i]] + owed[p] - due[p]
                got[p] = 0.0
        best = -1
        for p in range(phases):
            if due[p] > 0 and (best < 0 or (got[p] + tokens[i] / 2) / due[p] < (got[best] + tokens[i] / 2) / due[best]):
                best = p
        found[i] = best
        got[best] += tokens[i]
    return found
