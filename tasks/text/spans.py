"""Spans of the texts of a batch: what an editor wants cut or replaced, what a decontaminator found."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa


@dataclass(frozen=True)
class Spans:
    """Spans to cut or replace, in any order; those of one document may overlap.

    ``document``: int64, index into the batch. ``starts``, ``stops``: int64, bytes into the batch's data, on the borders
    of characters. ``replacements``: strings to put there (``""`` cuts). ``reasons``: strings, why.
    """

    document: np.ndarray
    starts: np.ndarray
    stops: np.ndarray
    replacements: pa.Array
    reasons: pa.Array

    def __len__(self) -> int:
        return len(self.document)
