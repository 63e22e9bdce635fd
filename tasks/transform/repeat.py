"""Documents twice over, so that a model of bounded memory meets the second reading knowing what to keep.

The data-side analogue of a way to prompt: the copying is for the model's state, and loss on the second reading mostly
rewards copying, so it can be left out. Costs a document's tokens, less its end-of-text token, and the cue per repeat.
"""

from typing import Literal

import numpy as np
import pyarrow as pa

from schemas.recipe import Count, Share
from tasks.transform._made import (
    Encode,
    drawn,
    ends_document,
    flat,
    inserts,
    joined,
    of_pieces,
    repositioned,
)
from tasks.transform._pieces import context_lengths, firsts, is_inserted, lengths, numbered, parts, replaced

AFTER_PACK = False
REPEATS = True
NEEDS = ("tokens",)
CUE = "cue"
BEFORE, FIRST, BETWEEN, SECOND = (np.int64(i) << 40 for i in range(4))


def repeat(
    contexts: pa.Table,
    *,
    seed: int,
    documents: pa.Table,
    encode: Encode,
    probability: Share = 0.5,
    before: str = "",
    cue: str = "\n",
    loss: Literal["both", "second", "first"] = "both",
    longest: Count | None = None,
) -> pa.Table:
    """Give documents twice, with a cue between (Just Read Twice, as training data).

    Each is drawn with ``probability`` if it has at most ``longest`` tokens (a second reading is of use only where it
    sees the first). It becomes ``before``, the document without its end-of-text token, ``cue``, and the document. No
    loss on cues; ``loss`` says on which of the readings there is any.

    Source: Arora et al. 2024, arXiv:2407.05483 (JRT-Prompt); as training data with masks: Gristmill.
    """
    contexts = of_pieces(contexts)
    size = context_lengths(contexts)
    chosen = drawn(contexts, probability, seed) & (size > 1) & (size <= (size if longest is None else longest))
    if not chosen.any():
        return contexts
    mine = chosen[contexts["context_id"].to_numpy()]
    table = contexts.filter(pa.array(mine))
    context, place = table["context_id"].to_numpy(), np.arange(table.num_rows)
    ends = np.append(np.diff(context) != 0, True) & ends_document(table, documents)
    begin = parts(table, place, np.zeros(len(place), np.int64), lengths(table) - ends)
    heads = firsts(numbered(table))[:-1]
    made = [
        (_weighted(begin, loss != "second"), context, FIRST + place),
        (_weighted(table, loss != "first"), context, SECOND + place),
    ]
    for text, rank in ((before, BEFORE), (cue, BETWEEN)):
        ids, offsets = flat(encode([text]) * len(heads))
        inserted = inserts(table, heads, ids, offsets, role=CUE, loss_weight=0.0, causal=True)
        made.append((inserted, context[heads], np.full(len(heads), rank)))
    rest = contexts.filter(pa.array(~mine))
    made.append((rest, rest["context_id"].to_numpy(), np.arange(rest.num_rows)))
    return joined(*made)


def undo(contexts: pa.Table) -> pa.Table:
    """Leave one reading of each document, with its loss."""
    table = contexts.filter(pa.array(contexts["role"].to_numpy(zero_copy_only=False) != CUE))
    context, start, stop = (table[name].to_numpy() for name in ("context_id", "start", "stop"))
    again = np.append(False, (start[1:] < stop[:-1]) & (np.diff(context) == 0)) if len(start) else np.zeros(0, bool)
    heads = firsts(table)[:-1]
    reading = np.cumsum(again) - np.cumsum(again)[heads][context] if len(start) else start
    twice = np.bincount(context, weights=again) > 0
    weight = np.zeros(len(heads))
    np.maximum.at(weight, context, table["loss_weight"].to_numpy())
    table = replaced(
        table,
        loss_weight=np.where(twice[context] & ~is_inserted(table), weight[context], table["loss_weight"].to_numpy()),
    )
    return repositioned(numbered(table.filter(pa.array((reading == 1) | ~twice[context]))))


def _weighted(table: pa.Table, trained: bool) -> pa.Table:
    return table if trained else replaced(table, loss_weight=np.zeros(table.num_rows))
