"""Training in phases: each a share of the tokens with its own mixture of sources and its own bar, random inside.

Peers concatenate data sets that were cut to size by hand; here the phases share out what there is. The mixtures asked
for are met where the tokens suffice, and else as nearly as the sums allow; what each phase got is noted. A context
length that changes between phases is set at the pack step. Cost: one sort, and a pass over documents x phases.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.errors import RecipeError, unknown
from schemas.recipe import InlineRule, inline_rule
from tasks.draw import noise, uniform
from tasks.order._shares import Reals, dealt, fitted

IN_TIME = True
COPIES = True
KEYS = ("share", "mixture", "filter")
COMPARE = {
    ">=": np.greater_equal,
    ">": np.greater,
    "<=": np.less_equal,
    "<": np.less,
    "==": np.equal,
    "!=": np.not_equal,
}
Phase = dict[str, Any]
Integers = NDArray[np.int64]


def check(*, phases: list[dict[str, Any]] | None) -> None:
    """Raise RecipeError for phases that are not shares of a whole, or that ask for what cannot be."""
    given = phases or [{"share": 1}]
    for phase in given:
        for key in phase:
            if key not in KEYS:
                raise RecipeError(f"order phases: {unknown('key of a phase', str(key), KEYS)}")
        if not isinstance(phase.get("share"), int | float) or not phase["share"] > 0:
            raise RecipeError(f"order phases: each needs a share above 0, got {phase.get('share')!r}")
        mixture = phase.get("mixture") or {}
        if (
            not isinstance(mixture, dict)
            or any(not w >= 0 for w in mixture.values())
            or (mixture and not any(mixture.values()))
        ):
            raise RecipeError(f"order phases: a mixture gives each name a weight of at least 0, got {mixture!r}")
        list(_bars(phase))
    total = sum(phase["share"] for phase in given)
    if abs(total - 1) > 1e-6:
        raise RecipeError(f"order phases: the shares add up to 1, got {total:g}")


def uses(*, phases: list[dict[str, Any]] | None) -> Iterator[str]:
    """Yield the columns that the phases' bars compare."""
    for phase in phases or []:
        for bar in _bars(phase):
            yield bar.rule.score


def _bars(phase: Phase) -> Iterator[InlineRule]:
    given = phase.get("filter") or []
    for text in [given] if isinstance(given, str) else given:
        found = inline_rule(str(text))
        if found.rule.operator not in COMPARE:
            raise RecipeError(f"order phases: a filter compares a column with one value, got {text!r}")
        yield found


def phases(
    documents: pa.Table, *, seed: int, phases: list[dict[str, Any]] | None = None, by: str = "source"
) -> Integers:
    """Put the documents into phases, one after the other; inside a phase they are shuffled by ``seed``.

    Each phase has a ``share`` of all tokens; a ``mixture``, the weights of values of the column ``by`` (without one, as
    in all documents; values that it leaves out are not in the phase); and a ``filter``, one comparison or several that
    its documents pass, such as ``quality >= 0.7`` or ``quality >= q0.5``, the better half of the documents. Every
    document is in one phase. If the phases do not ask for exactly the tokens that there are, the table of tokens by
    phase and value that is nearest to theirs (in relative entropy) is taken, so a later phase gets what earlier ones
    leave. Copies of one document are kept about half of their phase's pass apart or more.

    ``documents`` needs doc_id, tokens, ``by`` and what the filters compare; copy if there are copies. Returns int64 row
    numbers in the new order. RecipeError: phases that the documents cannot fill.

    Source: Feng et al. 2024, arXiv:2412.15285 (two phases); Gristmill (shares by relative entropy).

    >>> documents = pa.table({"doc_id": pa.array(range(4), pa.uint64()), "tokens": [9] * 4, "source": list("abab")})
    >>> order = phases(documents, seed=0, phases=[{"share": 0.5, "mixture": {"a": 1}}, {"share": 0.5}])
    >>> [documents["source"][int(i)].as_py() for i in order]
    ['a', 'a', 'b', 'b']
    """
    given = phases or [{"share": 1}]
    check(phases=given)
    if not len(documents):
        return np.zeros(0, np.int64)
    doc_id = documents["doc_id"].to_numpy()
    copy = documents["copy"].to_numpy() if "copy" in documents.column_names else np.zeros(len(doc_id), np.int64)
    drawn = noise(doc_id ^ copy.astype(np.uint64) << np.uint64(48), seed)
    tokens = documents["tokens"].to_numpy().astype(np.int64)
    group, target = _targets(documents, tokens, given, by)
    order = np.lexsort((drawn, -np.frexp(tokens)[1], group))
    phase = np.empty(len(order), np.int64)
    phase[order] = dealt(group[order], tokens[order], target)
    again = _turns(doc_id, copy, phase)
    spread = uniform(doc_id, seed) + uniform(drawn, seed + 1)
    return np.lexsort((doc_id, spread, again, phase))


