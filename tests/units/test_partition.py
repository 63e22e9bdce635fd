"""One task's reading: the same documents for any cut, refusals with their cause, scorers held to their contract."""

import gzip
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.errors import InputError, UnitError
from tasks import read, sample, units
from tasks.partition import Measure, Partition, ingest, measured_file
from tasks.read import Fields, Slice
from tasks.text import TextBatch
from tests.data import texts
from tests.units.added import added, batch_scorer, scorer
from tests.units.read.reading import file_of

TOKENS = Measure("tokenize", "tokens", {"file": None, "end_of_text": None})
SIZE = Measure("score", "size")


def partition_of(
    slices: tuple[Slice, ...], *, source: str = "wiki", reader: str = "jsonl", **more: object
) -> Partition:
    settings = units.unit("read", reader).resolve(None)
    plain = {"fields": Fields(), "settings": settings, "max_document_bytes": 10_000_000, "fingerprints": ("f",)}
    return Partition(source=source, reader=reader, slices=slices, **{**plain, **more})


def written(path: Path, rows: list[dict[str, object]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)
    return path


def whole(path: Path) -> tuple[Slice, ...]:
    return (Slice(str(path), name=path.name, bytes=path.stat().st_size),)


def records(partition: Partition, folder: Path, measures: tuple[Measure, ...] = (TOKENS,)) -> list[dict[str, object]]:
    """The records of a partition, with their texts."""
    ingest(partition, measures, str(folder))
    home = folder / partition.key
    kept = {row["doc_id"]: row["text"] for row in pq.read_table(home / "texts.parquet").to_pylist()}
    return [{**row, "text": kept.get(row["doc_id"])} for row in pq.read_table(home / "records.parquet").to_pylist()]


def scored(measure: Measure, found: list[str]) -> pa.Table:
    return measure.compute(TextBatch(pa.array(found, pa.large_string())))


ROWS = [{"text": text[:2000], **({"id": f"d{i}"} if i % 2 else {})} for i, text in enumerate(texts(40))]


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_identity_does_not_depend_on_partitions(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / "in" / name, ROWS)
    one = {(row["doc_id"], row["text"]) for row in records(partition_of(whole(path)), tmp_path / "1")}
    assert len({doc_id for doc_id, _ in one}) == len(ROWS) and {text for _, text in one} == {r["text"] for r in ROWS}
    for partitions in (2, 7):
        cut = read.cut(file_of(path), "jsonl", partitions=partitions)
        apart = [records(partition_of((piece,)), tmp_path / str(partitions)) for piece in cut]
        assert {(row["doc_id"], row["text"]) for rows in apart for row in rows} == one
        together = records(partition_of(tuple(cut), fingerprints=("f",) * len(cut)), tmp_path / "together")
        assert {(row["doc_id"], row["text"]) for row in together} == one


def test_identity_is_of_the_source_and_the_own_id_or_the_place(tmp_path: Path) -> None:
    def ids(path: Path, **more: object) -> list[object]:
        return [row["doc_id"] for row in records(partition_of(whole(path), **more), tmp_path / "parts")]

    path = written(tmp_path / "in" / "a.jsonl", [{"id": "x", "text": "one"}, {"text": "two"}])
    moved = written(tmp_path / "moved" / "a.jsonl", [{"id": "x", "text": "one"}, {"text": "two"}])
    renamed = written(tmp_path / "in" / "b.jsonl", [{"id": "x", "text": "one"}, {"text": "two"}])
    changed = written(tmp_path / "changed" / "a.jsonl", [{"id": "x", "text": "another"}, {"text": "two"}])
    assert ids(path) == ids(moved)
    assert ids(path)[0] == ids(renamed)[0] and ids(path)[1] != ids(renamed)[1]
    assert ids(path)[0] == ids(changed, fingerprints=("g",))[0], "a document that was mended is the same document"
    assert not set(ids(path)) & set(ids(path, source="web"))
    expected = hashlib.blake2b(b"wiki\0ix", digest_size=8).digest()
    assert ids(path)[0] == int.from_bytes(expected, "little"), "ids of published ledgers stay what they are"


def test_an_id_is_not_mistaken_for_a_place_nor_a_source_for_an_id(tmp_path: Path) -> None:
    path = written(
        tmp_path / "a.jsonl", [{"text": "by place"}, {"id": "a.jsonl\0000", "text": "by id"}, {"id": "", "text": "e"}]
    )
    found = records(partition_of(whole(path)), tmp_path / "parts")
    found += records(partition_of(whole(path), source="wik"), tmp_path / "parts")
    assert len({row["doc_id"] for row in found}) == 6


def test_measures_of_the_text_are_pythons(tmp_path: Path) -> None:
    path = written(
        tmp_path / "a.jsonl", [{"text": text} for text in ["é", "a\u2028b", "漢字 ", "x" * 1000, "x" * 1000]]
    )
    for row in records(partition_of(whole(path)), tmp_path / "parts"):
        data = str(row["text"]).encode()
        assert (row["bytes"], row["characters"]) == (len(data), len(str(row["text"])))
        assert row["content_hash"] == hashlib.blake2b(data, digest_size=16).digest()


def test_blank_and_oversized_texts_are_refused_and_kept_apart(tmp_path: Path) -> None:
    rows = ["", " \n\t", "\u3000\u00a0\u2028", "x" * 100, "x" * 101, "é" * 51, "\u200b", " " * 200]
    path = written(tmp_path / "a.jsonl", [{"text": text} for text in rows])
    found = records(partition_of(whole(path), max_document_bytes=100), tmp_path / "parts")
    blank, large = "not_blank", "max_document_bytes"
    assert [row["refusal"] for row in found] == [blank, blank, blank, None, large, large, None, blank]
    assert [row["text"] for row in found] == [None, None, None, rows[3], None, None, rows[6], None]
    assert [row["bytes"] for row in found] == [len(text.encode()) for text in rows]
    assert all(row["error"] is None for row in found)


def test_a_failed_record_is_a_row_and_stops_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"text": "one"}\n{"text": \n\xff\n{"text": "two"}\n')
    measures = (TOKENS, SIZE)
    found = records(partition_of(whole(path)), tmp_path / "parts", measures)
    assert [row["text"] for row in found] == ["one", None, None, "two"]
    assert [row["error"] is None for row in found] == [True, False, False, True]
    home = tmp_path / "parts" / partition_of(whole(path)).key
    for measure in measures:
        assert pq.read_table(home / measured_file(measure)).num_rows == 2
    counted = ingest(partition_of(whole(path)), measures, str(tmp_path / "parts"))
    assert counted == {"records": [4], "record_bytes": [sum(row["record_bytes"] for row in found)], "texts": 2}


def test_only_what_is_missing_is_computed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "a.jsonl", ROWS)
    job = partition_of(whole(path))
    first = ingest(job, (TOKENS,), str(tmp_path / "parts"))
    home = tmp_path / "parts" / job.key
    before = {file.name: file.stat().st_mtime_ns for file in home.iterdir()}
    path.unlink()  # what was read is not read again
    computed = []
    compute = Measure.compute
    monkeypatch.setattr(Measure, "compute", lambda self, *of: computed.append(self.name) or compute(self, *of))
    assert ingest(job, (TOKENS, SIZE), str(tmp_path / "parts")) == first
    assert set(computed) == {"size"}
    assert ingest(job, (TOKENS, SIZE), str(tmp_path / "parts")) == first
    assert before.items() <= {file.name: file.stat().st_mtime_ns for file in home.iterdir()}.items()
    late = pq.read_table(home / measured_file(SIZE))
    monkeypatch.undo()
    path = written(tmp_path / "a.jsonl", ROWS)
    ingest(job, (SIZE,), str(tmp_path / "at once"))
    assert pq.read_table(tmp_path / "at once" / job.key / measured_file(SIZE)).equals(late)


