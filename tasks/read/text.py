"""Files of text, Markdown or source code: one document each."""

from collections.abc import Iterator
from typing import Literal

import pyarrow as pa

from schemas.recipe import Count
from tasks.read._files import open_bytes
from tasks.read._lines import BOM, too_long
from tasks.read._rows import BadRecordError, Document, Rows
from tasks.read._slice import Fields, Slice

HEAD = 8 << 10


def text(
    slice: Slice,
    fields: Fields,
    *,
    invalid_utf8: Literal["fail", "replace"] = "fail",
    max_file_bytes: Count = 256 << 20,
) -> Iterator[pa.RecordBatch]:
    """Plain text, Markdown or source code: one document per file.

    Its id is the file's name relative to its source. A byte order mark is removed. A file with a NUL byte in its
    first 8 KB is binary, as git holds it, and a failure. ``fields`` name nothing here.

    Source: Gristmill.
    """
    rows = Rows(1)
    with open_bytes(slice.path) as file:
        data = file.read(max_file_bytes + 1)
    try:
        content = _content(data, max_file_bytes, replace=invalid_utf8 == "replace")
        name = slice.name or slice.path.rpartition("/")[2]
        rows.add(0, len(data), Document(name, content, None, None, None, None, None))
    except BadRecordError as fault:
        rows.fail(0, len(data), str(fault))
    yield rows.batch()


def _content(data: bytes, limit: int, *, replace: bool) -> str:
    if len(data) > limit:
        raise BadRecordError(too_long(len(data), limit).replace("bytes long", "bytes or more"))
    if b"\0" in data[:HEAD]:
        raise BadRecordError("binary file")
    data = data.removeprefix(BOM)
    try:
        return data.decode(errors="replace" if replace else "strict")
    except UnicodeDecodeError as error:
        raise BadRecordError(f"invalid UTF-8 at byte {error.start} of the file") from None