def _targets(documents: pa.Table, tokens: Integers, given: list[Phase], by: str) -> tuple[Integers, Reals]:
    """Number the kinds of documents (value of ``by``, phases that it may be in); and the tokens of each per phase."""
    values, value = np.unique(documents[by].to_numpy(zero_copy_only=False).astype(str), return_inverse=True)
    weights = np.array([_weights(phase, values, np.bincount(value, weights=tokens)) for phase in given])
    passes = np.array([_passing(documents, phase) for phase in given]) & (weights[:, value] > 0)
    kinds, group = np.unique(np.vstack([value, passes]), axis=1, return_inverse=True)
    group = group.reshape(-1)
    held = np.bincount(group, weights=tokens)
    allowed = kinds[1:].astype(bool)
    if not allowed.any(0).all():
        lost = values[kinds[0][~allowed.any(0)][0]]
        raise RecipeError(
            f"order phases: documents of {by} '{lost}' fit no phase ({held[~allowed.any(0)].sum():.0f} tokens); "
            "filter them out before, or give a phase without mixture and filter"
        )
    rows = np.array([phase["share"] for phase in given]) * tokens.sum()
    target = _shared(rows, weights, kinds[0], np.where(allowed, held, 0.0), held)
    ratio = target.sum(1) / rows
    if ratio.min() < 1 - 1e-3:
        short = int(ratio.argmin())
        raise RecipeError(
            f"order phases: phase {short + 1} is to have {given[short]['share']:.2%} of the tokens; "
            f"with the mixtures and filters as they are it can have {target.sum(1)[short] / tokens.sum():.2%}"
        )
    return group, target


def _shared(rows: Reals, weights: Reals, value: Integers, room: Reals, held: Reals) -> Reals:
    """Return the tokens (phases, kinds) that each phase gets of each kind of documents, of which ``room`` are allowed.

    First per value, so that a filter does not change a mixture; if the filters leave too little for that, at once.
    """
    count = weights.shape[1]
    per_value = fitted(rows[:, None] * weights, rows, np.bincount(value, weights=held, minlength=count))
    found = np.zeros_like(room)
    for v in range(count):
        mine = value == v
        found[:, mine] = fitted(room[:, mine], per_value[:, v], held[mine])
    if np.abs(found.sum(1) - rows).max() <= 1e-4 * rows.sum():
        return found
    whole = np.stack([np.bincount(value, weights=row, minlength=count) for row in room])[:, value]
    wanted = rows[:, None] * weights[:, value] * np.divide(room, whole, out=np.zeros_like(room), where=whole > 0)
    return fitted(wanted, rows, held)


def _weights(phase: Phase, values: NDArray[Any], natural: Reals) -> Reals:
    mixture = {str(name): float(weight) for name, weight in (phase.get("mixture") or {}).items()}
    for name in mixture:
        if name not in values:
            raise RecipeError(f"order phases: {unknown('name in a mixture', name, values.tolist())}")
    found = np.array([mixture.get(name, 0.0) for name in values]) if mixture else natural
    return np.asarray(found / found.sum())


def _passing(documents: pa.Table, phase: Phase) -> NDArray[np.bool_]:
    passes = np.ones(len(documents), bool)
    for bar in _bars(phase):
        if bar.rule.score not in documents.column_names:
            raise RecipeError(f"order phases: {unknown('score', bar.rule.score, documents.column_names)}")
        value = documents[bar.rule.score].to_numpy(zero_copy_only=False)
        asked = bar.quantile
        threshold = bar.rule.threshold if asked is None else _quantile(documents, bar.rule.score, asked)
        passes &= np.asarray(COMPARE[bar.rule.operator](value, threshold), bool)
    return passes


def _quantile(documents: pa.Table, score: str, quantile: float) -> float:
    """Return the value that a share ``quantile`` of the documents do not exceed; copies of a document count once."""
    value = documents[score].to_numpy(zero_copy_only=False)
    if not np.issubdtype(value.dtype, np.number):
        raise RecipeError(f"order phases: {score} holds labels, which have no quantiles")
    value = value[np.unique(documents["doc_id"].to_numpy(), return_index=True)[1]]
    value = value[~np.isnan(value)]
    return float(np.quantile(value, quantile, method="inverted_cdf")) if len(value) else np.nan


def _turns(doc_id: NDArray[np.uint64], copy: Integers, phase: Integers) -> Integers:
    """Return how many copies of its document come before each one in its phase."""
    order = np.lexsort((copy, doc_id, phase))
    fresh = np.append(True, (np.diff(doc_id[order]) != 0) | (np.diff(phase[order]) != 0))
    place = np.arange(len(order))
    turns = np.empty(len(order), np.int64)
    turns[order] = place - np.maximum.accumulate(np.where(fresh, place, 0))
    return turns


def placed(ordered: pa.Table, *, phases: list[dict[str, Any]] | None, by: str) -> dict[str, float]:
    """Return how far each phase is from what was asked of it, read off the finished order.

    - tokens_error: of the phase's tokens, those by which its nearest end between documents misses its share.
    - mixture_error: half the sum of the differences between its mixture and that asked for (total variation).
    - outside_filter: share of its tokens in documents that its filter excludes.
    """
    given = phases or [{"share": 1}]
    tokens = ordered["tokens"].to_numpy().astype(np.int64)
    if not len(tokens):
        return {}
    ends = np.append(0, np.cumsum(tokens))
    asked = np.append(0, np.cumsum([phase["share"] for phase in given])) * ends[-1]
    cuts = np.array([np.abs(ends - end).argmin() for end in asked])
    values, value = np.unique(ordered[by].to_numpy(zero_copy_only=False).astype(str), return_inverse=True)
    natural = np.bincount(value, weights=tokens)
    found = {}
    for i, phase in enumerate(given):
        inside = slice(cuts[i], cuts[i + 1])
        size = max(int(tokens[inside].sum()), 1)
        mixture = np.bincount(value[inside], weights=tokens[inside], minlength=len(values)) / size
        name = f"phase_{i + 1}"
        found[f"{name}_tokens_error"] = abs(size / (phase["share"] * ends[-1]) - 1)
        found[f"{name}_mixture_error"] = float(np.abs(mixture - _weights(phase, values, natural)).sum() / 2)
        found[f"{name}_outside_filter"] = float(tokens[inside][~_passing(ordered, phase)[inside]].sum() / size)
    return found
