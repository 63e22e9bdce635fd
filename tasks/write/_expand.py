"""What a trainer asks for of each token, from what contexts hold of each piece; and contexts filled up to one length.

Contexts keep weights, position ids and who sees whom once per piece, a thousand times less than once per token. Loaders
that cannot repeat values get them written out.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

from schemas.errors import UnitError
from tasks.pack._segments import Integers

PADDING = "padding"
PIECE = np.dtype(
    [
        ("context_id", "<i8"),
        ("doc_id", "<u8"),
        ("copy", "<i4"),
        ("start", "<i8"),
        ("length", "<i4"),
        ("loss_weight", "<f8"),
        ("position_offset", "<i8"),
        ("attention", "<i4"),
        ("causal", "?"),
        ("text", "?"),
    ]
)
LISTED = {  # columns of lists with an item per piece, and the field of PIECE that holds the same
    "doc_ids": "doc_id",
    "copies": "copy",
    "starts": "start",
    "lengths": "length",
    "loss_weights": "loss_weight",
    "position_offsets": "position_offset",
    "attentions": "attention",
    "causals": "causal",
}
FILLERS = {"lengths": 0, "loss_weights": 0.0, "causals": True, "roles": PADDING}  # of a piece of padding; else 0


@dataclass(frozen=True)
class Tokens:
    """Per token of a batch of contexts, one after the other; ``offsets`` are where contexts begin, and the end.

    ``loss_weights`` (float32) is the weight of a token as what is to be predicted, 0 for the first of each segment:
    what stands before it may not see it. ``position_ids`` is int32. ``segment_ids`` (int32): tokens of a context see
    each other if theirs are the same. A token sees those before it; one that is not ``causal`` also sees the later ones
    of its segment that are not causal either (the inputs of a prefix language model).
    ``bounds``: where segments begin, and the end; ``bounds[firsts[i] : firsts[i + 1] + 1]`` are those of context i.
    """

    offsets: Integers
    loss_weights: Integers
    position_ids: Integers
    segment_ids: Integers
    causal: Integers
    bounds: Integers
    firsts: Integers


def expand(batch: pa.RecordBatch) -> Tokens:
    """Return what a trainer must know of each token of a batch of contexts."""
    per_context, size = offsets_of(batch["lengths"]), flat(batch["lengths"])
    attention = flat(batch["attentions"])
    heads = np.zeros(len(size), bool)
    heads[per_context[:-1]] = True
    fresh = heads | (np.diff(attention, prepend=attention[:1]) != 0)
    weights, positions, segments, causal = _expanded(
        size, fresh, flat(batch["loss_weights"]), flat(batch["position_offsets"]), attention, flat(batch["causals"])
    )
    begins = np.concatenate([[0], np.cumsum(size, dtype=np.int64)])
    firsts = np.append(np.cumsum(fresh)[per_context[:-1]] - 1, fresh.sum())
    bounds = np.append(begins[:-1][fresh], begins[-1])
    return Tokens(begins[per_context], weights, positions, segments, causal, bounds, firsts)


@njit(nogil=True, cache=True)
def _expanded(
    size: Integers, fresh: Integers, weight: Integers, offset: Integers, attention: Integers, causal: Integers
) -> tuple[Integers, Integers, Integers, Integers]:
    total = size.sum()
    weights, positions = np.empty(total, np.float32), np.empty(total, np.int32)
    segments, sees = np.empty(total, np.int32), np.empty(total, np.bool_)
    at = 0
    for i in range(len(size)):
        for k in range(size[i]):
            weights[at + k] = weight[i]
            positions[at + k] = offset[i] + k
            segments[at + k] = attention[i]
            sees[at + k] = causal[i]
        if fresh[i] and size[i] > 0:
            weights[at] = 0
        at += size[i]
    return weights, positions, segments, sees


def filled(batch: pa.RecordBatch, length: int | None, token: int = 0) -> pa.RecordBatch:
    """Fill each context up to ``length`` tokens with a piece of padding that has no weight and sees only itself.

    The batch as it is where ``length`` is None. Raises UnitError for a context that is longer.
    """
    if length is None:
        return batch
    sizes = np.diff(offsets_of(batch["tokens"]))
    if (sizes > length).any():
        row = int(sizes.argmax())
        raise UnitError(
            f"context {batch['context_id'][row]} has {sizes[row]} tokens, more than the {length} that all are to have; "
            "write 'pad: false'"
        )
    short = sizes < length
    if not short.any():
        return batch
    missing = np.where(short, length - sizes, 0)
    attention = pc.list_value_length(batch["attentions"]).to_numpy() * 0  # a number that no segment has
    if len(attention):
        attention = np.maximum.reduceat(flat(batch["attentions"]), offsets_of(batch["attentions"])[:-1]) + 1
    columns = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if name == "tokens":
            column = _padded(column, length, token)
        elif pa.types.is_list(column.type):
            fill = {"lengths": missing[short], "attentions": attention[short]}.get(name, FILLERS.get(name, 0))
            column = _appended(column, short, fill)
        columns[name] = column
    return pa.RecordBatch.from_pydict(columns)


def _padded(column: pa.Array, length: int, token: int) -> pa.Array:
    ids = flat(column)
    if token > np.iinfo(ids.dtype).max:
        raise UnitError(f"padding token {token} does not fit the {ids.dtype} of the tokens")
    sizes = np.diff(offsets_of(column))
    whole = np.full((len(sizes), length), token, ids.dtype)
    whole[np.arange(length) < sizes[:, None]] = ids
    ends = np.arange(len(sizes) + 1, dtype=np.int32) * np.int32(length)
    return pa.ListArray.from_arrays(pa.array(ends), pa.array(whole.reshape(-1)), type=column.type)


def _appended(column: pa.Array, chosen: Integers, fill: object) -> pa.Array:
    """Return the lists, those ``chosen`` with one item more: ``fill``, or the item of it for each of them."""
    offsets = offsets_of(column)
    ends = np.concatenate([[0], np.cumsum(np.diff(offsets) + chosen)]).astype(np.int32)
    old, count = column.flatten(), int(chosen.sum())
    new = pa.array(fill) if isinstance(fill, np.ndarray) else pa.repeat(pa.scalar(fill), count)
    at = np.insert(np.arange(len(old)), offsets[1:][chosen], len(old) + np.arange(count))
    values = pa.concat_arrays([old, new.cast(old.type)]).take(pa.array(at))
    return pa.ListArray.from_arrays(pa.array(ends), values, type=column.type)


def pieces_of(batch: pa.RecordBatch) -> Integers:
    """Return the pieces of a batch of contexts as one structured array, PIECE, in their order."""
    offsets = offsets_of(batch["lengths"])
    found = np.zeros(int(offsets[-1]), PIECE)
    found["context_id"] = np.repeat(batch["context_id"].to_numpy(), np.diff(offsets))
    for column, field in LISTED.items():
        found[field] = flat(batch[column])
    found["text"] = pc.equal(batch["roles"].flatten(), "text").to_numpy(zero_copy_only=False)
    return found


def flat(column: pa.Array) -> Integers:
    """Return the items of lists, one list after the other."""
    return np.asarray(column.flatten().to_numpy(zero_copy_only=False))


def offsets_of(column: pa.Array) -> Integers:
    """Return where each list begins among the items, and their number: int64 (lists + 1)."""
    offsets = column.offsets.to_numpy().astype(np.int64)
    return np.asarray(offsets - offsets[0])
