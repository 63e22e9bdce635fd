"""What every rule of acceptance shares: strata, quotas of tokens, and the prefix of a ranking that fills a quota.

Quotas are whole tokens: shares are rounded by largest remainders, so that they add up to the budget. A quota is met by
the document that crosses it, so a stratum gives less than one document more than was asked of it. Equal ranks are
ordered by the hash of (seed, doc_id): no result depends on the order of the rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from schemas.errors import UnitError, unknown
from tasks.draw import noise

Amount = float | str
Quota = Literal["proportional", "equal"] | dict[str, Amount]
Shortfall = Literal["redistribute", "leave_short", "repeat"]
Missing = Literal["drop", "keep"]
By = str | list[str]
WITHOUT = "unknown"
TIES = np.uint64(0x7469_6573_7469_6573)
QUOTAS = pa.schema(
    [
        ("stratum", pa.string()),
        ("quota", pa.int64()),
        ("available", pa.int64()),
        ("redistributed", pa.int64()),
        ("achieved", pa.int64()),
        ("shortfall", pa.int64()),
        ("excess", pa.int64()),
        ("candidates", pa.int64()),
        ("documents", pa.int64()),
        ("repeats", pa.int64()),
        ("missing", pa.int64()),
        ("threshold", pa.float64()),
    ]
)


@dataclass(frozen=True)
class Selected:
    """How often each document is taken; a row of figures per stratum; and which of these rows is each document's."""

    copies: NDArray[np.int32]
    quotas: pa.Table
    stratum: NDArray[np.int64]


@dataclass(frozen=True)
class Pool:
    """Documents in strata: what a rule of acceptance chooses from. ``score`` is NaN where there is none."""

    doc_id: NDArray[np.uint64]
    tokens: NDArray[np.int64]
    score: NDArray[np.float64]
    stratum: NDArray[np.int64]
    paths: list[tuple[str, ...]]
    seed: int

    @property
    def scored(self) -> NDArray[np.bool_]:
        """Which documents have a score."""
        return ~np.isnan(self.score)

    def per_stratum(self, amounts: NDArray[Any]) -> NDArray[np.int64]:
        """Add up one whole number per document over each stratum."""
        sums = np.zeros(len(self.paths), np.int64)
        np.add.at(sums, self.stratum, amounts)
        return sums


def pool(documents: pa.Table, *, by: By, seed: int, score: str | None = None, quota: Quota = "proportional") -> Pool:
    """Read documents with the columns doc_id, tokens, ``score`` and those of ``by`` (nulls are 'unknown').

    A stratum that ``quota`` names is there even if no document is in it. Values of a score that are not finite count
    as no score. Raises UnitError for a column that is not there.
    """
    names = [by] if isinstance(by, str) else list(by)
    for name in ("doc_id", "tokens", *names, *([score] if score else [])):
        if name not in documents.column_names:
            raise UnitError(unknown("column", name, documents.column_names))
    named = list(quota) if isinstance(quota, dict) and names else []
    stratum, paths = _strata([documents[name] for name in names], documents.num_rows, named)
    values = np.zeros(documents.num_rows)
    if score:
        values = np.asarray(documents[score].cast(pa.float64()).to_numpy(), np.float64).copy()
        values[~np.isfinite(values)] = np.nan
    return Pool(documents["doc_id"].to_numpy(), documents["tokens"].to_numpy(), values, stratum, paths, seed)


