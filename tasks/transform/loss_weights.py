"""Weights in the loss that give each document a say of its own size, however documents are packed."""

from typing import Literal

import numpy as np
import pyarrow as pa

from tasks.transform._made import in_document, of_pieces
from tasks.transform._pieces import Integers, lengths, owners, replaced

AFTER_PACK = True
FOLLOWED_BY = ("smaller_first", "spread_positions", "sorted_batches")
POWERS = {"token": 1.0, "sqrt": 0.5, "document": 0.0}


def loss_weights(
    contexts: pa.Table,
    *,
    per: Literal["token", "sqrt", "document"] = "document",
    scale: Literal["sum", "mean"] = "sum",
) -> pa.Table:
    """Weigh tokens so that the loss is a mean over documents rather than over contexts (LongAlign's loss weighting).

    A document copy of N trained tokens has a share of N (``per: token``), of its square root, or of 1 (``document``) in
    the loss, whatever contexts it is in. With ``scale: sum`` a context's loss is the weighted sum of its tokens', and
    the loss the mean over contexts: with K contexts and M documents each token weighs K / (N M), so that the loss is
    the mean over documents of the mean over each one's tokens. ``mean`` makes the mean weight of trained tokens 1, for
    trainers that divide by their number. Tokens without loss keep none, weights there are multiplied. What has no
    document (answers to tables) counts as one per context. The first token of what is seen as a unit (a document, or
    the context, as the pack step's ``attention`` says) is never predicted and not counted.

    Source: Bai et al. 2024, arXiv:2401.18058, section 3.2; shares by square root: Gristmill.
    """
    contexts = of_pieces(contexts)
    if not contexts.num_rows:
        return contexts
    weight, size = contexts["loss_weight"].to_numpy(), lengths(contexts)
    context, attention = contexts["context_id"].to_numpy(), contexts["attention"].to_numpy()
    fresh = np.append(True, (np.diff(context) != 0) | (np.diff(attention) != 0))
    sequence = _sequences(contexts)
    trained = np.bincount(sequence, weights=weight * (size - fresh))
    share = np.where(trained > 0, trained ** POWERS[per], 0.0)
    of_token = np.divide(share, trained, out=np.zeros(len(share)), where=trained > 0)
    made = weight * of_token[sequence] * (context[-1] + 1) / max(share.sum(), np.finfo(float).tiny)
    if scale == "mean":
        counted = np.where(weight > 0, size - fresh, 0)
        made *= counted.sum() / max((made * counted).sum(), np.finfo(float).tiny)
    return replaced(contexts, loss_weight=made)


def undo(contexts: pa.Table) -> pa.Table:
    """Give weight 1 to all that has any."""
    return replaced(contexts, loss_weight=(contexts["loss_weight"].to_numpy() > 0).astype(float))


def _sequences(table: pa.Table) -> Integers:
    """Return a number per piece of the document copy that it is of or goes with, or of the context if of none."""
    group, owner = in_document(table), owners(table)
    known = np.full(int(group[-1]) + 1, -1, np.int64)
    np.maximum.at(known, group, owner)
    mine = np.where(owner < 0, known[group], owner)
    return np.asarray(np.unique(np.where(mine < 0, -1 - table["context_id"].to_numpy(), mine), return_inverse=True)[1])
