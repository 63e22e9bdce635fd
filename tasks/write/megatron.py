"""Token files with an index (.bin, .idx), as Megatron-LM and its relatives map them into memory.

What the two files cannot hold lies beside them, one row per piece, in a NumPy file.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from schemas.recipe import Whole
from tasks.pack._segments import Integers
from tasks.write._expand import expand, filled, flat, pieces_of

FILES = ("{}.bin", "{}.idx", "pieces/{}.npy")
CONTENTS = ("contexts",)
NOTE = {
    "carries": "Tokens, where contexts begin and, with 'sequences: segment', where segments begin (cu_seqlens under "
    "inter-document masking). Contexts are padded to one length (the pack step's context_length, or that of a "
    "transform after it if it is larger), so that chunks of that length are the contexts.",
    "loses": "Loss weights, position ids that do not begin at 0 with each segment, and which document a token is of: "
    "those lie in pieces/*.npy (np.load), one row per piece in the order of the tokens. Per token: "
    "np.repeat(pieces['loss_weight'], pieces['length']), 0 for the first token of each segment.",
    "trainer": "--seq-length is that length, add_extra_token_to_sequence=False (the first token of the next "
    "context is not a target), --dataloader-type single, one epoch, --split 100,0,0. GPTDataset itself shuffles "
    "sequences and samples and has no switch for it: keep the order by a subclass, or by replacing "
    "_build_document_index and _build_shuffle_index of megatron.core.datasets.gpt_dataset with ones that count up. "
    "Several prefixes are drawn from by weight: join the files first, in the order of their names "
    "(tools/merge_datasets.py does).",
}
MAGIC = b"MMIDIDX\x00\x00"
VERSION = np.uint64(1)
CODES = {"uint16": 8, "int32": 4}


def megatron(
    batches: Iterable[pa.RecordBatch],
    tokens: Path,
    index: Path,
    pieces: Path,
    *,
    sequences: Literal["context", "segment"] = "context",
    pad: bool = True,
    padding: Whole = 0,
    full_context: int | None = None,
) -> None:
    """Write the tokens (uint16, or int32 for a large vocabulary), the index of their sequences, and the pieces.

    ``sequences``: what the index calls a sequence; with ``segment`` (tokens that see each other) its documents are
    the contexts, else both are contexts. ``pad`` fills contexts up to one length, with the token ``padding`` and no
    loss weight: that of the pack step, if it has one, or of the transforms after it, if they make more of it. Raises
    UnitError for a context that is longer.

    Source: https://github.com/NVIDIA/Megatron-LM (megatron/core/datasets/readme.md).
    """
    kind: np.dtype[Any] = np.dtype(np.uint16)
    sizes, contexts, held = [], [], []
    with tokens.open("wb") as file:
        for batch in batches:
            batch = filled(batch, full_context if pad else None, padding)
            ids = flat(batch["tokens"])
            kind = ids.dtype if ids.dtype == np.uint16 else np.dtype(np.int32)
            file.write(ids.astype(kind, copy=False).tobytes())
            size, per_context = _sequences(batch, sequences)
            sizes.append(size)
            contexts.append(per_context)
            held.append(pieces_of(batch))
    index.write_bytes(_index(np.concatenate(sizes), np.concatenate(contexts), kind))
    with pieces.open("wb") as file:
        np.save(file, np.concatenate(held))


def _sequences(batch: pa.RecordBatch, sequences: str) -> tuple[Integers, Integers]:
    """Return the tokens of each sequence, and the sequences of each context."""
    found = expand(batch)
    if sequences == "context":
        return np.diff(found.offsets), np.ones(batch.num_rows, np.int64)
    return np.diff(found.bounds), np.diff(found.firsts)


def _index(sizes: Integers, per_context: Integers, kind: np.dtype[Any]) -> bytes:
    pointers = (np.cumsum(sizes) - sizes) * kind.itemsize
    documents = np.concatenate([[0], np.cumsum(per_context)])
    head = [VERSION.tobytes(), bytes([CODES[kind.name]]), np.array([len(sizes), len(documents)], "<u8").tobytes()]
    arrays = [sizes.astype("<i4").tobytes(), pointers.astype("<i8").tobytes(), documents.astype("<i8").tobytes()]
    return b"".join([MAGIC, *head, *arrays])
