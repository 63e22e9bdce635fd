"""JSON Lines files, zstd."""

from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import zstandard
from numba import njit

from schemas.errors import UnitError
from schemas.recipe import ZstdLevel
from tasks.pack._segments import Integers

FILES = ("{}.jsonl.zst",)
NOTE = {
    "carries": "Everything: contexts with their tokens, and per piece its document, loss weight, position ids and "
    "attention.",
    "loses": "Nothing.",
    "trainer": "Read the files in the order of their names and the lines as they come, without shuffling.",
}
LARGEST = 10_000_000  # first token id that does not fit the seven digits of the table


def jsonl(batches: Iterable[pa.RecordBatch], path: Path, *, compression_level: ZstdLevel = 3) -> None:
    """Write JSON Lines with zstd: one object per row, fields in the order of the columns.

    Lines end at line feeds; UTF-8 as it is, without escapes that JSON does not ask for. 64-bit unsigned ids are
    strings, because most readers hold numbers as doubles and would round them. A missing string is an empty string,
    because readers that take a field's type from a file's first lines would find none. One zstd frame, compressed in
    one thread, so that the same rows give the same bytes.

    Source: https://jsonlines.org; RFC 8259; RFC 8878.
    """
    compressor = zstandard.ZstdCompressor(level=compression_level, write_checksum=True)
    with path.open("wb") as file, compressor.stream_writer(file, closefd=False) as stream:
        for batch in batches:
            for line in _lines(batch):
                stream.write(line)


def _lines(batch: pa.RecordBatch) -> Iterable[bytes]:
    names = batch.schema.names
    for values in zip(*(_values(column) for column in batch.columns), strict=True):
        yield orjson.dumps(dict(zip(names, values, strict=True)), option=orjson.OPT_APPEND_NEWLINE)


def _values(column: pa.Array) -> list[Any]:
    """Return the column's values as orjson takes them."""
    if pa.types.is_uint64(column.type):
        return column.cast(pa.string()).to_pylist()
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return column.fill_null("").to_pylist()
    if not pa.types.is_list(column.type):
        return column.to_pylist()
    if pa.types.is_uint64(column.type.value_type):
        return column.cast(pa.list_(pa.string())).to_pylist()
    if not pa.types.is_unsigned_integer(column.type.value_type):
        return column.to_pylist()
    ids = column.flatten().to_numpy()
    top = int(ids.max()) if len(ids) else 0
    if top >= LARGEST:
        raise UnitError(f"token id {top} is beyond {LARGEST - 1}, the largest that can be written")
    text, ends = _joined(ids, *_numerals(1 << top.bit_length()), np.diff(column.offsets.to_numpy()))
    whole = text.tobytes()
    return [orjson.Fragment(whole[a:b]) for a, b in pairwise([0, *ends.tolist()])]


@cache
def _numerals(count: int) -> tuple[Integers, Integers]:
    """Return the digits of every number below ``count`` with a comma after them, 8 bytes each, and how many count."""
    numbers = np.arange(count)
    width = 1 + sum((numbers >= 10**k).astype(np.int64) for k in range(1, 8))
    digits = np.full((count, 8), ord(","), np.uint8)
    for k in range(7):
        inside = width > k
        digits[inside, k] = ord("0") + numbers[inside] // 10 ** (width[inside] - 1 - k) % 10
    return digits, width + 1


@njit(nogil=True, cache=True)
def _joined(ids: Integers, numerals: Integers, widths: Integers, sizes: Integers) -> tuple[Integers, Integers]:
    """Write lists of ids as JSON; return the text and where each list ends in it.

    A table holds every number's digits: all 8 bytes are copied and the next number overwrites what is too much.
    """
    text = np.empty(8 * len(ids) + 2 * len(sizes) + 8, np.uint8)
    ends = np.empty(len(sizes), np.int64)
    at = 0
    begin = 0
    for i in range(len(sizes)):
        text[at] = 91  # [
        at += 1
        for j in range(begin, begin + sizes[i]):
            for k in range(8):
                text[at + k] = numerals[ids[j], k]
            at += widths[ids[j]]
        begin += sizes[i]
        if sizes[i]:
            at -= 1  # the last comma gives way
        text[at] = 93  # ]
        at += 1
        ends[i] = at
    return text[:at], ends
