"""Intermediates: the same things make the same name, what is there is whole, and nothing is made twice."""

import os
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.recipe import Recipe
from tasks import parts
from tasks.read import Fields
from tasks.resolve import parse

TABLE = pa.table({"doc_id": pa.array([3, 1, 2], pa.uint64()), "text": ["a", None, "c"], "n": [[1], [], [2, 3]]})


def test_the_same_things_make_the_same_name() -> None:
    assert parts.key_of("a", {"x": 1, "y": 2}) == parts.key_of("a", {"y": 2, "x": 1})
    assert parts.key_of(Fields()) == parts.key_of(Fields())
    assert parts.key_of(parse("name: x\nsources: {a: b}")) == parts.key_of(parse("sources: {a: {path: [b]}}\nname: x"))


@pytest.mark.parametrize(
    "other",
    [("ab", "c"), ("abc",), ("a", "bc", None), ("a", "bd"), ("bc", "a"), (["a", "bc"],), ("a\0bc",)],
)
def test_other_things_make_another_name(other: tuple[object, ...]) -> None:
    assert parts.key_of("a", "bc") != parts.key_of(*other)


def test_numbers_are_not_their_text() -> None:
    assert len({parts.key_of(value) for value in (1, "1", 1.5, True, None, [1], {"1": 1})}) == 7


def test_a_table_is_named_by_its_rows_and_not_by_its_buffers() -> None:
    key = parts.key_of(TABLE)
    chunked = pa.concat_tables([TABLE.slice(0, 1), TABLE.slice(1)])
    longer = pa.concat_tables([TABLE, TABLE]).combine_chunks()
    assert parts.key_of(chunked) == key
    assert parts.key_of(longer.slice(3)) == key
    assert parts.key_of(TABLE.take([0, 1, 2])) == key


@pytest.mark.parametrize(
    "other",
    [
        TABLE.take([1, 0, 2]),
        TABLE.slice(0, 2),
        TABLE.select(["text", "doc_id", "n"]),
        TABLE.rename_columns({"n": "m"}),
        TABLE.set_column(0, "doc_id", TABLE["doc_id"].cast(pa.int64())),
        TABLE.set_column(1, "text", pa.array(["a", "", "c"])),
        TABLE.set_column(2, "n", pa.array([[1], [2], [3]])),
    ],
)
def test_another_table_has_another_name(other: pa.Table) -> None:
    assert parts.key_of(TABLE) != parts.key_of(other)


def test_what_fails_leaves_nothing_and_spoils_nothing(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.json"
    parts.write_json(path, {"b": 1, "a": [None, "é"]})
    with pytest.raises(RuntimeError), parts.aside(path) as temporary:
        temporary.write_text("half")
        assert path.read_bytes() != b"half"
        raise RuntimeError
    assert parts.read_json(path) == {"b": 1, "a": [None, "é"]}
    assert [file.name for file in path.parent.iterdir()] == ["a.json"]


def test_a_written_table_reads_back(tmp_path: Path) -> None:
    assert pq.read_table(parts.write(tmp_path / "t.parquet", TABLE)).equals(TABLE)
    again = parts.write(tmp_path / "u.parquet", TABLE).read_bytes()
    assert again == (tmp_path / "t.parquet").read_bytes(), "the same table is the same bytes"


def test_what_is_there_is_not_made_again(tmp_path: Path) -> None:
    made = []

    def make() -> pa.Table:
        made.append(1)
        return TABLE

    path = tmp_path / "t.parquet"
    assert parts.once(path, make).equals(TABLE)
    assert parts.once(path, make).equals(TABLE)
    assert made == [1]


def test_a_failed_making_is_made_again(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        parts.once(tmp_path / "t.parquet", lambda: 1 // 0)
    assert not list(tmp_path.iterdir())
    assert parts.once(tmp_path / "t.parquet", lambda: TABLE).equals(TABLE)


def total(array: np.ndarray, more: int) -> int:
    return int(array.sum()) + more


def test_much_data_goes_to_workers_by_a_file(tmp_path: Path) -> None:
    large = np.arange(parts.LARGE)
    for function, files in ((partial(total, large[:9]), 0), (total, 0), (partial(total, large), 1)):
        sent = parts.shared(function, tmp_path)
        assert len(list(tmp_path.iterdir())) == files
        if isinstance(function, partial):
            assert sent(5) == function(5)
    assert len(os.fspath(sent.args[0])) < 1000 and sent.func is not total
    assert parts.shared(partial(total, large), tmp_path).args == sent.args, "the same data is one file"


def test_a_recipe_is_named_by_what_it_says() -> None:
    one, other = (parse(f"name: x\nsources: {{a: b}}\nseed: {seed}") for seed in (1, 2))
    assert isinstance(one, Recipe) and parts.key_of(one) != parts.key_of(other)
