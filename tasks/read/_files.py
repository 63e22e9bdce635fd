"""The files of a source: found by pattern, opened, fingerprinted; local or by any fsspec URL."""

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from fsspec.core import url_to_fs

from schemas.errors import InputError, MissingExtraError

EXTRAS = {"s3": "gristmill[s3]", "s3a": "gristmill[s3]", "gs": "gristmill[gcs]", "gcs": "gristmill[gcs]"}
EXTRAS |= {"http": "aiohttp", "https": "aiohttp"}
READERS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".parquet": "parquet", ".csv": "csv", ".tsv": "csv"}
READERS |= {".warc": "warc", ".wet": "warc"}
PACKED = re.compile(r"\.(gz|zst|zstd)$", re.IGNORECASE)
MAGIC = re.compile(r"[*?\[{]")
MAGIC_HTTP = re.compile(r"[*{]")  # in a web address, ? starts the query
NAMED_HIDDEN = re.compile(r"(^|/)\.[^./]")  # not the . and .. of a relative path
BRACES = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class FileRef:
    """One file of a source: where it is, its name relative to the source, its size on disk."""

    path: str
    name: str
    bytes: int


def expand(pattern: str | Iterable[str]) -> list[FileRef]:
    """Return the files that a path, folder, glob or list of these names, sorted by name.

    Globs know ``*``, ``?``, ``[…]``, ``**`` and ``{a,b}``. A folder stands for every file below it. Hidden files and
    folders are passed over unless the pattern names them. A file's name is relative to the part of its pattern before
    the first glob character. Raises InputError when a pattern matches nothing, or two files get the same name.
    """
    patterns = [pattern] if isinstance(pattern, str) else list(pattern)
    named: dict[str, FileRef] = {}
    names: dict[str, str] = {}
    for file in [file for each in patterns for file in _matches(each)]:
        if names.setdefault(file.path, file.name) != file.name:
            raise InputError(
                f"'{file.path}' matches two patterns of one source, as '{names[file.path]}' and '{file.name}'"
            )
        other = named.setdefault(file.name, file)
        if other.path != file.path:
            raise InputError(
                f"'{other.path}' and '{file.path}' would both be called '{file.name}' in one source; "
                "put them in two sources, or name a folder that holds both"
            )
    return [named[name] for name in sorted(named)]


def printable(name: str) -> str:
    """Return a file's name as text: bytes that are not UTF-8 are written out as ``\\xNN``."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def reader_of(path: str) -> str:
    """Return the reader for a path or pattern, by its suffix; whatever is not a known format is read as text.

    >>> reader_of("a/*.jsonl.gz"), reader_of("b.parquet"), reader_of("c.tsv.zst"), reader_of("docs/**/*.md")
    ('jsonl', 'parquet', 'csv', 'text')
    """
    return READERS.get(PurePosixPath(PACKED.sub("", path)).suffix.lower(), "text")


def fingerprint(path: str) -> str:
    """Return what changes when the file does: the SHA-256 of a local file, the store's own checksum of a remote one."""
    fs, inner = _filesystem(path)
    if _is_local(fs):
        with open_bytes(path) as file:
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    info = fs.info(inner)
    tag = next((str(info[key]).strip('"') for key in ("ETag", "etag", "md5Hash", "content_md5") if info.get(key)), None)
    return f"etag:{tag}" if tag else f"checksum:{fs.checksum(inner)}"


def open_bytes(path: str) -> Any:
    """Open a local path or URL for reading; raise InputError when that cannot be done."""
    fs, inner = _filesystem(path)
    try:
        return Path(inner).open("rb") if _is_local(fs) else fs.open(inner, "rb")
    except OSError as error:
        raise InputError(f"'{path}' cannot be opened: {error}") from error


def _filesystem(path: str) -> tuple[Any, str]:
    protocol = path.split("://", 1)[0]
    try:
        fs, inner = url_to_fs(path)
    except ImportError as error:
        package = EXTRAS.get(protocol)
        hint = f"pip install '{package}'" if package else str(error)
        raise MissingExtraError(f"reading '{path}' needs an optional package: {hint}") from error
    except ValueError as error:
        raise InputError(f"'{path}' is on no file system that is known: {error}") from error
    return fs, inner


def _is_local(fs: Any) -> bool:
    return "file" in ([fs.protocol] if isinstance(fs.protocol, str) else fs.protocol)


def _matches(pattern: str) -> list[FileRef]:
    fs, path = _filesystem(pattern)
    magic = MAGIC_HTTP if pattern.startswith("http") else MAGIC
    try:
        prefix, found = _found(fs, path, magic)
    except OSError as error:
        if not isinstance(error, FileNotFoundError):
            raise InputError(f"'{pattern}' cannot be listed: {error}") from error
        prefix, found = path, {}
    deep = "**" in pattern or not magic.search(path)
    files = [
        FileRef(file if _is_local(fs) else fs.unstrip_protocol(file), printable(name), int(info.get("size") or 0))
        for file, info in found.items()
        if not _hidden(name := file[len(prefix) :].lstrip("/"), pattern) and _is_file(file, info, deep)
    ]
    if not files:
        if _is_local(fs):
            pattern = path = os.path.normpath(path)
        raise InputError(f"no file matches '{pattern}'; the nearest folder that exists is '{_nearest(fs, path)}'")
    return files


def _is_file(path: str, info: dict[str, Any], deep: bool) -> bool:
    """Whether a path is, or is a link to, a file; a link that would hide documents is refused."""
    if not info.get("islink"):
        return bool(info["type"] == "file")
    target = Path(path)
    if not target.exists():
        raise InputError(f"'{path}' is a link to '{target.readlink()}', which does not exist")
    if deep and target.is_dir():
        raise InputError(f"'{path}' is a link to a folder, which is not followed: name '{target.readlink()}' itself")
    return target.is_file()


def _found(fs: Any, path: str, magic: re.Pattern[str]) -> tuple[str, dict[str, Any]]:
    """Return the folder that names are relative to, and the matching paths with what the store says of them."""
    first = magic.search(path)
    if first is None or fs.exists(path):
        info = fs.info(path)
        return (path, fs.find(path, detail=True)) if info["type"] == "directory" else (_parent(path), {path: info})
    found: dict[str, Any] = {}
    for plain in _unbraced(path):
        if magic.search(plain):
            found |= fs.glob(plain, detail=True)
        elif fs.exists(plain):
            found[plain] = fs.info(plain)
    return _parent(path[: first.start()] + "x"), found


def _unbraced(pattern: str) -> list[str]:
    """Write out ``{a,b}``.

    >>> _unbraced("x/{a,b}/{1,2}.md")
    ['x/a/1.md', 'x/a/2.md', 'x/b/1.md', 'x/b/2.md']
    """
    braces = BRACES.search(pattern)
    if braces is None:
        return [pattern]
    head, tail = pattern[: braces.start()], pattern[braces.end() :]
    return [plain for choice in braces.group(1).split(",") for plain in _unbraced(head + choice + tail)]


def _hidden(name: str, pattern: str) -> bool:
    """Whether a file, or a folder on its way, is hidden and the pattern does not say so."""
    magic = MAGIC.search(pattern)
    if magic is None:
        return "/." in f"/{name}" and not pattern.endswith(name)
    return "/." in f"/{name}" and not NAMED_HIDDEN.search(pattern[pattern.rfind("/", 0, magic.start()) + 1 :])


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _nearest(fs: Any, path: str) -> str:
    folder = path
    while folder and not fs.isdir(folder):
        folder = _parent(folder)
    return folder or "/"
