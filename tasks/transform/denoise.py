"""A mixture of denoisers: documents as inputs with spans cut out and the spans as targets, for a decoder that sees its
inputs both ways.

Unlike the code of others that is public: a sentinel never stands for two spans of an example, long documents become
several examples rather than lose their ends, and the round trip is exact. About 20 s per 100 million tokens, as there
is a piece per span.
"""

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
from numba import njit
from pydantic import Field

from schemas.errors import RecipeError
from schemas.recipe import From0, Whole
from tasks.draw import noise, uniform
from tasks.transform._made import (
    alike,
    ends_document,
    inserts,
    joined,
    keys,
    of_pieces,
    rejoined,
    subset,
    without,
)
from tasks.transform._pieces import (
    Integers,
    context_lengths,
    firsts,
    is_inserted,
    lengths,
    overlaps,
    owners,
    parts,
    replaced,
)

AFTER_PACK = False
WHOLE = True
NEEDS = ("tokens",)
MODE, SENTINEL, END = "mode", "sentinel", "end"
LAST = 0  # of a denoiser: no mean length, but one span at the end
SPANS = np.array([3, 8, LAST, 3, 8, 64, 64])
RATES = np.array([0.15, 0.15, 0.25, 0.5, 0.5, 0.15, 0.5])
REGULAR, EXTREME, SEQUENTIAL = range(3)
MODES = np.array([REGULAR, REGULAR, SEQUENTIAL, EXTREME, EXTREME, EXTREME, EXTREME])
NAMES = ("[NLU]", "[NLG]", "[S2S]")
Longest = Annotated[int, Field(ge=8)]
LEAD, INPUT, TARGET = 1, 2, 1 << 30  # ranks in an example begin there; its end comes at twice the last


def check(*, weights: tuple[float, ...]) -> None:
    """Refuse odds that are not one for each denoiser, or of which none is above 0."""
    if len(weights) != len(SPANS) or not 0 < sum(weights) < float("inf"):
        raise RecipeError(f"denoise: weights are {len(SPANS)} odds, not all 0, got {list(weights)}")


def denoise(
    contexts: pa.Table,
    *,
    seed: int,
    documents: pa.Table,
    vocabulary: int,
    end_of_text: int,
    weights: tuple[From0, ...] = (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0),
    longest: Longest = 2048,
    first_marker: Whole | None = None,
) -> pa.Table:
    """Make denoising examples of documents, for decoders (UL2).

    An example is a mode token, the inputs, the targets and an end-of-text token. Its denoiser is drawn by ``weights``
    among seven (mean span, share of tokens): R (3, 0.15), (8, 0.15); S, the end of the text, 1 token to half of it; X
    (3, 0.5), (8, 0.5), (64, 0.15), (64, 0.5). Of R and X, spans are taken out at random places and each is a sentinel
    in the inputs; the targets are the sentinels, each with its span. S has no sentinels. Loss on targets and the
    end-of-text token, also on the targets' sentinels; inputs are not causal: they see each other both ways.

    Documents are cut into equal parts such that no example is over ``longest`` tokens; the end-of-text token of a
    document closes its last example, others get one. Documents of fewer than two tokens before it stay as they are.
    What was inserted before a document's text (metadata) comes before the inputs of its first example, and adds to it.

    Ids from ``first_marker`` on, by default ``vocabulary``: [NLU] (R), [NLG] (X), [S2S] (S), then the sentinels.

    Source: Tay et al. 2022, arXiv:2205.05131; spans as in Raffel et al. 2020, arXiv:1910.10683.
    """
    odds = np.asarray(weights, np.float64)
    contexts = of_pieces(contexts)
    if not contexts.num_rows:
        return contexts
    examples = _examples(contexts, documents, odds / odds.sum(), longest, seed)
    spans = _spans(examples, seed)
    first = vocabulary if first_marker is None else first_marker
    made = [_leads(contexts, examples), _text(contexts, examples, spans), *_closing(contexts, examples, end_of_text)]
    made += _sentinels(contexts, examples, spans, first + len(NAMES))
    drawn = np.flatnonzero(examples.denoiser >= 0)
    row = np.searchsorted(np.cumsum(lengths(contexts)), examples.begin[drawn], side="right")
    mode = first + MODES[examples.denoiser[drawn]]
    nobody = {"doc_id": pa.nulls(len(row), pa.uint64()), "copy": pa.nulls(len(row), pa.int32())}
    modes = inserts(contexts, row, mode, np.arange(len(row) + 1), **nobody, **_inserted(MODE, 0.0, False))
    return joined((modes, drawn, np.zeros(len(row), np.int64)), *made)


