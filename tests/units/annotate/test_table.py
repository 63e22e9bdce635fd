"""Labels from files: matched by identity, whatever the format; what is wrong is named by record."""

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.errors import InputError
from tasks import units
from tasks.annotate._labels import Labels
from tests.units.annotate.asking import given_of, texts

NAMES = {"quality": "number", "kind": "label"}
ROWS = [
    {"doc_id": 2, "id": "id1", "url": "https://example.org/1", "quality": 4.5, "kind": "study"},
    {"doc_id": 1, "id": "id0", "url": "https://example.org/0", "quality": 1, "kind": "other"},
    {"doc_id": 99, "id": "id98", "url": "https://example.org/98", "quality": 2, "kind": "study"},
    {"doc_id": 3, "id": "id2", "url": "https://example.org/2", "quality": 0, "kind": None},
]
FOUND = {(1, "quality", 1.0, None), (1, "kind", None, "other"), (2, "quality", 4.5, None), (2, "kind", None, "study")}
FOUND |= {(3, "quality", 0.0, None)}


def jsonl(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def as_csv(rows: list[dict[str, Any]], delimiter: str = ",") -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def parquet(rows: list[dict[str, Any]]) -> bytes:
    sink = io.BytesIO()
    table = pa.Table.from_pylist(rows)
    pq.write_table(table.set_column(0, "doc_id", table["doc_id"].cast(pa.uint64())), sink)
    return sink.getvalue()


def read(folder: Path, data: bytes, name: str = "labels.jsonl", given: Any = None, **settings: Any) -> Labels:
    (folder / name).write_bytes(data)
    unit = units.unit("annotate", "table")
    asked = unit.resolve({"labels": str(folder / name), "names": NAMES, **settings})
    labels: Labels = unit.call(given or given_of(folder, texts(5)), **asked)
    return labels


def plain(found: Labels) -> set[tuple[Any, ...]]:
    assert set(found.labels["status"].to_pylist()) <= {"ok"}
    return {(r["doc_id"], r["name"], r["value"], r["label"]) for r in found.labels.to_pylist()}


@pytest.mark.parametrize("key", ["doc_id", "id", "url"])
@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("labels.jsonl", jsonl(ROWS)),
        ("labels.jsonl.gz", gzip.compress(jsonl(ROWS))),
        ("labels.csv", as_csv(ROWS)),
        ("labels.tsv", as_csv(ROWS, "\t")),
        ("labels.parquet", parquet(ROWS)),
    ],
)
def test_any_table_is_matched_by_any_key(tmp_path: Path, key: str, name: str, data: bytes) -> None:
    found = read(tmp_path, data, name, key=key)
    assert plain(found) == FOUND and found.annotator == name
    assert found.figures == {"rows": 4, "rows of no live document": 1, "labels": 5}


def test_rows_are_by_document_whatever_the_order_of_the_file(tmp_path: Path) -> None:
    assert read(tmp_path, jsonl(ROWS)).labels == read(tmp_path, jsonl(ROWS[::-1])).labels


def test_doc_ids_of_64_bits_stay_exact(tmp_path: Path) -> None:
    given = given_of(tmp_path, texts(2))
    large = pa.array([2**64 - 1, 2**64 - 2], pa.uint64())
    given = type(given)(given.documents.set_column(0, "doc_id", large), given.texts, given.answers)
    for name, data in {
        "a.jsonl": jsonl([{"doc_id": 2**64 - 2, "quality": 3}]),
        "b.jsonl": jsonl([{"doc_id": str(2**64 - 2), "quality": 3}]),
        "c.csv": f"doc_id,quality\n{2**64 - 2},3\n".encode(),
    }.items():
        found = read(tmp_path, data, name, given, names={"quality": "number"})
        assert found.labels["doc_id"].to_pylist() == [2**64 - 2]


def test_paragraphs_have_labels_of_their_own(tmp_path: Path) -> None:
    rows = [{"doc_id": 1, "p": p, "quality": q} for p, q in [(0, 1), (3, 2), (None, 5)]]
    found = read(tmp_path, jsonl(rows), paragraph="p", names={"quality": "number"})
    assert [(r["paragraph"], r["value"]) for r in found.labels.to_pylist()] == [(None, 5), (0, 1), (3, 2)]


