"""Flat files of tokens: nothing but tokens, with masks and ends beside them (read back whole in test_training)."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from tasks.write.numpy_tokens import files, numpy_tokens
from tests.units.write.test_expand import batch

MADE = batch([[(2, 0.5, 0, 0, True), (1, 1.0, 0, 1, True)], [(4, 1.0, 0, 0, True)]])


def test_tokens_ends_and_mask(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("tokens", "ends", "mask", "pieces")]
    numpy_tokens([MADE, MADE.slice(1)], *paths, full_context=4, padding=8)
    assert np.fromfile(paths[0], "<u2").tolist() == [1, 2, 3, 8, *[1, 2, 3, 4] * 2]
    assert np.fromfile(paths[1], "<u8").tolist() == [2, 3, 4, 8, 12]
    assert np.fromfile(paths[2], bool).tolist() == [False, True, False, False, *[False, True, True, True] * 2]
    pieces = np.load(paths[3])
    assert (pieces["context_id"].tolist(), pieces["length"].tolist()) == ([0, 0, 0, 1, 1], [2, 1, 1, 4, 4])


def test_a_large_vocabulary_takes_four_bytes(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("tokens", "ends", "mask", "pieces")]
    ids = pa.array([[1, 2, 2**32 - 1], [3, 4, 5, 6]], pa.list_(pa.uint32()))
    numpy_tokens([MADE.set_column(1, "tokens", ids)], *paths)
    assert np.fromfile(paths[0], "<u4").tolist() == [1, 2, 2**32 - 1, 3, 4, 5, 6]


def test_files_are_named_as_their_readers_look_for_them() -> None:
    assert files()[:2] == ("{}.npy", "{}.npy.index")
    assert files(extension="ds")[:2] == ("{}.ds", "{}.ds.index")
