"""CSV against csv.DictReader: the same records for any cutting, and every broken record a row with its cause."""

import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.read import Fields, _stream
from tests.units.read.reading import SUFFIXES, packed, same_when_cut, written

CELLS = st.text(st.sampled_from('ab,;\t"\n\r\u2028é漢'), max_size=8)


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cells=st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=15),
    end=st.sampled_from(["\n", "\r\n"]),
    chunk=st.integers(1, 40),
)
def test_rows_are_those_of_the_csv_module_for_any_cutting(
    suffix: str, cells: list[tuple[str, ...]], end: str, chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator=end, quoting=csv.QUOTE_ALL).writerows([("id", "text", "note"), *cells])
    path = written(tmp_path, f"a.csv{suffix}", b"\xef\xbb\xbf" + out.getvalue().encode())
    monkeypatch.setattr(_stream, "CHUNK", chunk)
    expected = list(csv.DictReader(io.StringIO(out.getvalue(), newline="")))
    found = same_when_cut(path, "csv", batch_bytes=200)
    assert [row["place"] for row in found] == list(range(len(expected)))
    assert [(row["id"], row["text"]) for row in found] == [(e["id"] or None, e["text"]) for e in expected]


def errors(data: bytes, tmp_path: Path, name: str = "a.csv", **settings: object) -> list[str | None]:
    (tmp_path / name).write_bytes(data)
    return [row["error"] for row in same_when_cut(tmp_path / name, "csv", **settings)]


def test_a_bad_record_is_a_row_with_its_cause_and_stops_nothing(tmp_path: Path) -> None:
    data = b"text,id\na,1\nb\n\nc,3,3\nd\xff,4\n\x00e,5\nf,6"
    assert errors(data, tmp_path) == [
        None,
        "1 fields where the header has 2",
        "3 fields where the header has 2",
        "invalid UTF-8 at byte 1 of the record",
        None,
        None,
    ]
    assert errors(data, tmp_path, invalid_utf8="replace")[3] is None


def test_a_quote_that_is_never_closed_is_one_failure(tmp_path: Path) -> None:
    assert errors(b'text\na\n"b\nc\nd\n', tmp_path) == [None, "a quote is never closed"]


def test_a_record_over_the_limit_is_a_failure(tmp_path: Path) -> None:
    long = b"x" * 300
    found = errors(b"text,id\na,1\n" + long + b",2\nc,3\n", tmp_path, max_record_bytes=100)
    assert found == [None, "303 bytes long, over the limit of 100 bytes", None]
    found = errors(b'text,id\na,1\n"' + b"y\n" * 80 + b'",2\n', tmp_path, max_record_bytes=100)
    assert found[0] is None and all(found[1:]) and found[1]


def test_a_large_field_is_read(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_bytes(b"text\n" + b"x" * 5_000_000 + b"\n")
    [row] = same_when_cut(tmp_path / "l.csv", "csv")
    assert len(row["text"]) == 5_000_000


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"body,id\na,1\n", "column 'text' is missing; columns: body, id"),
        (b"text,text\na,1\n", "columns that appear twice: text"),
        (b"te\xffxt,text\na,1\n", "invalid UTF-8 at byte 2 of the record"),
    ],
)
def test_a_file_without_a_sound_header_is_one_failure(data: bytes, cause: str, tmp_path: Path) -> None:
    assert errors(data, tmp_path) == [cause]


def test_truncated_gzip_is_one_failure_behind_the_whole_records(tmp_path: Path) -> None:
    data = b"text,id\n" + b"".join(b'"a\n%d",%d\n' % (i * i * 7919, i) for i in range(3000))
    (tmp_path / "t.csv.gz").write_bytes(packed(data, ".gz", 1)[:9000])
    *good, last = same_when_cut(tmp_path / "t.csv.gz", "csv")
    assert len(good) > 500 and not any(row["error"] for row in good)
    assert last["error"] == "gzip stream ends early, after 9000 bytes" and last["place"] == len(good)


def test_tabs_separate_tsv_and_settings_the_rest(tmp_path: Path) -> None:
    (tmp_path / "a.tsv.gz").write_bytes(gzip.compress(b"text\tid\na,b\t1\n"))
    assert [row["text"] for row in same_when_cut(tmp_path / "a.tsv.gz", "csv")] == ["a,b"]
    (tmp_path / "b.csv").write_bytes(b"body;id\n'a;b';1\n")
    [row] = same_when_cut(tmp_path / "b.csv", "csv", Fields(text="body"), delimiter=";", quotechar="'")
    assert (row["text"], row["id"]) == ("a;b", "1")


def test_no_rows_in_an_empty_file_or_a_lone_header(tmp_path: Path) -> None:
    assert errors(b"", tmp_path) == [] and errors(b"text,id\n", tmp_path) == []
