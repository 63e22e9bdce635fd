"""Mosaic data shards: the index and what a reader of the documented layout finds (see also test_training)."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import UnitError
from tasks.write import mds as module
from tasks.write.mds import finish, mds
from tests.trainers import shard_rows
from tests.units.write.test_expand import batch

MADE = batch([[(300, 0.5, 0, 0, True), (2, 1.0, 7, 1, False)], [(1, 0.0, 0, 0, True)]])


def rows_of(folder: Path, *names: str) -> list[dict[str, Any]]:
    [(path, data)] = finish(folder, [folder / name for name in names])
    assert path.name == "index.json"
    return [row for shard in json.loads(data)["shards"] for row in shard_rows(folder, shard)]


def test_samples_come_back_in_the_order_of_the_shards(tmp_path: Path) -> None:
    for name in ("a.mds", "b.mds"):
        mds([MADE, MADE.slice(1)], tmp_path / name)
    found = rows_of(tmp_path, "a.mds", "b.mds")
    expected = [*MADE.to_pylist(), MADE.to_pylist()[1]] * 2
    assert [{k: v if isinstance(v, int | list) else v.tolist() for k, v in row.items()} for row in found] == expected
    assert (tmp_path / "a.mds").read_bytes() == (tmp_path / "b.mds").read_bytes()
    assert found[0]["tokens"].dtype == "uint16" and found[0]["doc_ids"].dtype == "uint64"


def test_columns_per_token_take_the_place_of_those_per_piece(tmp_path: Path) -> None:
    mds([MADE], tmp_path / "a.mds", expand=True)
    row = rows_of(tmp_path, "a.mds")[0]
    assert {len(row[k]) for k in ("tokens", "loss_weights", "position_ids", "segment_ids", "causal")} == {302}
    assert not {"position_offsets", "attentions", "causals"} & set(row)
    assert (row["position_ids"][-2:].tolist(), row["segment_ids"][-1], row["causal"][-1]) == ([7, 8], 1, 0)


def test_a_shard_that_its_offsets_cannot_reach_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST", 1000)
    with pytest.raises(UnitError, match=r"a\.mds would have 2 contexts in \d+ bytes"):
        mds([MADE], tmp_path / "a.mds")
    with pytest.raises(UnitError, match="0 contexts"):
        mds([], tmp_path / "a.mds")
