"""JSON Lines against json.loads: the same records for any cutting, and every broken line a row with its cause."""

import gzip
import json
from pathlib import Path
from typing import Any

import fsspec
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.read import Fields, Slice, _stream
from tests.units.read.reading import SUFFIXES, packed, rows, same_when_cut, written

TEXTS = st.text(st.sampled_from('ab \u2028\u0085\r\x00"\\{é漢😀\ufeff'), max_size=12)
RECORDS = st.fixed_dictionaries(
    {"text": TEXTS},
    optional={"id": st.integers(-(2**70), 2**70) | TEXTS, "url": st.none() | TEXTS, "z": st.lists(TEXTS)},
)
GOOD = st.builds(lambda record, ascii: json.dumps(record, ensure_ascii=ascii).encode(), RECORDS, st.booleans())
BROKEN = st.sampled_from(
    [
        b'{"text": "cut',
        b"[1]",
        b"null",
        b"{}",
        b'{"text": 5}',
        b'{"text": null}',
        b'{"text": "\xff\xfe"}',
        b"\xc3",
        b'{"text": "\\ud800"}',
        b'{"text": "a", "n": NaN}',
        b"}{",
        b"[" * 2000,
    ]
)
LINES = st.lists(
    GOOD | BROKEN | st.sampled_from([b"", b"  ", b"\r"]) | GOOD.map(lambda line: line + b"\r"), max_size=12
)


def oracle(data: bytes) -> list[tuple[int, str | None]]:
    """The place and text of every line, by the plainest means; None for a line that is no document."""
    found, place = [], 0
    for line in data.split(b"\n"):
        own = line.removeprefix(b"\xef\xbb\xbf") if place == 0 else line
        if own.strip():
            found.append((place, _text(own)))
        place += len(line) + 1
    return found


def _text(line: bytes) -> str | None:
    try:
        text = json.loads(line.decode(), parse_constant=lambda name: 1 / 0)["text"]
        text.encode()
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, ZeroDivisionError):
        return None
    return text


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES, ended=st.booleans(), bom=st.booleans(), chunk=st.integers(1, 40))
def test_rows_are_those_of_json_loads_for_any_cutting(
    suffix: str, lines: list[bytes], ended: bool, bom: bool, chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = (b"\xef\xbb\xbf" if bom else b"") + b"\n".join(lines) + (b"\n" if ended else b"")
    path = written(tmp_path, f"a.jsonl{suffix}", data)
    monkeypatch.setattr(_stream, "CHUNK", chunk)
    monkeypatch.setattr(_stream, "PIECE", {"gzip": chunk, "zstd": chunk})
    found = same_when_cut(path, "jsonl", batch_bytes=100)
    assert [(row["place"], row["text"]) for row in found] == oracle(data)


def one(line: bytes, tmp_path: Path, fields: Fields | None = None, **settings: Any) -> dict[str, Any]:
    [row] = rows("jsonl", Slice(str(written(tmp_path, "one.jsonl", line))), fields, **settings)
    return row


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        (b'{"text": "a\xff"}', "invalid UTF-8 at byte 11 of the line"),
        (b'{"text": "a', "broken JSON: Unterminated string starting at (character 9)"),
        (b"[1, 2]", "the line is a list, not a JSON object"),
        (b'{"body": "a", "id": 1}', "field 'text' is missing; fields: body, id"),
        (b'{"text": null}', "field 'text' is null"),
        (b'{"text": 3.5}', "field 'text' is a number, not a string"),
        (b'{"text": ["a"]}', "field 'text' is a list, not a string"),
        (b'{"text": "\\udc00"}', "broken JSON: a string holds the lone surrogate U+DC00"),
        (b'{"text": "a", "n": NaN}', "broken JSON: NaN is not a JSON number"),
        (b'{"text": "a", "n": 1e999}', "broken JSON: the number 1e999 is too large"),
        (b"[" * 5000, "broken JSON: depth limit exceeded"),
        (b'{"text": "a", "deep": ' + b"[" * 400 + b"]" * 400 + b"}", "fields other than the text cannot be kept"),
    ],
)
def test_a_bad_line_is_a_row_with_its_cause(line: bytes, cause: str, tmp_path: Path) -> None:
    row = one(line, tmp_path)
    assert row["error"].startswith(cause)
    assert (row["place"], row["text"], row["bytes"]) == (0, None, len(line))


def test_invalid_utf8_can_be_replaced(tmp_path: Path) -> None:
    row = one(b'{"text": "a\xffb\\ud800c"}', tmp_path, invalid_utf8="replace")
    assert (row["text"], row["error"]) == ("a\ufffdb\ufffdc", None)


def test_fields_are_named_by_the_source_and_the_others_kept(tmp_path: Path) -> None:
    record = {"content": "t", "url": "u", "id": 7, "date": 2024, "z": {"b": 1, "a": None}, "c": True}
    row = one(json.dumps(record).encode(), tmp_path, Fields(text="content", id="url", created="date"))
    assert (row["text"], row["id"], row["url"], row["created"]) == ("t", "u", "u", "2024")
    assert row["metadata"] == '{"c":true,"id":7,"z":{"a":null,"b":1}}'


