"""JSON Lines: what Python's own JSON reads back, one row per line feed."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import UnitError
from tasks.write.jsonl import LARGEST, jsonl

ROWS = st.lists(
    st.tuples(
        st.text(), st.integers(0, 2**64 - 1), st.lists(st.integers(0, 70_000), max_size=5), st.floats(allow_nan=False)
    ),
    min_size=1,
    max_size=8,
)


def written(path: Path, *batches: pa.RecordBatch) -> list[object]:
    jsonl(batches, path)
    with path.open("rb") as file:
        return [json.loads(line) for line in zstandard.ZstdDecompressor().stream_reader(file).read().split(b"\n")[:-1]]


@settings(deadline=None)
@given(ROWS)
def test_rows_come_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, int, list[int], float]]
) -> None:
    texts, ids, tokens, weights = zip(*rows, strict=True)
    batch = pa.RecordBatch.from_pydict(
        {
            "text": pa.array(texts, pa.large_string()),
            "doc_id": pa.array(ids, pa.uint64()),
            "tokens": pa.array(tokens, pa.list_(pa.uint32())),
            "doc_ids": pa.array([[i, 0] for i in ids], pa.list_(pa.uint64())),
            "weight": pa.array(weights, pa.float64()),
        }
    )
    expected = [
        {"text": t, "doc_id": str(i), "tokens": ids, "doc_ids": [str(i), "0"], "weight": w if np.isfinite(w) else None}
        for t, i, ids, w in rows
    ]
    path = tmp_path_factory.getbasetemp() / "rows.jsonl.zst"
    assert written(path, batch) == expected
    assert written(path, batch.slice(1), batch.slice(0, 1)) == expected[1:] + expected[:1]


@pytest.mark.parametrize("kind", [pa.uint16(), pa.uint32()])
def test_every_width_of_number_is_written(tmp_path: Path, kind: pa.DataType) -> None:
    ids = [n for width in range(7) for n in (10**width - 1, 10**width, 9 * 10**width)]
    ids = [n for n in ids if n < (1 << 16 if kind == pa.uint16() else 1 << 20)]
    batch = pa.RecordBatch.from_pydict({"tokens": pa.array([ids, [], ids[::-1]], pa.list_(kind))})
    assert written(tmp_path / "x.jsonl.zst", batch) == [{"tokens": ids}, {"tokens": []}, {"tokens": ids[::-1]}]


def test_a_missing_string_is_empty_and_a_token_beyond_any_vocabulary_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl.zst"
    assert written(path, pa.RecordBatch.from_pydict({"url": pa.array([None, "a"])})) == [{"url": ""}, {"url": "a"}]
    with pytest.raises(UnitError, match="token id 10000000"):
        written(path, pa.RecordBatch.from_pydict({"tokens": pa.array([[LARGEST]], pa.list_(pa.uint32()))}))
