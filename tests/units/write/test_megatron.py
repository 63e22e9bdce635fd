"""Megatron's token files: both widths of tokens, sequences and documents (read back whole in test_training)."""

import struct
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tasks.write.megatron import megatron
from tests.units.write.test_expand import batch

MADE = batch([[(2, 1.0, 0, 0, True), (1, 1.0, 0, 1, True)], [(4, 1.0, 0, 0, True)]])


def written(folder: Path, made: pa.RecordBatch, **settings: object) -> tuple[list[int], list[int], list[int], str]:
    """Return tokens, lengths of sequences, first sequence of each document, and the type of the tokens."""
    paths = [folder / name for name in ("x.bin", "x.idx", "x.npy")]
    megatron([made], *paths, **settings)  # type: ignore[arg-type]
    data = paths[1].read_bytes()
    _, _, code, sequences, documents = struct.unpack_from("<9sQBQQ", data)
    kind = {8: "uint16", 4: "int32"}[code]
    sizes = np.frombuffer(data, "<i4", sequences, 34).tolist()
    bounds = np.frombuffer(data, "<i8", documents, 34 + 12 * sequences).tolist()
    return np.fromfile(paths[0], kind).tolist(), sizes, bounds, kind


def test_a_sequence_is_a_context(tmp_path: Path) -> None:
    assert written(tmp_path, MADE) == ([1, 2, 3, 1, 2, 3, 4], [3, 4], [0, 1, 2], "uint16")
    padded = [1, 2, 3, 9, 9, 1, 2, 3, 4, 9]
    assert written(tmp_path, MADE, full_context=5, padding=9) == (padded, [5, 5], [0, 1, 2], "uint16")
    assert written(tmp_path, MADE, full_context=5, pad=False)[1] == [3, 4]


def test_or_a_segment_of_one(tmp_path: Path) -> None:
    assert written(tmp_path, MADE, sequences="segment")[1:3] == ([2, 1, 4], [0, 2, 3])
    assert written(tmp_path, MADE, sequences="segment", full_context=5)[1:3] == ([2, 1, 2, 4, 1], [0, 3, 5])


@pytest.mark.parametrize("top", [65_535, 65_536, 2**31 - 1])
def test_a_large_vocabulary_takes_four_bytes(tmp_path: Path, top: int) -> None:
    ids = pa.array([[1, 2, top], [3, 4, 5, 6]], pa.list_(pa.uint32()))
    wide = MADE.set_column(1, "tokens", ids)
    assert written(tmp_path, wide)[::3] == ([1, 2, top, 3, 4, 5, 6], "int32")
