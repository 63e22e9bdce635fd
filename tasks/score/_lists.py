"""Lists in files that settings name: terms, words, domains, addresses; one per line.

A line that is blank or begins with ``#`` is none of them. A path that ends in ``.gz`` is decompressed. A list is read
once by a process, until its file changes.
"""

import gzip
import re
from functools import lru_cache
from pathlib import Path

from schemas.errors import InputError
from tasks.text.terms import Terms, automaton

# How entries are compared: as they are, in lower case, or by the letters and digits of ASCII alone.
EXACT, LOWER, PLAIN = "exact", "lower", "plain"
BETWEEN = re.compile("[^a-z0-9]+")


def read_set(path: str | None, form: str = EXACT) -> frozenset[str]:
    """Return the entries of a list; none without a path. Raises InputError if it cannot be read or is not UTF-8."""
    return _set(path, *_state(path), form) if path else frozenset()


def read_terms(path: str | None, form: str = EXACT) -> Terms:
    """Return the automaton of a list of terms; of an empty one without a path."""
    return _terms(path, *_state(path), form) if path else _terms(None, 0, 0, form)


def _state(path: str) -> tuple[int, int]:
    """Size and time of a file: it may have changed since it was read."""
    try:
        found = Path(path).stat()
    except OSError as error:
        raise InputError(f"cannot read the list '{path}': {error.strerror}") from None
    return found.st_size, found.st_mtime_ns


@lru_cache(maxsize=16)
def _set(path: str, size: int, time: int, form: str) -> frozenset[str]:
    data = Path(path).read_bytes()
    try:
        text = (gzip.decompress(data) if path.endswith(".gz") else data).decode("utf-8-sig")
    except (UnicodeDecodeError, OSError, EOFError) as error:
        raise InputError(f"cannot read the list '{path}': {error}") from None
    lines = (line.strip() for line in text.split("\n"))
    entries = (line for line in lines if line and not line.startswith("#"))
    if form == EXACT:
        return frozenset(entries)
    lowered = (entry.lower() for entry in entries)
    return frozenset(lowered if form == LOWER else (BETWEEN.sub("", entry) for entry in lowered)) - {""}


@lru_cache(maxsize=8)
def _terms(path: str | None, size: int, time: int, form: str) -> Terms:
    return automaton(_set(path, size, time, form) if path else ())
