"""The records of a WARC file one after the other, whatever is broken between them.

Where a record starts follows from the lengths of all before it, so a slice walks the file from its start and passes
over what it does not own: that costs decoding, a small part of extracting text. A record whose length is wrong is
found out by what follows it, and the walk goes on at the next line that begins a record.
"""

import re
from collections.abc import Container, Iterator
from typing import NamedTuple

from tasks.read._lines import too_long
from tasks.read._slice import Slice
from tasks.read._stream import BrokenStreamError, decoded

MARK = re.compile(rb"\r?\nWARC/\d\.\d\r?\n")
START = re.compile(rb"WARC/\d\.\d\r?\n")
END = re.compile(rb"\r?\n\r?\n|[\r\n]*(?:\Z|WARC/\d\.\d\r?\n)")
BLANK_LINE = re.compile(rb"\r?\n\r?\n")
LENGTH = re.compile(rb"\nContent-Length[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE)
KIND = re.compile(rb"\nWARC-Type[ \t]*:[ \t]*([^\s;]*)", re.IGNORECASE)
HEADER_BYTES = 1 << 16
LONGEST_MARK = 14


class Record(NamedTuple):
    """A record of ``size`` bytes at ``place`` of the decoded file: its header and content, or why there are none."""

    place: int
    size: int
    kind: str
    data: bytes
    error: str | None = None


def records(slice: Slice, wanted: Container[str], limit: int) -> Iterator[Record]:
    """Yield the records of the ``wanted`` types that start in ``slice``, and every broken one."""
    window = _Window(decoded(slice.path))
    while window.skip_line_ends():
        if slice.ends(window.place):
            return
        place = window.place
        if broken := _fault(window, limit):
            size = window.resync()
            cause = window.fault if window.fault and not window.data else broken
            if slice.owns(place):
                yield Record(place, size, "", b"", cause)
            if cause == window.fault:
                return
            continue
        head = window.header()
        size = len(head) + _length(head)
        kind = _field(KIND, head).decode("ascii", "replace").lower()
        if slice.owns(place) and kind in wanted:
            yield Record(place, size, kind, bytes(window.data[:size]))
        window.drop(size)
    if window.fault and slice.owns(window.place):
        yield Record(window.place, 0, "", b"", window.fault)


def _fault(window: "_Window", limit: int) -> str | None:
    """Return what is wrong with the record at the start of the window, which is then not to be relied on."""
    window.fill(HEADER_BYTES)
    if not START.match(window.data):
        return "no WARC record starts where one should"
    head = window.header()
    if not head:
        return f"a WARC header without an end in its first {HEADER_BYTES} bytes"
    if (length := _length(head)) < 0:
        return f"Content-Length is '{_field(LENGTH, head)[:40].decode('ascii', 'replace')}', not a number of bytes"
    if length > limit:
        return too_long(length, limit)
    if not window.fill(len(head) + length):
        return f"the record ends after {len(window.data) - len(head)} of {length} bytes"
    if not window.ends_record(len(head) + length):
        return f"Content-Length is {length}, but no record follows after as many bytes"
    return None


def _field(name: re.Pattern[bytes], head: bytes) -> bytes:
    found = name.search(head)
    return found[1].strip() if found else b""


def _length(head: bytes) -> int:
    value = _field(LENGTH, head)
    return int(value) if value.isdigit() and len(value) < 16 else -1


class _Window:
    """What has been decoded and not yet dropped; ``place`` is the offset of its first byte, ``fault`` what broke."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.data = bytearray()
        self.place = 0
        self.fault: str | None = None
        self._chunks = chunks

    def fill(self, size: int) -> bool:
        """Decode until there are ``size`` bytes; whether there are."""
        while len(self.data) < size and self._more():
            pass
        return len(self.data) >= size

    def drop(self, size: int) -> None:
        """Go on behind the first ``size`` bytes."""
        del self.data[:size]
        self.place += size

    def header(self) -> bytes:
        """Return the header at the start with the empty line that ends it; nothing if there is none."""
        end = BLANK_LINE.search(self.data, 0, HEADER_BYTES)
        return bytes(self.data[: end.end()]) if end else b""

    def skip_line_ends(self) -> bool:
        """Go on at the next byte that ends no line; whether there is one."""
        while self.fill(1):
            blank = len(self.data) - len(self.data.lstrip(b"\r\n"))
            self.drop(blank)
            if self.data:
                return True
        return False

    def ends_record(self, at: int) -> bool:
        """Whether a record may end at ``at``: two line ends, the next record or the end of the file follow."""
        while True:
            rest = self.data[at : at + HEADER_BYTES]
            if len(rest) >= LONGEST_MARK or not self._more():
                return END.match(rest) is not None

    def resync(self) -> int:
        """Drop everything up to the next line that begins a record; return how many bytes that were."""
        first = self.place
        self.drop(min(1, len(self.data)))
        while True:
            if found := MARK.search(self.data):
                self.drop(found.start() + found[0].index(b"W"))
                return self.place - first
            self.drop(max(0, len(self.data) - LONGEST_MARK))
            if not self._more():
                self.drop(len(self.data))
                return self.place - first

    def _more(self) -> bool:
        try:
            chunk = next(self._chunks, b"")
        except BrokenStreamError as error:
            self.fault, chunk = str(error), b""
        self.data += chunk
        return bool(chunk)
