"""What every mixer shares: domains read and checked, epoch caps, effective tokens, integer copies."""

from typing import Any

import numpy as np
import pyarrow as pa

from schemas.errors import UnitError

WORN_AFTER = 15.387756  # R*_D of Muennighoff et al. 2023: repeats after which a repeat is worth 1/e of a fresh token
SMALLEST_SHARE = 1e-300  # keeps a domain with tokens drawable when its share underflows
MIXTURE = pa.schema(
    [
        ("domain", pa.string()),
        ("documents", pa.int64()),
        ("tokens", pa.int64()),
        ("natural_share", pa.float64()),
        ("weight", pa.float64()),
        ("epochs", pa.float64()),
        ("effective_tokens", pa.float64()),
        ("shortfall_tokens", pa.float64()),
    ]
)


def checked(domains: pa.Table) -> pa.Table:
    """Return the columns domain, documents, tokens, sorted by domain.

    Raises UnitError for a missing column, a null, a repeated domain, a negative count or no token at all.
    """
    missing = {"domain", "documents", "tokens"} - set(domains.column_names)
    if missing:
        raise UnitError(f"a mixture needs the columns domain, documents, tokens; missing: {', '.join(sorted(missing))}")
    table = domains.select(["domain", "documents", "tokens"]).cast(
        pa.schema([("domain", pa.string()), ("documents", pa.int64()), ("tokens", pa.int64())])
    )
    if any(column.null_count for column in table.columns):
        raise UnitError("a mixture needs a domain, documents and tokens in every row; found a null")
    names = table["domain"].to_pylist()
    if len(set(names)) < len(names):
        raise UnitError(f"a domain may be listed once; listed twice: {min(n for n in names if names.count(n) > 1)}")
    tokens = table["tokens"].to_numpy()
    if (tokens < 0).any() or not tokens.any():
        raise UnitError(f"a mixture needs domains with tokens; got {tokens.tolist()[:10]}")
    return table.sort_by("domain")


def sizes(domains: pa.Table) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the tokens of each checked domain as floating-point numbers."""
    return np.asarray(domains["tokens"].to_numpy(), np.float64)


def budget(domains: pa.Table, budget_tokens: int | None) -> float:
    """Return the tokens to draw (all tokens once if not given)."""
    return float(budget_tokens) if budget_tokens is not None else float(sizes(domains).sum())


def capped(
    shares: np.ndarray[Any, np.dtype[np.float64]], limits: np.ndarray[Any, np.dtype[np.float64]]
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Project ``shares`` under ``limits`` by water-filling: who is over stops at the limit, the others share the rest.

    The result sums to min(1, sum of limits). Free domains keep their ratios.

    >>> capped(np.array([0.5, 0.25, 0.25]), np.array([0.2, 1.0, 1.0])).tolist()
    [0.2, 0.4, 0.4]
    """
    drawn = np.zeros(len(shares))
    free = shares > 0
    for _ in range(len(shares)):
        total = shares[free].sum()
        if total == 0:
            break
        proposal = shares * (max(0.0, 1.0 - drawn.sum()) / total)
        over = free & (proposal > limits)
        if not over.any():
            drawn[free] = proposal[free]
            break
        drawn[over] = limits[over]
        free &= ~over
    return drawn


def mixture(
    domains: pa.Table, shares: np.ndarray[Any, np.dtype[np.float64]], tokens: float, max_epochs: float | None
) -> pa.Table:
    """Return the mixture that draws ``tokens`` at ``shares``, no domain more than ``max_epochs`` times.

    ``epochs`` is what can be drawn. When even all domains at their cap hold fewer than ``tokens``, weights are the
    shares of what can be drawn and ``shortfall_tokens`` is what each weight asks for beyond it (else 0).
    """
    unique = sizes(domains)
    wanted = np.where(unique > 0, np.maximum(shares / shares.sum(), SMALLEST_SHARE), 0.0)
    limits = np.full(len(unique), np.inf) if max_epochs is None else max_epochs * unique / tokens
    drawn = capped(wanted / wanted.sum(), limits)
    reached = float(drawn.sum())
    weight = drawn / reached
    epochs = np.divide(drawn * tokens, unique, out=np.zeros(len(unique)), where=unique > 0)
    missing = weight * tokens * (1 - reached) if reached < 1 - 1e-12 else np.zeros(len(unique))
    return pa.table(
        {
            "domain": domains["domain"],
            "documents": domains["documents"],
            "tokens": domains["tokens"],
            "natural_share": unique / unique.sum(),
            "weight": weight,
            "epochs": epochs,
            "effective_tokens": effective_tokens(unique, epochs),
            "shortfall_tokens": missing,
        },
        schema=MIXTURE,
    )


def effective_tokens(tokens: Any, epochs: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return what ``epochs`` over ``tokens`` are worth in fresh tokens; under one epoch, the tokens drawn.

    Fitted on repetition of a whole corpus (C4); for one domain among others it is an estimate.

    Source: Muennighoff et al. 2023, arXiv:2305.16264, equation 5: U (1 + R* (1 - exp(-(e - 1) / R*))), R* = 15.387756.

    >>> round(float(effective_tokens(1.0, 4.0)), 3)
    3.726
    """
    size, seen = np.asarray(tokens, np.float64), np.asarray(epochs, np.float64)
    repeats = np.maximum(seen - 1.0, 0.0)
    return size * (np.minimum(seen, 1.0) + WORN_AFTER * -np.expm1(-repeats / WORN_AFTER))


def copies(doc_ids: Any, epochs: Any, seed: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return how often each document is written: the whole part of ``epochs``, and one more by a hash for the rest.

    ``epochs`` is one number or one per document. A document's copies depend on its doc_id, its epochs and the seed
    only, never decrease with epochs, and are ``epochs`` on average.
    """
    rate = np.broadcast_to(np.asarray(epochs, np.float64), np.shape(doc_ids))
    if not (np.isfinite(rate).all() and (rate >= 0).all()):
        raise UnitError("epochs must be finite and at least 0")
    whole = np.floor(rate)
    salt = _mixed(np.array([seed % 2**64], np.uint64) + np.uint64(0x636F70696573))
    draw = (_mixed(np.asarray(doc_ids, np.uint64) ^ salt) >> np.uint64(11)) * 2.0**-53
    return whole.astype(np.int64) + (draw < rate - whole)


def _mixed(values: np.ndarray[Any, np.dtype[np.uint64]]) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """The finalizer of splitmix64 (Steele et al. 2014): every input bit changes every output bit."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
