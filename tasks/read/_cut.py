"""Bounded slices of large files, and bounded groups of small ones."""

from collections.abc import Callable, Iterable

from pyarrow import ArrowException
from pyarrow.parquet import ParquetFile

from tasks.read._files import FileRef, open_bytes
from tasks.read._slice import Slice
from tasks.read._stream import BrokenStreamError, codec_of, decoded, expansion

TARGET_BYTES = 64 << 20
# A file that can only be read from its start costs (pieces + 1) / 2 readings of the stream when it is cut.
DEAR = 4
MOST_DEAR = 16
SMALLEST = 16 << 10  # what opening a file weighs


def cut(file: FileRef, reader: str, *, partitions: int | None = None, target_bytes: int = TARGET_BYTES) -> list[Slice]:
    """Cut a file into slices whose rows, one slice after the other, are the rows of the whole file.

    With ``partitions`` there are that many slices (or fewer, when there is less to cut), else as many as it takes to
    hold each near ``target_bytes`` decoded. Compressed files, CSV and WARC can only be read from their start: they are
    cut at four times the target and into 16 slices at most, because each slice decodes what precedes it.
    Text files are never cut.
    """
    return CUTTERS.get(reader, _whole)(file, partitions, target_bytes)


def group(slices: Iterable[Slice], *, target_bytes: int = TARGET_BYTES) -> list[tuple[Slice, ...]]:
    """Put neighboring slices together, as long as a group stays within ``target_bytes``.

    >>> [len(part) for part in group([Slice("a", bytes=60), Slice("b", bytes=30), Slice("c", bytes=30)])]
    [3]
    """
    groups: list[list[Slice]] = []
    room = 0
    for slice in slices:
        weight = max(slice.bytes, SMALLEST)
        if not groups or weight > room:
            groups.append([])
            room = target_bytes
        groups[-1].append(slice)
        room -= weight
    return [tuple(part) for part in groups]


def _whole(file: FileRef, partitions: int | None, target: int) -> list[Slice]:
    return [Slice(file.path, name=file.name, bytes=file.bytes)]


def _lines(file: FileRef, partitions: int | None, target: int) -> list[Slice]:
    if codec_of(file.path) is None:
        return _slices(file, _even(file.bytes, partitions or _pieces(file.bytes, target)), file.bytes)
    size = _decoded_size(file)
    return _slices(file, _even(size, partitions or _dear_pieces(size, target)), size)


def _walked(file: FileRef, partitions: int | None, target: int) -> list[Slice]:
    """Cut by decoded bytes: each slice walks over the records before it, even in a file that is not compressed."""
    size = _decoded_size(file)
    return _slices(file, _even(size, partitions or _dear_pieces(size, target)), size)


def _records(file: FileRef, partitions: int | None, target: int) -> list[Slice]:
    size = _decoded_size(file)
    records = max(1, int(size / _record_size(file.path)))
    return _slices(file, _even(records, partitions or _dear_pieces(size, target)), size)


def _row_groups(file: FileRef, partitions: int | None, target: int) -> list[Slice]:
    try:
        with open_bytes(file.path) as handle:
            metadata = ParquetFile(handle).metadata
    except (ArrowException, OSError):
        return _whole(file, partitions, target)  # the reader says what is wrong with the file
    groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
    size = sum(each.total_byte_size for each in groups)
    pieces = partitions or _pieces(size, target)
    bounds = _even(metadata.num_rows, pieces)
    if pieces <= len(groups):
        starts = [sum(each.num_rows for each in groups[:index]) for index in range(len(groups))]
        bounds = [min(starts, key=lambda start: abs(start - bound)) for bound in bounds]
    return _slices(file, bounds, size)


CUTTERS: dict[str, Callable[[FileRef, int | None, int], list[Slice]]] = {
    "jsonl": _lines,
    "csv": _records,
    "warc": _walked,
    "parquet": _row_groups,
}


def _slices(file: FileRef, starts: list[int], size: int) -> list[Slice]:
    """Slices from each start to the next; the last is open, so a length that was only estimated loses nothing."""
    starts = sorted({0, *starts})
    stops = [*starts[1:], None]
    share = size // len(starts)
    return [Slice(file.path, start, stop, file.name, share) for start, stop in zip(starts, stops, strict=True)]


def _even(length: int, pieces: int) -> list[int]:
    return [length * index // pieces for index in range(pieces)]


def _pieces(size: int, target: int) -> int:
    return max(1, -(-size // target))


def _dear_pieces(size: int, target: int) -> int:
    return min(MOST_DEAR, _pieces(size, DEAR * target))


def _decoded_size(file: FileRef) -> int:
    """Estimate the decoded size from what the first megabyte of a compressed file expands to."""
    return int(file.bytes * expansion(file.path)) if codec_of(file.path) else file.bytes


def _record_size(path: str) -> float:
    """Estimate the bytes of a CSV record from the first chunk; a line end within quotes does not end a record."""
    try:
        sample = next(decoded(path), b"")
    except BrokenStreamError:
        return 1
    ends = sum(part.count(b"\n") for part in sample.split(b'"')[::2])
    return max(1, len(sample) / max(1, ends))
