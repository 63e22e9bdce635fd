"""Slices and groups: bounded, complete, in order."""

import gzip
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tasks.read import FileRef, Slice, cut, group
from tests.units.read.reading import file_of


def test_slices_are_near_the_target_and_meet(tmp_path: Path) -> None:
    slices = cut(FileRef("big.jsonl", "big.jsonl", 10_000), "jsonl", target_bytes=3000)
    assert [(part.start, part.stop) for part in slices] == [(0, 2500), (2500, 5000), (5000, 7500), (7500, None)]
    assert [part.bytes for part in slices] == [2500] * 4


def test_compressed_files_are_cut_only_when_much_larger_than_the_target(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"text": "a"}\n' * 10_000))
    assert len(cut(file_of(path), "jsonl", target_bytes=100_000)) == 1
    assert len(cut(file_of(path), "jsonl", target_bytes=10_000)) == 4
    assert len(cut(file_of(path), "jsonl", target_bytes=10)) == 16
    assert [part.start for part in cut(file_of(path), "jsonl", partitions=2)] == [0, 70_000]


def test_csv_slices_count_records_not_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"text\n" + b'"a\nb\nc"\n' * 1000)
    assert [part.start for part in cut(file_of(path), "csv", partitions=2)] == [0, 500]


def test_a_text_file_is_never_cut() -> None:
    assert cut(FileRef("/x/a.md", "a.md", 5), "text", partitions=7) == [Slice("/x/a.md", name="a.md", bytes=5)]


@given(st.lists(st.integers(0, 200_000), max_size=40), st.integers(1, 300_000))
def test_groups_keep_order_and_stay_within_the_target(sizes: list[int], target: int) -> None:
    slices = [Slice(str(index), bytes=size) for index, size in enumerate(sizes)]
    groups = group(slices, target_bytes=target)
    assert [part for each in groups for part in each] == slices
    assert all(len(each) == 1 or sum(part.bytes for part in each) <= target for each in groups)
