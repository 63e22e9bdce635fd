"""Lists in files that settings name: terms, words, domains, addresses; one per line.

A line that is blank or begins with ``#`` is none of them. A path that ends in ``.gz`` is decompressed. A list is read
once by a process, until its file changes.
"""

import gzip
import re
from collections.abc import Iterator, Sequence, Sized
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
from numba import njit

from schemas.errors import InputError
from tasks.distinct import distinct
from tasks.text.batch import TextBatch
from tasks.text.borrow import Array, borrow
from tasks.text.hashing import hash_bytes
from tasks.text.terms import Terms, automaton

# How entries are compared: as they are, in lower case, or by the letters and digits of ASCII alone.
EXACT, LOWER, PLAIN = "exact", "lower", "plain"
BETWEEN = re.compile("[^a-z0-9]+")
Entries = TypeVar("Entries", bound=Sized)
_CHUNK = 200_000  # lines that are hashed at a time


def read_set(path: str | None, form: str = EXACT) -> frozenset[str]:
    """Return the entries of a list; none without a path. Raises InputError if it cannot be read or is not UTF-8."""
    return _set(path, *_state(path), form) if path else frozenset()


def read_terms(path: str | None, form: str = EXACT) -> Terms:
    """Return the automaton of a list of terms; of an empty one without a path."""
    return _terms(path, *_state(path), form) if path else _terms(None, 0, 0, form)


def read_keys(path: str | None, form: str = EXACT) -> np.ndarray:
    """Return the hashes of the entries of a list, ascending (uint64): for millions of entries, in 8 bytes each."""
    return _keys(path, *_state(path), form) if path else np.zeros(0, np.uint64)


def listed(names: Sequence[str], keys: np.ndarray) -> np.ndarray:
    """Say of each name whether its hash is one of ``keys`` (bool)."""
    if not len(names) or not len(keys):
        return np.zeros(len(names), bool)
    wanted = hashes(names)
    return keys[np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)] == wanted


def hashes(names: Sequence[str]) -> np.ndarray:
    """Return a 64-bit hash of each name: uint64."""
    batch = TextBatch(pa.array(names, pa.large_string()))
    return _hash_all(batch.data, batch.offsets)


@njit(nogil=True, cache=True)
def _hash_all(data: Array, offsets: Array) -> Array:
    found = np.empty(len(offsets) - 1, np.uint64)
    data = borrow(data)
    for name in range(len(found)):
        found[name] = hash_bytes(data, offsets[name], offsets[name + 1])
    return found


def _state(path: str) -> tuple[int, int]:
    """Size and time of a file: it may have changed since it was read."""
    try:
        found = Path(path).stat()
    except OSError as error:
        raise InputError(f"cannot read the list '{path}': {error.strerror}") from None
    return found.st_size, found.st_mtime_ns


def _entries(path: str, form: str) -> Iterator[str]:
    try:
        with gzip.open(path, "rb") if path.endswith(".gz") else Path(path).open("rb") as file:
            for number, line in enumerate(file):
                entry = line.decode("utf-8-sig" if number == 0 else "utf-8").strip()
                if entry and not entry.startswith("#"):
                    yield _formed(entry, form)
    except (UnicodeDecodeError, OSError, EOFError) as error:
        raise InputError(f"cannot read the list '{path}': {error}") from None


def _formed(entry: str, form: str) -> str:
    if form == EXACT:
        return entry
    return entry.lower() if form == LOWER else BETWEEN.sub("", entry.lower())


def _some(entries: Entries, path: str) -> Entries:
    """Refuse an empty list: it would let every document pass, and nobody would notice."""
    if not len(entries):
        raise InputError(f"the list '{path}' holds no entry")
    return entries


@lru_cache(maxsize=16)
def _set(path: str, size: int, time: int, form: str) -> frozenset[str]:
    return _some(frozenset(_entries(path, form)) - {""}, path)


@lru_cache(maxsize=16)
def _keys(path: str, size: int, time: int, form: str) -> np.ndarray:
    entries, parts = _entries(path, form), []
    while part := list(islice(entries, _CHUNK)):
        parts.append(hashes(part))
    return _some(distinct(np.concatenate(parts)) if parts else np.zeros(0, np.uint64), path)


@lru_cache(maxsize=8)
def _terms(path: str | None, size: int, time: int, form: str) -> Terms:
    return automaton(_set(path, size, time, form) if path else ())