def test_integers_of_any_size_stay_exact(tmp_path: Path) -> None:
    big = 2**64 + 1
    row = one(json.dumps({"text": "t", "id": big, "n": [-big], "f": 1e25}).encode(), tmp_path)
    assert row["id"] == str(big)
    assert json.loads(row["metadata"]) == {"n": [-big], "f": 1e25}


def test_a_line_over_the_limit_is_one_failure_however_it_is_chunked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [json.dumps({"text": "x" * size}).encode() for size in (5, 88, 89, 500, 3)]
    path = written(tmp_path, "long.jsonl", b"\n".join(lines))
    for chunk in (7, 64, 101, 1 << 20):
        monkeypatch.setattr(_stream, "CHUNK", chunk)
        found = same_when_cut(path, "jsonl", max_line_bytes=100)
        assert [row["error"] for row in found] == [
            None,
            None,
            "101 bytes long, over the limit of 100 bytes",
            "512 bytes long, over the limit of 100 bytes",
            None,
        ]
        assert [row["bytes"] for row in found] == [len(line) for line in lines]


def test_a_text_of_50_mb_is_one_record(tmp_path: Path) -> None:
    text = "é" * (25 << 20)
    [row] = rows("jsonl", Slice(str(written(tmp_path, "big.jsonl.gz", json.dumps({"text": text}).encode()))))
    assert row["text"] == text


def sample() -> bytes:
    return b"".join(json.dumps({"id": f"{i}", "text": f"line {i * i * 7919}"}).encode() + b"\n" for i in range(3000))


@pytest.mark.parametrize(("suffix", "codec"), [(".gz", "gzip"), (".zst", "zstd")])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_gives_every_line_before_its_end_and_one_failure(
    suffix: str, codec: str, share: float, tmp_path: Path
) -> None:
    data = sample()
    path = tmp_path / f"t.jsonl{suffix}"
    whole = packed(data, suffix, 1)
    path.write_bytes(whole[: int(len(whole) * share)])
    found = same_when_cut(path, "jsonl")
    *good, last = found
    assert [row["error"] for row in good] == [None] * len(good)
    assert [(row["place"], row["text"]) for row in good] == oracle(data)[: len(good)]
    assert last["error"] == f"{codec} stream ends early, after {path.stat().st_size} bytes"
    assert last["place"] == (good[-1]["place"] + good[-1]["bytes"] + 1 if good else 0)


def test_a_truncated_gzip_gives_as_much_as_the_standard_library(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl.gz"
    path.write_bytes(gzip.compress(sample())[:9000])
    got = b""
    with pytest.raises(EOFError), gzip.open(path) as file:
        while True:
            got += file.read(1)
    assert len(rows("jsonl", Slice(str(path)))) == got.count(b"\n") + 1


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.7])
def test_corrupt_bytes_end_a_file_with_one_failure_for_any_cutting(suffix: str, share: float, tmp_path: Path) -> None:
    data = sample()
    whole = bytearray(packed(data, suffix, 30))
    spot = int(len(whole) * share)
    whole[spot : spot + 64] = bytes(range(64, 128))
    path = tmp_path / f"c.jsonl{suffix}"
    path.write_bytes(whole)
    *good, last = same_when_cut(path, "jsonl")
    assert "stream is corrupt" in last["error"]
    assert len(good) < 3000 and (share == 0.0 or good)


def test_rubbish_behind_a_gzip_member_is_a_failure_and_zero_padding_is_not(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"text": "a"}\n') + bytes(1000))
    assert [row["error"] for row in same_when_cut(path, "jsonl")] == [None]
    path.write_bytes(gzip.compress(b'{"text": "a"}\n') + b"rubbish")
    assert [row["place"] for row in same_when_cut(path, "jsonl") if row["error"]] == [14]


def test_a_dense_stream_is_read_in_bounded_pieces() -> None:
    dense = zstandard.ZstdCompressor(level=19).compress(bytes(200 << 20))
    fsspec.filesystem("memory").pipe("/dense.jsonl.zst", dense)
    assert max(len(chunk) for chunk in _stream.decoded("memory://dense.jsonl.zst")) < 160 << 20


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_empty_file_has_no_rows(suffix: str, tmp_path: Path) -> None:
    assert same_when_cut(written(tmp_path, f"e.jsonl{suffix}", b""), "jsonl") == []
    (tmp_path / f"n.jsonl{suffix}").write_bytes(b"")
    assert same_when_cut(tmp_path / f"n.jsonl{suffix}", "jsonl") == []


def test_batches_are_bounded_and_remote_files_read(tmp_path: Path) -> None:
    from tasks.read.jsonl import jsonl

    fsspec.filesystem("memory").pipe("/r/a.jsonl.gz", gzip.compress(sample()))
    batches = list(jsonl(Slice("memory://r/a.jsonl.gz"), Fields(), batch_bytes=10_000))
    assert sum(batch.num_rows for batch in batches) == 3000
    assert max(batch.nbytes for batch in batches) < 30_000
