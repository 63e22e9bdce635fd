"""WARC against warcio: the same records for any cutting, and every broken one a row with its cause."""

import gzip
import io
import re
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from schemas.errors import MissingExtraError
from tasks.read import Fields, Slice, _extract, _stream, reader_of
from tasks.read._extract import ExtractionError, Extractor
from tests.units.read.reading import rows, same_when_cut

PROSE = "A sentence of a page that has enough words to be its main text, and then some more of them. "
HTML = (
    f"<html lang='de'><head><title>T</title></head><body><article><p>{PROSE * 4}</p></article></body></html>".encode()
)
DATE = "2024-04-25T16:24:44Z"


def archive(*records: tuple[str, bytes, dict[str, str]], packed: bool = False, version: str = "1.0") -> bytes:
    """A WARC file of (type, body, HTTP headers) with the identities 0, 1, 2, …"""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=packed, warc_version=version)
    for number, (kind, body, headers) in enumerate(records):
        found = writer.create_warc_record(
            f"http://a.org/{number}",
            kind,
            payload=io.BytesIO(body),
            http_headers=_http(kind, headers),
            warc_content_type="text/plain" if kind == "conversion" else None,
            warc_headers_dict={
                "WARC-Record-ID": f"<urn:uuid:{number}>",
                "WARC-Date": DATE,
                **{name: value for name, value in headers.items() if name.startswith("WARC-")},
            },
        )
        writer.write_record(found)
    return out.getvalue()


def _http(kind: str, headers: dict[str, str]) -> StatusAndHeaders | None:
    if kind == "request":
        return StatusAndHeaders("GET / HTTP/1.1", [], is_http_request=True)
    if kind not in ("response", "revisit"):
        return None
    sent = [(name, value) for name, value in headers.items() if not name.startswith(("status", "WARC-"))]
    return StatusAndHeaders(headers.get("status", "200 OK"), sent, protocol="HTTP/1.1")


def plain(text: bytes, **headers: str) -> tuple[str, bytes, dict[str, str]]:
    return ("response", text, {"Content-Type": "text/plain", **headers})


def page(html: bytes, **headers: str) -> tuple[str, bytes, dict[str, str]]:
    return ("response", html, {"Content-Type": "text/html", **headers})


def read(data: bytes, folder: Path, name: str = "a.warc", **settings: Any) -> list[dict[str, Any]]:
    path = folder / name
    path.write_bytes(data)
    return rows("warc", Slice(str(path), name=name), Fields(), **{"extractor": "resiliparse", **settings})


def oracle(data: bytes) -> list[tuple[str, str]]:
    """The identity and body of every response of a sound file, as warcio iterates over it."""
    return [
        (record.rec_headers.get_header("WARC-Record-ID"), record.content_stream().read().decode())
        for record in ArchiveIterator(io.BytesIO(data))
        if record.rec_type == "response"
    ]


