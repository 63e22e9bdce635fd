"""Intermediates: files named by the hash of what made them, written aside and renamed; what exists is done."""

import hashlib
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.errors import UnitError


def key_of(*made_of: Any) -> str:
    """Return a name for the result of ``made_of``: 24 hexadecimal digits of a hash over values and Arrow tables."""
    digest = hashlib.blake2b(digest_size=12)
    for thing in made_of:
        if isinstance(thing, pa.Table):
            _hash_table(digest.update, thing)
        else:
            digest.update(orjson.dumps(_plain(thing), option=orjson.OPT_SORT_KEYS))
        digest.update(b"\0")
    return digest.hexdigest()


def _plain(thing: Any) -> Any:
    if is_dataclass(thing) and not isinstance(thing, type):
        return asdict(thing)
    return thing.model_dump(mode="json") if hasattr(thing, "model_dump") else thing


def _hash_table(update: Callable[[bytes], None], table: pa.Table) -> None:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table.combine_chunks(), max_chunksize=1 << 20)
    update(memoryview(sink.getvalue()))  # type: ignore[arg-type]  # any buffer will do


@contextmanager
def aside(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path`` and rename it when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid4().hex}.part")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write(path: Path, table: pa.Table) -> Path:
    """Write a narrow table as Parquet, whole or not at all."""
    with aside(path) as temporary:
        pq.write_table(table, temporary, compression="zstd", compression_level=1, row_group_size=1 << 20)
    return path


def write_json(path: Path, value: Any) -> Path:
    """Write a value as JSON with sorted keys, whole or not at all."""
    with aside(path) as temporary:
        temporary.write_bytes(orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2))
    return path


def read_json(path: Path) -> Any:
    """Read what ``write_json`` wrote."""
    return orjson.loads(path.read_bytes())


def write_arrays(path: Path, arrays: dict[str, np.ndarray]) -> Path:
    """Write what a unit has learnt, whole or not at all; UnitError if it is not arrays of numbers or strings."""
    wrong = [name for name, array in arrays.items() if not isinstance(array, np.ndarray) or array.dtype.hasobject]
    if wrong:
        raise UnitError(f"what a unit learns is kept as arrays of numbers or strings; not so: {', '.join(wrong)}")
    with aside(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # names are the unit's own
    return path


@lru_cache(maxsize=16)
def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read what ``write_arrays`` wrote."""
    with np.load(path, allow_pickle=False) as found:
        arrays = dict(found)
    return arrays


LARGE = 1 << 20


def shared(function: Callable[..., Any], folder: Path) -> Callable[..., Any]:
    """Return ``function``, by way of a file that every worker reads once if it carries much data with it."""
    if not isinstance(function, partial):
        return function
    data = pickle.dumps(function, protocol=pickle.HIGHEST_PROTOCOL)
    if len(data) < LARGE:
        return function
    path = folder / hashlib.blake2b(data, digest_size=12).hexdigest()
    if not path.is_file():
        with aside(path) as temporary:
            temporary.write_bytes(data)
    return partial(_call_shared, str(path))


def _call_shared(path: str, *items: Any) -> Any:
    return _load_shared(path)(*items)


@lru_cache(maxsize=1)
def _load_shared(path: str) -> Callable[..., Any]:
    function: Callable[..., Any] = pickle.loads(Path(path).read_bytes())
    return function


def once(path: Path, make: Callable[[], pa.Table]) -> pa.Table:
    """Return the table at ``path``, made and kept there if it is not."""
    if not path.is_file():
        write(path, make())
    return read(path)


def read(path: Path) -> pa.Table:
    """Read what ``write`` wrote."""
    return pq.read_table(path, memory_map=False)