def undo(contexts: pa.Table) -> pa.Table:
    """Put the spans back where they were, and the examples of a document together; all text gets its weight again."""
    table = without(contexts, MODE, SENTINEL, END)
    if not table.num_rows:
        return table
    owner = owners(table)
    item = np.cumsum(np.append(True, np.diff(owner) != 0)) - 1
    weight = np.zeros(item[-1] + 1)
    np.maximum.at(weight, item, table["loss_weight"].to_numpy())
    weight = np.where(is_inserted(table), table["loss_weight"].to_numpy(), weight[item])
    return rejoined(replaced(table, loss_weight=weight, causal=np.ones(len(item), bool)), item)


def special_tokens(*, vocabulary: int, longest: Longest = 2048, first_marker: Whole | None = None) -> dict[str, int]:
    """Return the ids of the mode tokens, and of the first and last sentinel."""
    first = vocabulary if first_marker is None else first_marker
    raw = _raw_length(longest)
    _, spans = _amounts(np.full(len(SPANS), raw), np.arange(len(SPANS)), np.zeros(len(SPANS)))
    sentinels = {"first sentinel": first + 3, "last sentinel": first + 2 + int(spans.max())}
    return {name: first + i for i, name in enumerate(NAMES)} | sentinels


@dataclass(frozen=True)
class _Examples:
    """Per example: the context it is of, first token among all tokens laid end to end, tokens to denoise, whether the
    next token is its document's end-of-text, its denoiser (-1: leave as it is), how many tokens to take out and in how
    many spans."""

    item: Integers
    begin: Integers
    size: Integers
    closed: Integers
    denoiser: Integers
    noisy: Integers
    spans: Integers
    key: Integers


@dataclass(frozen=True)
class _Spans:
    """Per span of an example: the example, first and last (not in it) token, whether it is taken out, its number."""

    example: Integers
    left: Integers
    right: Integers
    taken: Integers
    number: Integers


def _raw_length(longest: int) -> int:
    """Return how many tokens fit an example whatever its denoiser: mode, end, and two sentinels per span are added."""
    size = np.arange(2, longest)
    most = np.zeros(len(size), np.int64)
    for denoiser in np.flatnonzero(SPANS != LAST):
        _, spans = _amounts(size, np.full(len(size), denoiser), np.zeros(len(size)))
        most = np.maximum(most, spans)
    return int(size[size + 2 * most + 2 <= longest].max())


def _amounts(size: Integers, denoiser: Integers, drawn: Integers) -> tuple[Integers, Integers]:
    """Return how many tokens of examples to take out, and in how many spans; ``drawn``: by which to draw those of S."""
    noisy = np.clip(np.rint(RATES[denoiser] * size), 1, size - 1).astype(np.int64)
    spans = np.maximum(1, np.rint(noisy / np.maximum(SPANS[denoiser], 1)).astype(np.int64))
    spans = np.minimum(spans, np.minimum(noisy, size - noisy))
    last = SPANS[denoiser] == LAST
    most = np.clip((2 * RATES[denoiser] * size).astype(np.int64), 1, size - 1)
    return np.where(last, 1 + (drawn * most).astype(np.int64), noisy), np.where(last, 1, spans)


