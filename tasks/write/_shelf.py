"""A file of many Arrow tables, one after the other, each found by the output file it is for.

Layout: Arrow IPC streams (lz4), then the index (int64 rows of content, file, offset, size) and its number of rows. A
reader fetches one range of bytes per table and nothing else.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from tasks.pack._segments import Integers

CONTENTS = ("documents", "contexts")
ENTRY = 4
OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)


@dataclass(frozen=True)
class Piece:
    """A table on a shelf: ``size`` bytes of ``path`` from ``offset`` on."""

    path: str
    offset: int
    size: int


@dataclass(frozen=True)
class Shelf:
    """A finished file of tables and its index."""

    path: str
    index: Integers

    @classmethod
    def open(cls, path: Path) -> "Shelf":
        """Read the index of a finished file."""
        with path.open("rb") as file:
            file.seek(-8, 2)
            rows = int(np.frombuffer(file.read(8), np.int64)[0])
            file.seek(-8 - rows * ENTRY * 8, 2)
            index = np.frombuffer(file.read(rows * ENTRY * 8), np.int64).reshape(rows, ENTRY)
        return cls(str(path), index)


class Writer:
    """Puts tables on a shelf, in any order."""

    def __init__(self, file: pa.NativeFile) -> None:
        self._file = file
        self._index: list[tuple[int, int, int, int]] = []

    def put(self, content: str, file: int, batch: pa.RecordBatch) -> None:
        """Append a table meant for number ``file`` of the files of ``content``."""
        offset = self._file.tell()
        with pa.ipc.new_stream(self._file, batch.schema, options=OPTIONS) as stream:
            stream.write_batch(batch)
        self._index.append((CONTENTS.index(content), file, offset, self._file.tell() - offset))

    def finish(self) -> None:
        """Append the index."""
        index = np.array(self._index, np.int64).reshape(-1, ENTRY)
        self._file.write(index.tobytes())
        self._file.write(np.int64(len(index)).tobytes())


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """Open ``path`` for tables; the index is written when the block ends well."""
    with pa.OSFile(str(path), "wb") as file:
        writer = Writer(file)
        yield writer
        writer.finish()


def read(piece: Piece) -> pa.Table:
    """Read one table."""
    with pa.OSFile(piece.path, "rb") as file:
        file.seek(piece.offset)
        return pa.ipc.open_stream(file.read_buffer(piece.size)).read_all()


def pieces(shelves: list[Shelf]) -> dict[tuple[str, int], list[Piece]]:
    """Return the tables meant for each (content, file), in the order of the shelves."""
    found: dict[tuple[str, int], list[Piece]] = {}
    for shelf in shelves:
        for content, file, offset, size in shelf.index.tolist():
            found.setdefault((CONTENTS[content], file), []).append(Piece(shelf.path, offset, size))
    return found
