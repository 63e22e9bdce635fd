"""One file, one document."""

from pathlib import Path
from typing import Any

import pytest

from tasks.read import Slice
from tests.units.read.reading import rows


def one(data: bytes, tmp_path: Path, **settings: Any) -> dict[str, Any]:
    (tmp_path / "a.md").write_bytes(data)
    [row] = rows("text", Slice(str(tmp_path / "a.md"), name="docs/a.md"), **settings)
    return row


def test_the_whole_file_is_the_document_and_its_name_the_id(tmp_path: Path) -> None:
    row = one(b"\xef\xbb\xbfone\r\ntwo\xe2\x80\xa8\n", tmp_path)
    assert (row["text"], row["id"], row["place"], row["url"]) == ("one\r\ntwo\u2028\n", "docs/a.md", 0, None)
    assert one(b"", tmp_path)["text"] == ""


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"\x89PNG\0\0", "binary file"),
        (b"abc\xff", "invalid UTF-8 at byte 3 of the file"),
        (b"x" * 101, "101 bytes or more, over the limit of 100 bytes"),
    ],
)
def test_a_file_that_is_no_text_is_a_failure(data: bytes, cause: str, tmp_path: Path) -> None:
    assert one(data, tmp_path, max_file_bytes=100)["error"] == cause


def test_invalid_utf8_can_be_replaced(tmp_path: Path) -> None:
    assert one(b"abc\xff", tmp_path, invalid_utf8="replace")["text"] == "abc\ufffd"