def _examples(table: pa.Table, documents: pa.Table, odds: Integers, longest: int, seed: int) -> _Examples:
    total, heads = context_lengths(table), firsts(table)
    closed = ends_document(table, documents)[heads[1:] - 1]
    lead = np.bincount(table["context_id"].to_numpy(), weights=lengths(table) * _leading(table)).astype(np.int64)
    body = total - closed - lead
    denoised = body >= 2
    raw = _raw_length(longest)
    count = np.where(denoised, np.maximum(-(-body // raw), 1), 1)
    item = np.repeat(np.arange(len(total)), count)
    turn = np.arange(len(item)) - np.repeat(np.cumsum(count) - count, count)
    begin = turn * body[item] // count[item]
    size = np.where(denoised[item], (turn + 1) * body[item] // count[item] - begin, total[item])
    key = noise(keys(table)[item] ^ noise(turn.astype(np.uint64), 0), seed)
    denoiser = np.searchsorted(np.cumsum(odds), uniform(key, 1), side="right").clip(0, len(odds) - 1)
    noisy, spans = _amounts(np.maximum(size, 2), denoiser, uniform(key, 2))
    last = (turn == count[item] - 1) & closed[item] & denoised[item]
    begin += (np.cumsum(total) - total + np.where(denoised, lead, 0))[item]
    return _Examples(item, begin, size, last, np.where(denoised[item], denoiser, -1), noisy, spans, key)


def _spans(examples: _Examples, seed: int) -> _Spans:
    plain = examples.denoiser < 0
    last = ~plain & (SPANS[examples.denoiser] == LAST)
    count = np.where(plain, 1, np.where(last, 2, 2 * examples.spans))
    left, right = _partitioned(examples.size, examples.noisy, count, noise(examples.key, seed + 1))
    example = np.repeat(np.arange(len(count)), count)
    place = np.arange(len(example)) - np.repeat(np.cumsum(count) - count, count)
    begin = examples.begin[example]
    return _Spans(example, begin + left, begin + right, place % 2 == 1, place // 2)


@njit(nogil=True, cache=True)
def _partitioned(size: Any, noisy: Any, count: Any, key: Any) -> tuple[Integers, Integers]:
    """Cut examples into spans, in turn left in and taken out, of random lengths that add up to what each should."""
    left, right = np.empty(count.sum(), np.int64), np.empty(count.sum(), np.int64)
    at = 0
    for i in range(len(size)):
        if count[i] == 1:
            left[at], right[at] = 0, size[i]
            at += 1
            continue
        pairs = count[i] // 2
        state, clean = subset(key[i], pairs - 1, size[i] - noisy[i] - 1)
        state, taken = subset(state, pairs - 1, noisy[i] - 1)
        for j in range(pairs):
            before = clean[j - 1] + 1 + taken[j - 1] + 1 if j else 0
            kept = clean[j] + 1 if j < pairs - 1 else size[i] - noisy[i]
            out = taken[j] + 1 if j < pairs - 1 else noisy[i]
            middle = kept + (taken[j - 1] + 1 if j else 0)
            left[at], right[at] = before, middle
            left[at + 1], right[at + 1] = middle, kept + out
            at += 2
    return left, right


def _leading(table: pa.Table) -> Integers:
    """Return which pieces are inserted ones before the first span of text in their context."""
    text, begins = np.cumsum(~is_inserted(table)), firsts(table)[:-1]
    before = (text - ~is_inserted(table))[begins]
    return np.asarray(is_inserted(table) & (text == before[table["context_id"].to_numpy()]))


_Made = tuple[pa.Table, Integers, Integers]


def _leads(table: pa.Table, examples: _Examples) -> _Made:
    """What was inserted before documents, before the inputs of their first examples."""
    _, first = np.unique(examples.item, return_index=True)
    mine = first[table["context_id"].to_numpy()]
    row = np.flatnonzero(_leading(table) & (examples.denoiser >= 0)[mine])
    lead = replaced(table.take(pa.array(row)), loss_weight=np.zeros(len(row)), causal=np.zeros(len(row), bool))
    return lead, mine[row], np.full(len(row), LEAD)


def _inserted(role: str, weight: float, causal: bool) -> dict[str, Any]:
    return {"role": role, "loss_weight": weight, "causal": causal}


def _text(table: pa.Table, examples: _Examples, spans: _Spans) -> _Made:
    """The tokens themselves: those left in are inputs, without loss and not causal; those taken out are targets."""
    span, row, first, last = overlaps(lengths(table), spans.left, spans.right)
    text = parts(table, row, first, last)
    seen = ((examples.denoiser >= 0)[spans.example] & ~spans.taken)[span]
    weight = np.where(seen, 0.0, text["loss_weight"].to_numpy())
    text = replaced(text, loss_weight=weight, causal=~seen & text["causal"].to_numpy())
    rank = np.where(spans.taken, TARGET, INPUT) + 2 * spans.number + spans.taken
    return text, spans.example[span], rank[span]


def _sentinels(table: pa.Table, examples: _Examples, spans: _Spans, first: int) -> list[_Made]:
    """A sentinel where each span was taken out, and one before it among the targets."""
    marked = spans.taken & (SPANS[examples.denoiser] != LAST)[spans.example]
    token, number, example = spans.left[marked], spans.number[marked], spans.example[marked]
    size = lengths(table)
    row = np.searchsorted(np.cumsum(size), token, side="right")
    within = np.where(is_inserted(table)[row], 0, token - (np.cumsum(size) - size)[row])
    at = table["start"].to_numpy()[row] + within
    made = []
    for rank, weight, causal in ((INPUT + 1, 0.0, False), (TARGET, 1.0, True)):
        columns: dict[str, Any] = {"start": at, "stop": at, **_inserted(SENTINEL, weight, causal)}
        inserted = inserts(table, row, first + number, np.arange(len(row) + 1), **columns)
        made.append((inserted, example, rank + 2 * number))
    return made


def _closing(table: pa.Table, examples: _Examples, end_of_text: int) -> list[_Made]:
    """The document's own end-of-text token, or one inserted where an example ends before it."""
    ends = examples.begin + examples.size
    row = np.searchsorted(np.cumsum(lengths(table)), ends - 1 + examples.closed, side="right")
    own = np.flatnonzero(examples.closed)
    size = lengths(table)[row[own]]
    given = np.flatnonzero(~examples.closed & (examples.denoiser >= 0))
    at = table["stop"].to_numpy()[row[given]] - (np.cumsum(lengths(table))[row[given]] - ends[given])
    at = np.where(is_inserted(table)[row[given]], table["start"].to_numpy()[row[given]], at)
    columns: dict[str, Any] = {"start": at, "stop": at, **_inserted(END, 1.0, True)}
    inserted = inserts(table, row[given], *alike([end_of_text], len(given)), **columns)
    return [
        (parts(table, row[own], size - 1, size), own, np.full(len(own), 2 * TARGET)),
        (inserted, given, np.full(len(given), 2 * TARGET)),
    ]
