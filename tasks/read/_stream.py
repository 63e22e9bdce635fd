"""Decoded bytes of a plain, gzip or zstd file, up to the last byte that can be had of a broken one."""

import zlib
from collections.abc import Callable, Iterator
from typing import Any, Literal

import zstandard

from tasks.read._files import open_bytes

Codec = Literal["gzip", "zstd"]
SUFFIXES: dict[str, Codec] = {".gz": "gzip", ".zst": "zstd", ".zstd": "zstd"}

CHUNK = 1 << 20
# Input is fed in pieces small enough that even the densest stream (gzip 1:1032, zstd 1:32768) stays near 100 MB.
PIECE: dict[Codec, int] = {"gzip": 1 << 16, "zstd": 1 << 12}
WINDOW = 1 << 31  # frames written with `zstd --long=31`

NEW: dict[Codec, Callable[[], Any]] = {
    "gzip": lambda: zlib.decompressobj(31),
    "zstd": lambda: zstandard.ZstdDecompressor(max_window_size=WINDOW).decompressobj(),
}


class BrokenStreamError(ValueError):
    """A compressed file ends early or is corrupt; everything before has been given."""


def codec_of(path: str) -> Codec | None:
    """Return how ``path`` is compressed, by its suffix.

    >>> codec_of("a/b.jsonl.gz"), codec_of("a/b.jsonl")
    ('gzip', None)
    """
    return next((codec for suffix, codec in SUFFIXES.items() if path.lower().endswith(suffix)), None)


def decoded(path: str, start: int = 0) -> Iterator[bytes]:
    """Yield the decoded bytes of ``path`` from offset ``start``, in chunks of about a megabyte.

    All members of a gzip file and all frames of a zstd file are read. Raises BrokenStreamError after the last byte
    that a truncated or corrupt file yields: the same byte whatever ``start`` is.
    """
    codec = codec_of(path)
    return _regrouped(_decompressed(path, codec), start) if codec else _plain(path, start)


def _plain(path: str, start: int) -> Iterator[bytes]:
    with open_bytes(path) as file:
        file.seek(start)
        while data := file.read(CHUNK):
            yield data


def _regrouped(pieces: Iterator[bytes], skip: int) -> Iterator[bytes]:
    """Drop the first ``skip`` bytes and join small pieces to chunks; what came before an error is given first."""
    held: list[bytes] = []
    size = 0
    fault: BrokenStreamError | None = None
    try:
        for piece in pieces:
            if skip >= len(piece):
                skip -= len(piece)
                continue
            held.append(piece[skip:])
            size += len(piece) - skip
            skip = 0
            if size >= CHUNK:
                yield b"".join(held)
                held, size = [], 0
    except BrokenStreamError as error:
        fault = error
    if held:
        yield b"".join(held)
    if fault:
        raise fault


class _Decoder:
    """Decompresses one member or frame after the other."""

    def __init__(self, codec: Codec) -> None:
        self.codec = codec
        self.member: Any = None

    def feed(self, data: bytes) -> bytes:
        """Return what the next bytes of the file decompress to; it may be nothing yet."""
        out = []
        while data:
            if self.member is None:
                data = data.lstrip(b"\0") if self.codec == "gzip" else data  # gzip files may be padded with zeros
                if not data:
                    break
                self.member = NEW[self.codec]()
            out.append(self.member.decompress(data))
            data = b""
            if self.member.eof:
                data, self.member = self.member.unused_data, None
        return b"".join(out)


def _decompressed(path: str, codec: Codec) -> Iterator[bytes]:
    decoder, consumed = _Decoder(codec), 0
    with open_bytes(path) as file:
        while piece := file.read(PIECE[codec]):
            try:
                yield decoder.feed(piece)
            except (zlib.error, zstandard.ZstdError) as error:
                yield from _salvaged(path, codec, consumed)
                cause = f"{codec} stream is corrupt after {consumed} to {consumed + len(piece)} bytes: {error}"
                raise BrokenStreamError(cause) from None
            consumed += len(piece)
    if decoder.member is not None:
        raise BrokenStreamError(f"{codec} stream ends early, after {consumed} bytes")


def _salvaged(path: str, codec: Codec, sound: int) -> Iterator[bytes]:
    """Yield what the piece behind the first ``sound`` bytes holds before its fault, by feeding it byte by byte."""
    decoder = _Decoder(codec)
    with open_bytes(path) as file:
        for offset in range(0, sound, PIECE[codec]):
            decoder.feed(file.read(min(PIECE[codec], sound - offset)))
        for byte in file.read(PIECE[codec]):
            try:
                yield decoder.feed(bytes([byte]))
            except (zlib.error, zstandard.ZstdError):
                return


def expansion(path: str, sample: int = 1 << 20) -> float:
    """Return how many decoded bytes one byte of a compressed file gives, measured on its first ``sample`` bytes."""
    codec = codec_of(path)
    if codec is None:
        return 1.0
    decoder, consumed, size = _Decoder(codec), 0, 0
    with open_bytes(path) as file:
        while consumed < sample and (piece := file.read(PIECE[codec])):
            try:
                size += len(decoder.feed(piece))
            except (zlib.error, zstandard.ZstdError):
                break
            consumed += len(piece)
    return size / consumed if consumed else 1.0
