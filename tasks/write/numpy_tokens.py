"""Flat files of token ids, nothing else in them, as OLMo-core and nanotron map them into memory; masks beside them.

Their loaders cut such files every so many tokens: contexts are filled up to one length, so that the cuts fall between
them. The .npy files of OLMo-core have no NumPy header: read them with numpy.memmap, not numpy.load.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa

from schemas.recipe import Whole
from tasks.write._expand import expand, filled, flat, pieces_of

CONTENTS = ("contexts",)
NOTE = {
    "carries": "Tokens (uint16, or uint32 for a large vocabulary), contexts by their one length, label_mask/*.npy (a "
    "byte per token: is it a target), *.index (uint64: the token after the end of each segment, of which nanotron "
    "makes position ids).",
    "loses": "Loss weights other than 0 and 1, position ids that do not begin at 0 with each segment, and which "
    "document a token is of: those lie in pieces/*.npy (np.load), one row per piece in the order of the tokens. Per "
    "token: np.repeat(pieces['loss_weight'], pieces['length']), 0 for the first token of each segment. OLMo-core finds "
    "documents by the end-of-text token, so a piece without one runs on into the next.",
    "trainer": "OLMo-core: NumpyFSLDataset with sequence_length = the length that contexts are padded to (the pack "
    "step's context_length, or that of a transform after it if it is larger), paths and label_mask_paths in the order "
    "of their names, and shuffle=False in the data loader. nanotron: 'extension: ds', sequence_length = that length - "
    "1 (it reads one token more); TokenizedBytes with shuffle_files false keeps the order, Nanoset always shuffles.",
}


def files(*, extension: Literal["npy", "ds"] = "npy") -> tuple[str, ...]:
    """Return the names of the files of tokens, of segments, of the mask and of the pieces."""
    return (f"{{}}.{extension}", f"{{}}.{extension}.index", "label_mask/{}.npy", "pieces/{}.npy")


def numpy_tokens(
    batches: Iterable[pa.RecordBatch],
    tokens: Path,
    index: Path,
    mask: Path,
    pieces: Path,
    *,
    pad: bool = True,
    padding: Whole = 0,
    full_context: int | None = None,
) -> None:
    """Write tokens, ends of segments (in tokens of the file), the mask of the targets, and the pieces.

    ``extension`` names the files of tokens as OLMo-core (npy) or nanotron (ds) looks for them. ``pad`` fills contexts
    up to one length, with the token ``padding`` and no loss weight: that of the pack step, if it has one, or of the
    transforms after it, if they make more of it. Raises UnitError for a context that is longer.

    Source: https://olmo-core.readthedocs.io (data loading); https://github.com/huggingface/datatrove (tokenized files).
    """
    held, at = [], 0
    with tokens.open("wb") as ids, index.open("wb") as ends, mask.open("wb") as targets:
        for batch in batches:
            batch = filled(batch, full_context if pad else None, padding)
            found = expand(batch)
            ids.write(flat(batch["tokens"]).tobytes())
            ends.write((found.bounds[1:] + at).astype("<u8").tobytes())
            targets.write((found.loss_weights > 0).tobytes())
            held.append(pieces_of(batch))
            at += int(found.offsets[-1])
    with pieces.open("wb") as file:
        np.save(file, np.concatenate(held))