def _strata(
    columns: Sequence[pa.ChunkedArray], rows: int, named: Sequence[str]
) -> tuple[NDArray[np.int64], list[tuple[str, ...]]]:
    """Number the combinations of values, and of those named, in alphabetical order; and give each row its number."""
    codes = np.zeros(rows, np.int64)
    paths: list[tuple[str, ...]] = [()] if rows else []
    for column in columns:
        encoded = pc.fill_null(column.cast(pa.string()), WITHOUT).combine_chunks().dictionary_encode()
        values = encoded.dictionary.to_pylist()
        combined = codes * max(len(values), 1) + encoded.indices.to_numpy()
        found, codes = np.unique(combined, return_inverse=True)
        paths = [(*paths[code // len(values)], values[code % len(values)]) for code in found.tolist()]
    present = {path[0] for path in paths if path}
    paths += [(name, *[WITHOUT] * (len(columns) - 1)) for name in named if name not in present]
    order = sorted(range(len(paths)), key=paths.__getitem__)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank[codes] if rows else codes, [paths[k] for k in order]


def amount(value: Amount, whole: int) -> int:
    """Return a number of tokens: a count such as 30e9, or a share of ``whole`` such as '20%'.

    >>> amount("30e9", 5), amount("20%", 50), amount(7, 5)
    (30000000000, 10, 7)
    """
    text = str(value).strip()
    is_share = text.endswith("%")
    try:
        found = float(text[:-1]) / 100 if is_share else float(text)
    except ValueError:
        found = -1.0
    tokens = found * whole if is_share else found
    if not 0 <= found < 2**62 or tokens >= 2**62:
        raise UnitError(f"tokens are a count such as 30e9 or a share such as '20%', got {value!r}")
    return round(tokens)


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Cut a whole number in proportion to ``weights``, by largest remainders; the parts add up to it.

    >>> apportion(10, [1, 1, 1]), apportion(5, [0, 3])
    ([4, 3, 3], [0, 5])
    """
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    parts = [total * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda k: (-(total * weights[k] % whole), k))
    for k in order[: total - sum(parts)]:
        parts[k] += 1
    return parts


def within(total: int, weights: Sequence[int], room: Sequence[int]) -> list[int]:
    """Cut a whole number in proportion to ``weights``; what a part has no ``room`` for goes to the others.

    >>> within(10, [1, 1, 2], [1, 9, 9]), within(10, [1, 1], [2, 3])
    ([1, 3, 6], [2, 3])
    """
    parts = [0] * len(weights)
    free = list(weights)
    while any(free):
        fair = apportion(total - sum(parts), free)
        over = [k for k, part in enumerate(fair) if free[k] and part > room[k]]
        if not over:
            return [part or share for part, share in zip(parts, fair, strict=True)]
        for k in over:
            parts[k], free[k] = room[k], 0
    return parts


@dataclass(frozen=True)
class Ask:
    """How many tokens a selection takes, from which strata, and what happens where one runs short."""

    tokens: Amount | None
    quota: Quota
    shortfall: Shortfall
    max_repeat: int

    @property
    def turns(self) -> int:
        """How often a document may be taken."""
        return self.max_repeat if self.shortfall == "repeat" else 1


def checked(tokens: Amount | None, quota: Quota, shortfall: Shortfall = "redistribute", max_repeat: int = 1) -> Ask:
    """Return what is asked for; UnitError if it is not one thing."""
    if (tokens is None) != isinstance(quota, dict):
        raise UnitError("give `tokens` (a count such as 30e9 or a share such as '20%') or a quota for each stratum")
    for value in [tokens] if not isinstance(quota, dict) else quota.values():
        amount(value or 0, 0)
    return Ask(tokens, quota, shortfall, max_repeat)


def quotas(ask: Ask, paths: Sequence[tuple[str, ...]], tokens: Sequence[int], room: Sequence[int] | None) -> list[int]:
    """Return the tokens asked of each stratum, level by level, given the tokens of each.

    With ``room`` (tokens that each can give) what one cannot give is asked of those nearest to it: of the same parent
    first. Quotas by name are for the first column; inside it, tokens are shared in proportion.
    """
    if not isinstance(ask.quota, dict):
        budget = amount(ask.tokens or 0, sum(tokens))
        return _share(budget, 0, list(range(len(paths))), paths, tokens, room, ask.quota == "equal")
    if paths == [()]:
        raise UnitError("quotas for each stratum need `by`: the column whose values they are for")
    groups = _groups(range(len(paths)), 0, paths)
    asked = [amount(ask.quota.get(name, 0), sum(tokens[k] for k in members)) for name, members in groups]
    if room is not None:
        asked = within(sum(asked), asked, [sum(room[k] for k in members) for _, members in groups])
    given = [0] * len(paths)
    for (_, members), part in zip(groups, asked, strict=True):
        for k, share in zip(members, _share(part, 1, members, paths, tokens, room, False), strict=True):
            given[k] = share
    return given


def _groups(
    members: Sequence[int] | range, level: int, paths: Sequence[tuple[str, ...]]
) -> list[tuple[str, list[int]]]:
    return [(name, list(found)) for name, found in groupby(members, key=lambda k: paths[k][level])]


def _share(
    total: int,
    level: int,
    members: list[int],
    paths: Sequence[tuple[str, ...]],
    tokens: Sequence[int],
    room: Sequence[int] | None,
    equal: bool,
) -> list[int]:
    """Share ``total`` among these strata (in order), which have their first ``level`` values in common."""
    if not members or level == len(paths[members[0]]):
        return [total if room is None else min(total, room[k]) for k in members]
    groups = _groups(members, level, paths)
    held = [sum(tokens[k] for k in found) for _, found in groups]
    weights = [int(size > 0) for size in held] if equal else held
    weights = weights if any(weights) else [1] * len(weights)
    if room is None:
        parts = apportion(total, weights)
    else:
        parts = within(total, weights, [sum(room[k] for k in found) for _, found in groups])
    return [
        share
        for (_, found), part in zip(groups, parts, strict=True)
        for share in _share(part, level + 1, found, paths, tokens, room, equal)
    ]


def ranked(found: Pool, eligible: NDArray[np.bool_], rank: NDArray[np.float64]) -> list[NDArray[np.int64]]:
    """Return per stratum its eligible documents in order of ``rank``, the highest first.

    ``rank`` may have a row for each time that a document can be taken; the documents are then there as often.
    """
    times = np.atleast_2d(rank)
    rows, keys = np.tile(np.flatnonzero(eligible), len(times)), times[:, eligible].ravel()
    order = np.lexsort((ties(found.doc_id[rows], found.seed), -keys, found.stratum[rows]))
    bounds = np.searchsorted(found.stratum[rows[order]], np.arange(len(found.paths) + 1))
    return [rows[order[start:stop]] for start, stop in pairwise(bounds)]


def ties(doc_id: NDArray[np.uint64], seed: int) -> NDArray[np.uint64]:
    """Return what equal ranks are ordered by: a hash that has nothing to do with the draws of the same seed."""
    return noise(doc_id ^ TIES, seed)


def fill(
    found: Pool, rank: NDArray[np.float64], ask: Ask, *, missing: Missing, eligible: NDArray[np.bool_] | None = None,
    cut: bool = False,
) -> Selected:  # fmt: skip
    """Take of each stratum its documents in order of ``rank`` until its quota is met.

    With repetition, a stratum that is used up is begun again from the top, unless ``rank`` says when a document's turn
    comes again. ``cut``: the rank is the score, and the last score taken is the threshold of the stratum.
    """
    eligible = found.scored if eligible is None else eligible & found.scored
    asked, given = _asked(found, ask, eligible)
    copies = np.zeros(len(found.doc_id), np.int32)
    threshold = np.full(len(found.paths), np.nan)
    turns = ask.turns if rank.ndim == 1 else 1
    for k, order in enumerate(ranked(found, eligible, rank)):
        times = taken(found.tokens[order], given[k], turns)
        np.add.at(copies, order, times)
        kept = order[times > 0]
        if cut and len(kept):
            threshold[k] = found.score[kept[-1]]
    return selected(found, copies, missing, eligible=eligible, asked=asked, given=given, threshold=threshold)


def _asked(found: Pool, ask: Ask, eligible: NDArray[np.bool_]) -> tuple[list[int], list[int]]:
    """The tokens asked of each stratum, before and after those that run short are made up for."""
    tokens = found.per_stratum(np.where(found.scored, found.tokens, 0)).tolist()
    asked = quotas(ask, found.paths, tokens, None)
    if ask.shortfall != "redistribute":
        return asked, asked
    return asked, quotas(ask, found.paths, tokens, found.per_stratum(np.where(eligible, found.tokens, 0)).tolist())


def taken(tokens: NDArray[np.int64], quota: int, turns: int) -> NDArray[np.int32]:
    """Return how often each of these documents, in order, is taken until ``quota`` tokens are there.

    >>> taken(np.array([5, 5, 5]), 11, 1).tolist(), taken(np.array([5, 5, 5]), 20, 4).tolist()
    ([1, 1, 1], [2, 1, 1])
    """
    total = int(tokens.sum())
    whole = min(quota // total, turns) if total else 0
    rest = quota - whole * total if whole < turns else 0
    return (whole + (np.cumsum(tokens) - tokens < rest)).astype(np.int32)


def selected(
    found: Pool,
    copies: NDArray[np.int32],
    missing: Missing,
    *,
    eligible: NDArray[np.bool_],
    asked: Sequence[int] | None = None,
    given: Sequence[int] | None = None,
    threshold: NDArray[np.float64] | None = None,
) -> Selected:
    """Return what was taken with its figures; documents without a score stay or go as ``missing`` says."""
    without = found.per_stratum(~found.scored)
    tokens = found.per_stratum(copies * found.tokens)
    table = {
        "stratum": [name_of(path) for path in found.paths],
        "quota": asked if asked is not None else pa.nulls(len(found.paths), pa.int64()),
        "available": found.per_stratum(np.where(eligible, found.tokens, 0)),
        "redistributed": np.subtract(given, asked) if given is not None and asked is not None else 0 * tokens,
        "achieved": tokens,
        "shortfall": np.maximum(np.subtract(asked, tokens), 0) if asked is not None else 0 * tokens,
        "excess": np.maximum(np.subtract(tokens, given), 0) if given is not None else 0 * tokens,
        "candidates": found.per_stratum(np.ones(len(copies), np.int64)),
        "documents": found.per_stratum(copies > 0),
        "repeats": found.per_stratum(np.maximum(copies - 1, 0)),
        "missing": without,
        "threshold": pa.array(np.full(len(found.paths), np.nan) if threshold is None else threshold, from_pandas=True),
    }
    rows = pa.table({name: pa.array(values, QUOTAS.field(name).type) for name, values in table.items()}, schema=QUOTAS)
    return Selected(np.where(found.scored | (missing == "drop"), copies, 1).astype(np.int32), rows, found.stratum)


def name_of(path: tuple[str, ...]) -> str:
    """Return a stratum as people read it.

    >>> name_of(("wiki", "medicine")), name_of(())
    ('wiki / medicine', 'all')
    """
    return " / ".join(path) or "all"