def test_the_size_of_batches_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "a.jsonl", ROWS)
    job = partition_of(whole(path))
    for folder, size in (("one", 1 << 30), ("many", 100)):
        monkeypatch.setattr(sample, "BATCH_BYTES", size)
        ingest(job, (TOKENS, SIZE), str(tmp_path / folder))
    one, many = (pq.read_table(tmp_path / folder / job.key / measured_file(SIZE)) for folder in ("one", "many"))
    assert one.equals(many) and one.num_rows == len(ROWS)


def test_a_task_that_dies_leaves_nothing_that_looks_done(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", ROWS)
    job = partition_of(whole(path))
    with (
        added(tmp_path, "score", "fatal", scorer("fatal", "raise KeyboardInterrupt")),
        pytest.raises(KeyboardInterrupt),
    ):
        ingest(job, (TOKENS, Measure("score", "fatal", {"times": 1})), str(tmp_path / "parts"))
    assert not [file for file in (tmp_path / "parts").rglob("*") if file.is_file()]
    assert ingest(job, (TOKENS,), str(tmp_path / "parts"))["texts"] == len(ROWS)


def test_what_changes_the_texts_changes_their_name(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", ROWS)
    job = partition_of(whole(path))
    others = [
        partition_of(whole(path), source="web"),
        partition_of(whole(path), fingerprints=("g",)),
        partition_of(whole(path), max_document_bytes=5),
        partition_of(whole(path), fields=Fields(text="content")),
        partition_of(whole(path), limit=3),
        partition_of((Slice(str(path), 0, 100, path.name),)),
        partition_of(whole(path), settings={**job.settings, "invalid_utf8": "replace"}),
    ]
    assert len({job.key, *(other.key for other in others)}) == len(others) + 1
    elsewhere = tmp_path / "elsewhere" / "a.jsonl"
    assert partition_of(whole(written(elsewhere, ROWS))).key == job.key, "where a file lies is no part of its name"


def test_a_limit_takes_the_first_records(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", ROWS)
    found = records(partition_of(whole(path), limit=3), tmp_path / "parts")
    assert [row["text"] for row in found] == [row["text"] for row in ROWS[:3]]


# Scorers

BREACHES = {
    "too few": (
        batch_scorer("wrong", "return np.ones(len(batch) - 1)"),
        "wrong gave 2 values of wrong for 3 documents",
    ),
    "too many": (
        batch_scorer("wrong", "return np.ones(len(batch) + 1)"),
        "wrong gave 4 values of wrong for 3 documents",
    ),
    "two dimensions": (
        batch_scorer("wrong", "return np.ones((len(batch), 2))"),
        "wrong gave values of wrong that are not",
    ),
    "NaN": (
        batch_scorer("wrong", "return np.full(len(batch), np.nan)"),
        "wrong gave a value of wrong that is not finite",
    ),
    "infinity": (scorer("wrong", "return float('inf')"), "wrong gave a value of wrong that is not finite"),
    "nothing": (scorer("wrong", "return None"), "wrong gave no value of wrong for 3 of 3 documents"),
    "sometimes nothing": (
        scorer("wrong", "return 1.0 if text == 'a' else None"),
        "no value of wrong for 2 of 3 documents",
    ),
    "text": (scorer("wrong", "return text"), "wrong gave values of wrong that are not DOUBLE"),
    "other columns": (
        batch_scorer("wrong", "return {'right': np.ones(len(batch))}"),
        r"wrong gave the columns \['right'\]",
    ),
    "other columns of a text": (scorer("wrong", "return {'left': 1.0, 'wrong': 2.0}"), r"it declares \['wrong'\]"),
    "columns of some texts": (
        scorer("wrong", "return {'wrong': 1.0} if text == 'a' else {}"),
        "no value of wrong for 2 of 3",
    ),
    "an exception": (
        scorer("wrong", "return 1 / 0"),
        r"wrong failed on a text: ZeroDivisionError: .* \(wrong.py, line 9\)",
    ),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_a_scorer_that_breaks_its_contract_is_named(tmp_path: Path, breach: str) -> None:
    code, message = BREACHES[breach]
    with added(tmp_path, "score", "wrong", code), pytest.raises(UnitError, match=message):
        scored(Measure("score", "wrong", {"times": 1}), ["a", "b", "c"])


def test_lists_are_finite_too(tmp_path: Path) -> None:
    declared = 'COLUMNS = (Column("vector", "FLOAT[]", "a vector"),)'
    imports = f"from schemas.table import Column\n\n{declared}\n"
    code = scorer(
        "vector", "return {'vector': [1.0, float(text)]}", imports=imports, returns=" -> dict[str, list[float]]"
    )
    with added(tmp_path, "score", "vector", code):
        measure = Measure("score", "vector", {"times": 1})
        assert scored(measure, ["2", "3"])["vector"].to_pylist() == [[1, 2], [1, 3]]
        with pytest.raises(UnitError, match="vector gave a value of vector that is not finite"):
            scored(measure, ["2", "nan"])


AT_FAULT = {
    "infinite": (
        "return float('inf') if text == 'c' else 1.0",
        "gave a value of wrong that is not finite, first for {}",
    ),
    "missing": (
        "return None if text > 'b' else 1.0",
        "gave no value of wrong for 2 of 4 documents, first for {}",
    ),
    "failing": ("return 1 / ('c' not in text)", "failed on a text ({}): ZeroDivisionError: "),
}


@pytest.mark.parametrize("fault", AT_FAULT)
def test_the_first_document_that_a_scorer_fails_on_is_named(tmp_path: Path, fault: str) -> None:
    body, message = AT_FAULT[fault]
    path = written(tmp_path / "a.jsonl", [{"text": text} for text in "abcd"])
    job = partition_of(whole(path))
    with added(tmp_path, "score", "wrong", scorer("wrong", body)):
        third = records(job, tmp_path / "parts", (SIZE,))[2]["doc_id"]
        measure = Measure("score", "wrong", {"times": 1})
        at = message.format(f"a.jsonl, record 2, doc_id {third}")
        with pytest.raises(UnitError, match=re.escape(f"wrong {at}")):
            ingest(job, (measure,), str(tmp_path / "at once"))
        with pytest.raises(UnitError, match=re.escape(f"wrong {message.format(f'doc_id {third}')}")):
            ingest(job, (measure,), str(tmp_path / "parts"))


def test_a_reader_that_fails_is_named(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", ROWS)
    code = '''"""A reader of one test."""


def wrong(piece, fields):
    """Read nothing.

    Source: Gristmill.
    """
    yield from [1 / 0]
'''
    said = r"read wrong failed on a.jsonl: ZeroDivisionError: division by zero \(wrong.py, line 9\)"
    with added(tmp_path, "read", "wrong", code), pytest.raises(UnitError, match=said):
        ingest(replace(partition_of(whole(path)), reader="wrong", settings={}), (), str(tmp_path / "parts"))


def test_an_error_with_advice_comes_through_as_it_is(tmp_path: Path) -> None:
    imports = "from schemas.errors import InputError\n"
    code = scorer("wrong", "raise InputError('no model')", imports=imports)
    with added(tmp_path, "score", "wrong", code), pytest.raises(InputError, match=r"^no model$"):
        scored(Measure("score", "wrong", {"times": 1}), ["a"])


def test_a_scorer_of_one_text_gives_what_one_of_batches_gives(tmp_path: Path) -> None:
    found = ["", "a", "né" * 9, *(text[:500] for text in texts(5))]
    with added(tmp_path / "1", "score", "length", scorer("length", "return float(len(text.encode()) * times)")):
        plain = scored(Measure("score", "length", {"times": 3}), found)
        assert scored(Measure("score", "length", {"times": 3}), []).schema == plain.schema
    with added(tmp_path / "2", "score", "length", batch_scorer("length", "return np.diff(batch.offsets) * times")):
        assert scored(Measure("score", "length", {"times": 3}), found).equals(plain)
    assert plain["length"].to_pylist() == [3.0 * len(text.encode()) for text in found]


def test_a_scorer_of_one_text_may_give_several_columns(tmp_path: Path) -> None:
    declared = 'COLUMNS = (Column("first", "VARCHAR", "first letter"), Column("letters", "BIGINT", "letters"))'
    imports = f"from schemas.table import Column\n\n{declared}\n"
    body = "return {'letters': len(text), 'first': text[:1]}"
    with added(tmp_path, "score", "both", scorer("both", body, imports=imports, returns=" -> dict[str, object]")):
        measure = Measure("score", "both", {"times": 1})
        assert scored(measure, ["xy", ""]).to_pylist() == [{"first": "x", "letters": 2}, {"first": "", "letters": 0}]
        assert scored(measure, []).num_rows == 0


def test_a_changed_setting_is_another_measure() -> None:
    keys = [Measure("score", "compression_ratio", {"level": level}).key for level in (1, 1, 2)]
    assert keys[0] == keys[1] != keys[2]
