"""Tar files: what tarfile, NumPy and JSON of the standard library read back (the package itself: test_training)."""

import io
import json
import tarfile
from pathlib import Path

import numpy as np

from tasks.write.webdataset import webdataset
from tests.units.write.test_expand import batch

MADE = batch([[(2, 0.5, 0, 0, True), (1, 1.0, 5, 1, False)], [(4, 1.0, 0, 0, True)]])


def test_members_are_those_of_the_contexts_in_order(tmp_path: Path) -> None:
    webdataset([MADE], tmp_path / "a.tar", expand=True)
    webdataset(iter([MADE]), tmp_path / "b.tar", expand=True)
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()
    with tarfile.open(tmp_path / "a.tar") as tar:
        held = {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]
        assert {(m.mtime, m.uid, m.gid, m.uname) for m in tar} == {(0, 0, 0, "")}
    keys = [name.partition(".")[0] for name in held]
    assert keys == sorted(keys) and set(keys) == {"000000000000", "000000000001"}
    expected = MADE.to_pylist()
    for i, row in enumerate(expected):
        key = f"{i:012d}"
        tokens = np.load(io.BytesIO(held[f"{key}.tokens.npy"]))
        assert (tokens.dtype, tokens.tolist()) == ("uint16", row.pop("tokens"))
        row["doc_ids"] = [str(doc_id) for doc_id in row["doc_ids"]]
        assert json.loads(held[f"{key}.json"]) == row
    assert np.load(io.BytesIO(held["000000000000.position_ids.npy"])).tolist() == [0, 1, 5]
    assert np.load(io.BytesIO(held["000000000000.loss_weights.npy"])).tolist() == [0, 0.5, 0]
