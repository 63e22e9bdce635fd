"""What the tests of all readers share: rows of files, and files compressed in every way."""

import gzip
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import zstandard

from schemas.records import RECORDS
from tasks import read, units
from tasks.read import Fields, FileRef, Slice

SUFFIXES = ("", ".gz", ".zst")


def rows(
    reader: str, slices: Slice | Iterable[Slice], fields: Fields | None = None, **settings: Any
) -> list[dict[str, Any]]:
    """Read slices one after the other; ``row`` is proven to count from 0 in each, and left out."""
    found: list[dict[str, Any]] = []
    for slice in [slices] if isinstance(slices, Slice) else slices:
        batches = list(units.unit("read", reader).call(slice, fields or Fields(), **settings))
        assert all(batch.schema == RECORDS and batch.num_rows for batch in batches)
        part = [row for batch in batches for row in batch.to_pylist()]
        assert [row.pop("row") for row in part] == list(range(len(part)))
        assert all((row["error"] is None) != (row["text"] is None) for row in part)
        found += part
    return found


def file_of(path: Path) -> FileRef:
    """Return ``path`` as a file of a source."""
    return FileRef(str(path), path.name, path.stat().st_size)


def same_when_cut(path: Path, reader: str, fields: Fields | None = None, **settings: Any) -> list[dict[str, Any]]:
    """Return the rows of a file, proven to be the same for any number of slices."""
    whole = rows(reader, Slice(str(path), name=path.name), fields, **settings)
    for partitions in (1, 2, 3, 7):
        slices = read.cut(file_of(path), reader, partitions=partitions)
        assert rows(reader, slices, fields, **settings) == whole
    return whole


def packed(data: bytes, suffix: str, pieces: int = 2) -> bytes:
    """Compress ``data`` as the suffix says, in several members or frames."""
    if not suffix:
        return data
    compress = gzip.compress if suffix == ".gz" else zstandard.ZstdCompressor(write_checksum=True).compress
    bounds = [len(data) * index // pieces for index in range(pieces + 1)]
    return b"".join(compress(data[start:stop]) for start, stop in pairwise(bounds))


def written(folder: Path, name: str, data: bytes) -> Path:
    """Write ``data`` to a file, compressed as its name says."""
    path = folder / name
    path.write_bytes(packed(data, path.suffix if path.suffix in SUFFIXES else ""))
    return path
