"""Lists in files that settings name: terms, words, domains, addresses; one per line."""

import gzip
from functools import lru_cache
from pathlib import Path

from schemas.errors import InputError
from tasks.text.terms import Terms, automaton


def read_list(path: str | None) -> tuple[str, ...]:
    """Return the entries of a list: the lines that are neither blank nor a comment (``#``), without white space around.

    A path that ends in ``.gz`` is decompressed. Raises InputError if there is no such file or it is not UTF-8.
    """
    return _read(path, *_state(path)) if path else ()


def read_terms(path: str | None) -> Terms:
    """Return the automaton of a list of terms; of an empty one without a path."""
    return _terms(path, *_state(path)) if path else _terms(None, 0, 0)


def _state(path: str) -> tuple[int, int]:
    """Size and time of a file: it may have changed since it was read."""
    try:
        found = Path(path).stat()
    except OSError as error:
        raise InputError(f"cannot read the list '{path}': {error.strerror}") from None
    return found.st_size, found.st_mtime_ns


@lru_cache(maxsize=16)
def _read(path: str, size: int, time: int) -> tuple[str, ...]:
    data = Path(path).read_bytes()
    try:
        text = (gzip.decompress(data) if path.endswith(".gz") else data).decode("utf-8-sig")
    except (UnicodeDecodeError, OSError, EOFError) as error:
        raise InputError(f"cannot read the list '{path}': {error}") from None
    lines = (line.strip() for line in text.splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


@lru_cache(maxsize=8)
def _terms(path: str | None, size: int, time: int) -> Terms:
    return automaton(_read(path, size, time) if path else ())