def test_ids_are_numbers_in_the_file_and_strings_in_the_ledger(tmp_path: Path) -> None:
    given = given_of(tmp_path, texts(2))
    given = type(given)(given.documents.set_column(2, "id", pa.array(["7", "8"])), given.texts, given.answers)
    found = read(tmp_path, jsonl([{"id": 7, "quality": 3}]), given=given, key="id", names={"quality": "number"})
    assert found.labels["doc_id"].to_pylist() == [1]


def test_an_id_that_two_sources_have_needs_one_named(tmp_path: Path) -> None:
    given = given_of(tmp_path, texts(4))
    given = type(given)(given.documents.set_column(2, "id", pa.array(["a", "a", "b", "c"])), given.texts, given.answers)
    data, names = jsonl([{"id": "a", "quality": 3}]), {"quality": "number"}
    with pytest.raises(InputError, match=r"record 0: 2 documents have the id 'a'; say of which `source`"):
        read(tmp_path, data, given=given, key="id", names=names)
    found = read(tmp_path, data, given=given, key="id", names=names, source="source 1")
    assert found.labels["doc_id"].to_pylist() == [2]


def test_a_page_read_twice_is_labelled_twice(tmp_path: Path) -> None:
    given = given_of(tmp_path, texts(2))
    given = type(given)(given.documents.set_column(3, "url", pa.array(["u", "u"])), given.texts, given.answers)
    found = read(tmp_path, jsonl([{"url": "u", "quality": 3}]), given=given, key="url", names={"quality": "number"})
    assert found.labels["doc_id"].to_pylist() == [1, 2]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"quality": "good"}, r"'labels.jsonl', record 1: quality is 'good', not a finite number"),
        ({"quality": True}, r"record 1: quality is True, not a finite number"),
        ({"quality": "inf"}, r"record 1: quality is 'inf', not a finite number"),
        ({"quality": [1]}, r"record 1: quality is \[1\], not a finite number"),
        ({"kind": 1.5}, r"record 1: kind is 1.5, not a label"),
        ({"kind": {"a": 1}}, r"record 1: kind is .*, not a label"),
        ({"doc_id": None}, r"record 1: doc_id is empty"),
        ({"doc_id": "x7"}, r"record 1: doc_id is 'x7', not a whole number from 0"),
        ({"doc_id": -1}, r"record 1: doc_id is -1, not a whole number from 0"),
        ({"doc_id": 2**64}, r"record 1: doc_id is .*, not a whole number from 0"),
        ({"doc_id": 2}, r"record 1: quality of document 2 is 1.0, it was 4.5 before"),
    ],
)
def test_wrong_values_are_named(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read(tmp_path, jsonl([ROWS[0], {**ROWS[1], **change}, *ROWS[2:]]))


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        (
            "a.jsonl",
            b'{"doc_id": 1, "qualty": 2, "kind": "x"}\n',
            "unknown field 'quality'; did you mean 'qualty'",
        ),
        ("a.jsonl", b'{"doc_id": 1\n', "record 0: broken JSON"),
        ("a.jsonl", b'{"quality": 1}\n' + jsonl(ROWS), "record 0: doc_id is empty"),
        ("a.csv", b"docid,quality,kind\n1,2,x\n", "unknown field 'doc_id'; did you mean 'docid'"),
        ("a.jsonl", b"[1]\n", "record 0: not a JSON object"),
        ("a.jsonl", b"", "holds no row"),
        ("a.jsonl.gz", gzip.compress(jsonl(ROWS))[:-20], "cannot be read"),
        ("a.csv", b"doc_id,quality,kind\n1,2\n", "record 0: more or fewer fields"),
        ("a.csv", b"doc_id,quality,kind\n1,2,x,y\n", "record 0: more or fewer fields"),
        ("a.csv", b"doc_id,quality,kind\n1,caf\xe9,x\n", "cannot be read"),
        ("a.parquet", b"PAR1", "cannot be read"),
        ("a.txt", b"hello", "is no table of labels"),
        (
            "a.jsonl",
            jsonl([{**ROWS[0], "doc_id": 77}]),
            "no row of .* live document by doc_id; its first is 77",
        ),
    ],
)
def test_wrong_files_are_named(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read(tmp_path, data, name)


def test_a_preview_may_meet_none_of_the_documents(tmp_path: Path) -> None:
    found = read(tmp_path, jsonl([{**ROWS[0], "doc_id": 77}]), given=given_of(tmp_path, texts(2), preview=True))
    assert not len(found.labels) and found.figures["rows of no live document"] == 1
