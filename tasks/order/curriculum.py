"""Curricula: the documents in an order that a score decides, in five ways.

Peers sort with a stable sort, so that documents of equal score keep the order of their files; here a seeded hash orders
them. A sort by quality also sorts sources, lengths and languages: the run notes how far each tenth of the order is from
the whole. Whatever shuffles blocks of the release later undoes the order. Cost: one sort.
"""

from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit
from numpy.typing import NDArray

from schemas.errors import RecipeError, unknown
from schemas.recipe import Above0, Count, Share
from tasks.draw import noise

IN_TIME = True
Mode = Literal["ascending", "descending", "folding", "pacing", "interleave"]
Integers = np.ndarray[Any, np.dtype[Any]]


def curriculum(
    documents: pa.Table,
    *,
    seed: int,
    score: str,
    mode: Mode = "ascending",
    folds: Count = 3,
    start: Share = 0.1,
    power: Above0 = 2.0,
    bins: Count = 10,
) -> NDArray[np.int64]:
    """Put the documents in an order that a score decides; random by ``seed`` where it does not.

    ``documents`` needs doc_id and ``score``, without nulls or NaN. Returns int64 row numbers in the new order.

    - ascending, descending: sorted. For ascending quality the paper advises a learning rate that decays moderately
      (its end not far below its peak), or an average of the last checkpoints: under a full decay the gain vanishes.
    - folding: ``folds`` ascending passes, each over every ``folds``-th document of the sorted list.
    - pacing: at the share t of the order, a document drawn from the lowest f(t) = start + (1 - start) t^(1 / power) of
      the sorted list, without replacement.
    - interleave: ``bins`` equal parts of the sorted list in turn, one document of each, lowest first.

    Source: Luo et al. 2025, arXiv:2511.18903 (ascending); DELT 2025, arXiv:2506.21545 (folding); Zhang et al. 2025,
    arXiv:2506.11300 (pacing, interleaved).

    >>> documents = pa.table({"doc_id": pa.array([7, 5, 6], pa.uint64()), "quality": [0.5, 0.2, 0.9]})
    >>> curriculum(documents, seed=0, score="quality").tolist()
    [1, 0, 2]
    """
    order = _sorted(documents, score, seed)
    if mode == "descending":
        return order[::-1].copy()
    if mode == "folding":
        return np.concatenate([order[fold::folds] for fold in range(folds)])
    if mode == "pacing":
        return order[_paced(_reached(len(order), start, power), noise(np.arange(len(order), dtype=np.uint64), seed))]
    if mode == "interleave":
        return _in_turn(order, documents["doc_id"].to_numpy(), bins, seed)
    return order


def _sorted(documents: pa.Table, score: str, seed: int) -> Integers:
    """Return the rows by score, those of equal score by a hash."""
    if score not in documents.column_names:
        raise RecipeError(f"order curriculum: {unknown('score', score, documents.column_names)}")
    values = documents[score].combine_chunks()
    missing = pc.is_null(values, nan_is_null=True)
    if missing.true_count:
        first = documents["doc_id"].filter(missing)[0].as_py()
        raise RecipeError(
            f"order curriculum: score '{score}' is missing for {missing.true_count} of {len(values)} documents "
            f"(the first: doc_id {first}); filter them out or score them before this step"
        )
    return np.lexsort((noise(documents["doc_id"].to_numpy(), seed), values.to_numpy(zero_copy_only=False)))


def _reached(count: int, start: float, power: float) -> Integers:
    """Return how many of the sorted documents may have come by each place: at least one that has not."""
    places = np.arange(count)
    share = start + (1 - start) * (places / max(count, 1)) ** (1 / power)
    return np.maximum(np.minimum(np.ceil(share * count), count).astype(np.int64), places + 1)


@njit(nogil=True, cache=True)
def _paced(reached: Integers, drawn: Integers) -> Integers:
    """Draw each place's document out of those reached that are left, by the place's random number."""
    pool = np.empty(len(reached), np.int64)
    found = np.empty(len(reached), np.int64)
    held, seen = 0, 0
    for place in range(len(reached)):
        while seen < reached[place]:
            pool[held] = seen
            held += 1
            seen += 1
        chosen = np.int64(drawn[place] % np.uint64(held))
        found[place] = pool[chosen]
        held -= 1
        pool[chosen] = pool[held]
    return found


def _in_turn(order: Integers, doc_ids: Integers, bins: int, seed: int) -> Integers:
    """Return one row of each of ``bins`` equal parts of ``order`` in turn, random inside a part."""
    part = np.arange(len(order)) * bins // max(len(order), 1)
    shuffled = np.lexsort((noise(doc_ids[order], seed + 1), part))
    order, part = order[shuffled], part[shuffled]
    turn = np.arange(len(order)) - np.searchsorted(part, part)
    return order[np.lexsort((part, turn))]
