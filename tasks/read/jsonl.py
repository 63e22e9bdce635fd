"""JSON Lines: plain, gzip or zstd; one object per line, lines ended by ``\\n`` only."""

from collections.abc import Iterator
from typing import Literal

import pyarrow as pa

from schemas.recipe import Count
from tasks.read._json import parse
from tasks.read._lines import lines
from tasks.read._rows import BadRecordError, Rows
from tasks.read._slice import Fields, Slice


def jsonl(
    slice: Slice,
    fields: Fields,
    *,
    invalid_utf8: Literal["fail", "replace"] = "fail",
    max_line_bytes: Count = 256 << 20,
    batch_bytes: Count = 8 << 20,
) -> Iterator[pa.RecordBatch]:
    """JSON Lines, plain, gzip or zstd: one JSON object per line.

    A slice is a byte range of the decompressed file and owns the lines that start in it. U+2028, U+0085 and the
    like do not end a line. A line of white space alone is not a record. A line that is broken, too long or without
    the text becomes a row with its error, as does the rest of a file that ends early. The place of a record is the
    byte offset of its line in the decompressed file.

    Source: JSON Lines, jsonlines.org.
    """
    rows = Rows(batch_bytes)
    for place, size, line, error in lines(slice, max_line_bytes):
        if error:
            rows.fail(place, size, error)
        elif line and not line.isspace():
            try:
                rows.add(place, size, parse(line, fields, replace=invalid_utf8 == "replace"))
            except BadRecordError as fault:
                rows.fail(place, size, str(fault))
        if rows.full:
            yield rows.batch()
    if rows:
        yield rows.batch()
