"""Lines of a decoded stream: where each starts, in bounded memory whatever its length."""

from collections.abc import Iterator
from typing import NamedTuple

from tasks.read._slice import Slice
from tasks.read._stream import BrokenStreamError, decoded

BOM = b"\xef\xbb\xbf"


class Block(NamedTuple):
    """Some whole lines from offset ``place`` without the last line's end; or no data and why there is none."""

    place: int
    size: int
    data: bytes
    error: str | None = None


class Line(NamedTuple):
    """One line without its end, ``size`` bytes long; or no data and why there is none."""

    place: int
    size: int
    data: bytes
    error: str | None = None


def lines(slice: Slice, max_line_bytes: int) -> Iterator[Line]:
    """Yield the lines that start in ``slice``, split at ``\\n`` only; a byte order mark at the file's start is removed.

    A line longer than ``max_line_bytes`` and the rest before a break of the stream come without data.
    """
    for block in blocks(slice.path, slice.start, max_line_bytes):
        if slice.ends(block.place):
            return
        if block.error:
            yield Line(*block)
            continue
        place = block.place
        for data in block.data.split(b"\n"):
            if slice.ends(place):
                return
            size = len(data)
            if place == 0:
                data = data.removeprefix(BOM)
            yield Line(place, size, data, too_long(size, max_line_bytes) if size > max_line_bytes else None)
            place += size + 1


def blocks(path: str, start: int, max_line_bytes: int) -> Iterator[Block]:
    """Yield the lines of ``path`` that start at offset ``start`` or later, as many at a time as a chunk holds.

    A stream that breaks ends with one block that has its error, at the place where the incomplete rest starts.
    """
    place, chunks = start, decoded(path, max(start - 1, 0))
    if start:
        try:
            skipped, first = _behind_line_end(chunks)
        except BrokenStreamError:
            return  # the break lies in a line that starts before `start`
        if first is None:
            return
        place, chunks = start - 1 + skipped, _chained(first, chunks)
    yield from _blocks(chunks, place, max_line_bytes)


def too_long(size: int, limit: int) -> str:
    """Say that a line or record of ``size`` bytes is over the limit."""
    return f"{size} bytes long, over the limit of {limit} bytes"


def _behind_line_end(chunks: Iterator[bytes]) -> tuple[int, bytes | None]:
    """Return how many bytes lead to the first line start behind a line end, and the chunk that is left there."""
    skipped = 0
    for chunk in chunks:
        if end := chunk.find(b"\n") + 1:
            return skipped + end, chunk[end:]
        skipped += len(chunk)
    return skipped, None


def _chained(first: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from chunks


def _blocks(chunks: Iterator[bytes], place: int, limit: int) -> Iterator[Block]:
    held: list[bytes] = []  # the unfinished line; empty while a line over the limit is passed over
    size = 0
    fault = None
    try:
        for chunk in chunks:
            end = chunk.rfind(b"\n") + 1
            if end:
                if size > limit:
                    first = chunk.find(b"\n") + 1
                    yield Block(place, size + first - 1, b"", too_long(size + first - 1, limit))
                    place += size + first
                    data = chunk[first:end]
                else:
                    data = b"".join([*held, chunk[:end]])
                if data:
                    yield Block(place, len(data) - 1, data[:-1])
                    place += len(data)
                held, size, chunk = [], 0, chunk[end:]
            size += len(chunk)
            held = [*held, chunk] if size <= limit else []
    except BrokenStreamError as error:
        fault = str(error)
    if fault:
        yield Block(place, size, b"", fault)
    elif size:
        yield Block(place, size, b"".join(held), too_long(size, limit) if size > limit else None)