KINDS = st.sampled_from(["response", "request", "metadata", "revisit", "warcinfo"])
BODIES = st.sampled_from([b"", b"\r\n", b"\n\nWARC/1.0", b"one", b"two\r\n\r\n", b"WARC/1.0\r\n", "漢字".encode()])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    made=st.lists(st.tuples(KINDS, BODIES), max_size=8),
    packed=st.booleans(),
    version=st.sampled_from(["1.0", "1.1"]),
    chunk=st.integers(1, 99),
)
def test_records_are_those_of_warcio_for_any_cutting(
    made: list[tuple[str, bytes]],
    packed: bool,
    version: str,
    chunk: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = archive(*((kind, *plain(body)[1:]) for kind, body in made), packed=packed, version=version)
    path = tmp_path / f"a.warc{'.gz' if packed else ''}"
    path.write_bytes(data)
    monkeypatch.setattr(_stream, "CHUNK", chunk)
    monkeypatch.setattr(_stream, "PIECE", {"gzip": chunk, "zstd": chunk})
    found = same_when_cut(path, "warc", batch_bytes=300)
    assert [(f"<{row['id']}>", row["text"]) for row in found] == oracle(data)
    whole = gzip.decompress(data) if packed and data else data
    assert all(whole[row["place"] :].startswith(b"WARC/") for row in found)
    assert [row["bytes"] for row in found] == [_size(whole[row["place"] :]) for row in found]


def _size(record: bytes) -> int:
    """The length of a header and the content that it announces."""
    head = record.index(b"\r\n\r\n") + 4
    return head + int(re.search(rb"Content-Length: (\d+)", record[:head])[1])  # type: ignore[index]


@pytest.mark.parametrize("extractor", ["trafilatura", "resiliparse"])
def test_a_page_gives_its_main_text_and_what_is_said_of_it(extractor: str, tmp_path: Path) -> None:
    link = b'<a rel="license" href="https://a.org/by">CC</a>'
    data = archive(page(HTML.replace(b"</p>", b"</p>" + link), **{"WARC-IP-Address": "10.0.0.1"}))
    [row] = read(data, tmp_path, extractor=extractor)
    assert row["text"].startswith(PROSE.strip()) and "<" not in row["text"]
    assert (row["id"], row["url"], row["created"]) == ("urn:uuid:0", "http://a.org/0", DATE)
    assert (row["language"], row["license"]) == ("de", "https://a.org/by")
    assert row["metadata"] == ('{"charset":"utf-8","content_type":"text/html","ip":"10.0.0.1","status":"200"}')


def test_what_is_no_page_is_a_document_without_text(tmp_path: Path) -> None:
    found = read(
        archive(
            ("response", b"\x89PNG\0", {"Content-Type": "image/png"}),
            page(HTML, status="404 Not Found"),
            page(HTML, status="301 Moved Permanently"),
            ("response", b"{}", {"Content-Type": "application/json"}),
            ("response", HTML, {}),
            page(b""),
        ),
        tmp_path,
    )
    assert [row["error"] for row in found] == [None] * 6
    assert [bool(row["text"]) for row in found] == [False, False, False, False, True, False]
    assert all(row["url"] for row in found)


def test_a_wet_file_gives_its_texts(tmp_path: Path) -> None:
    data = archive(("conversion", "Grüße\n".encode(), {"WARC-Identified-Content-Language": "deu,eng"}))
    [row] = read(data, tmp_path, "a.warc.wet")
    assert (row["text"], row["language"]) == ("Grüße\n", "deu")


@pytest.mark.parametrize(
    ("body", "headers", "text"),
    [
        (b"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", {"Transfer-Encoding": "chunked"}, "abc"),
        (b"not chunked after all", {"Transfer-Encoding": "chunked"}, "not chunked after all"),
        (gzip.compress(b"abc"), {"Content-Encoding": "gzip"}, "abc"),
        (zlib.compress(b"abc"), {"Content-Encoding": "deflate"}, "abc"),
        (b"not packed after all", {"Content-Encoding": "gzip"}, "not packed after all"),
        (b"\xef\xbb\xbfcaf\xc3\xa9", {}, "café"),
        (b"caf\xe9", {"Content-Type": "text/plain; charset=ISO-8859-1"}, "café"),
        ("漢字".encode("shift_jis"), {"Content-Type": 'text/plain; charset="Shift_JIS"'}, "漢字"),
        (b"caf\xe9 \x93so\x94", {"Content-Type": "text/plain; charset=no-such"}, "café “so”"),
        (b"caf\xe9", {"Content-Type": "text/plain; charset=utf-8"}, "caf\ufffd"),
    ],
)
def test_a_body_is_decoded(body: bytes, headers: dict[str, str], text: str, tmp_path: Path) -> None:
    [row] = read(archive(plain(body, **headers)), tmp_path)
    assert row["text"] == text


def test_a_page_declares_its_charset(tmp_path: Path) -> None:
    html = "<html><head><meta charset='windows-1251'></head><body><p>" + "Слова страницы. " * 20
    [row] = read(archive(page(html.encode("cp1251"))), tmp_path)
    assert "Слова страницы." in row["text"]


def test_addresses_in_angle_brackets(tmp_path: Path) -> None:
    data = archive(plain(b"a")).replace(b"WARC-Target-URI: http://a.org/0", b"WARC-Target-URI: <http://a.org/0>")
    assert read(data, tmp_path)[0]["url"] == "http://a.org/0"


# What is broken


def broken() -> Iterator[tuple[str, bytes, list[str]]]:
    """Files of three records, of which the second is broken: its name, the file and the texts or causes that follow."""
    one, two, three = archive(plain(b"one")), archive(plain(b"two")), archive(plain(b"three"))
    length = re.search(rb"Content-Length: (\d+)", two)[1]  # type: ignore[index]
    more, less = (b"Content-Length: %d" % (int(length) + by) for by in (9, -1))
    right = b"Content-Length: " + length
    follows = "no record follows after as many bytes"
    yield "too long a length", one + two.replace(right, more, 1) + three, ["one", follows, "three"]
    yield "too short a length", one + two.replace(right, less, 1) + three, ["one", follows, "three"]
    huge = two.replace(right, b"Content-Length: 99999999999999", 1)
    yield "a huge length", one + huge + three, ["one", "over the limit", "three"]
    beyond = two.replace(right, b"Content-Length: 9999", 1)
    yield "a length beyond the end", one + beyond + three, ["one", "of 9999 bytes", "three"]
    yield "no length", one + two.replace(right, b"X: 1", 1) + three, ["one", "Content-Length is ''", "three"]
    yield "a length in words", one + two.replace(right, b"Content-Length: six", 1) + three, ["one", "'six'", "three"]
    yield "no HTTP", one + two.replace(b"HTTP/1.1", b"nonsense", 1) + three, ["one", "cannot be read", "three"]
    yield "junk between", one + b"junk\r\n\r\n" + three, ["one", "no WARC record starts", "three"]
    yield "junk first", b"\0junk\r\n" + three, ["no WARC record starts", "three"]
    yield "an end in a header", one + two[:40], ["one", "without an end"]
    yield "an end in a body", one + two[: two.index(b"two")], ["one", f"of {int(length)} bytes"]
    yield "no archive", b"<html>", ["no WARC record starts"]


@pytest.mark.parametrize(("name", "data", "expected"), list(broken()), ids=[name for name, *_ in broken()])
def test_a_broken_record_is_a_failure_and_the_next_is_read(
    name: str, data: bytes, expected: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "a.warc"
    path.write_bytes(data)
    found = same_when_cut(path, "warc")
    assert len(found) == len(expected)
    for row, said in zip(found, expected, strict=True):
        assert row["text"] == said or said in (row["error"] or "")


@pytest.mark.parametrize("cut", [1, 20, 200])
def test_a_gzip_file_that_ends_early_gives_what_is_whole(cut: int, tmp_path: Path) -> None:
    data = archive(plain(b"one"), plain(b"two"), plain(bytes(range(32, 120)) * 9), packed=True)
    path = tmp_path / "a.warc.gz"
    path.write_bytes(data[:-cut])
    found = same_when_cut(path, "warc")
    assert [row["text"] for row in found][:2] == ["one", "two"]
    assert "ends early" in found[-1]["error"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 1200), bytes_=st.binary(min_size=1, max_size=4))
def test_any_damage_leaves_rows_for_any_cutting(at: int, bytes_: bytes, tmp_path: Path) -> None:
    sound = archive(plain(b"one"), plain(b"two"), plain(b"three"))
    path = tmp_path / "a.warc"
    path.write_bytes(sound[:at] + bytes_ + sound[at + len(bytes_) :])
    assert same_when_cut(path, "warc")


# The extractor beside the worker


def test_pages_that_break_extractors_are_failures(tmp_path: Path) -> None:
    slow = b"<html><body><p " + b" ".join(b'a%d="x"' % i for i in range(60_000)) + b">hello</p>"
    large = b"<html>" + b"x" * 2_000_000
    found = read(archive(page(slow), page(HTML), page(large)), tmp_path, seconds=1.0, largest_page=1_000_000)
    assert [row["error"] for row in found] == [
        "the extractor took more than 1 seconds for this page",
        None,
        "a page of more than 1000000 bytes",
    ]


def test_a_page_unpacked_is_bounded(tmp_path: Path) -> None:
    bomb = gzip.compress(b"x" * 50_000_000)
    [row] = read(archive(plain(bomb, **{"Content-Encoding": "gzip"})), tmp_path)
    assert "a page of more than" in row["error"]


def test_deep_nesting_ends(tmp_path: Path) -> None:
    deep = b"<html><body>" + b"<div>" * 180_000 + PROSE.encode() * 4
    [row] = read(archive(page(deep)), tmp_path, extractor="trafilatura")
    assert row["error"] is None


def test_a_child_that_dies_is_replaced() -> None:
    child = Extractor("resiliparse", "precision", 30)
    before = child.text(HTML.decode())
    assert child._child is not None
    child._child.kill()
    with pytest.raises(ExtractionError, match="died"):
        child.text("<p>x")
    assert child.text(HTML.decode()) == before
    child.close()


@pytest.mark.parametrize("extractor", ["trafilatura", "resiliparse"])
def test_a_text_does_not_depend_on_the_pages_before(extractor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    child = Extractor(extractor, "precision", 30)
    pages = [HTML.decode(), HTML.decode().replace("main", "other"), HTML.decode()]
    together = [child.text(html) for html in pages]
    assert together[0] == together[2] and together[0]
    monkeypatch.setattr(_extract, "PAGES", 1)
    assert [child.text(html) for html in reversed(pages)] == together[::-1]
    child.close()


def test_without_the_extra_it_says_what_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trafilatura", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'gristmill\[web\]'"):
        read(b"", tmp_path)


def test_names_of_web_archives() -> None:
    assert {reader_of(name) for name in ("a.warc", "a.WARC.GZ", "a.warc.wet.gz", "crawl/*.warc.zst")} == {"warc"}
