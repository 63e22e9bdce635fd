"""Which repository a document is of, where it lies in it, and what kind of file it is."""

import posixpath
import re
from urllib.parse import unquote, urlsplit

import pyarrow as pa

SUFFIXES = {
    "python": "py pyi pyx",
    "c": "c h cc cpp cxx c++ hh hpp hxx h++ inl ipp tcc m mm cu cuh",
    "java": "java",
    "go": "go",
    "javascript": "js jsx mjs cjs ts tsx mts cts vue svelte",
    "rust": "rs",
}
LANGUAGE = {suffix: language for language, suffixes in SUFFIXES.items() for suffix in suffixes.split()}
DOCUMENTATION = frozenset(("md", "markdown", "mdx", "rst", "txt", "adoc", "asciidoc", "org", "tex"))
SAID = re.compile(r"(?i)(readme|license|licence|copying|contributing|changelog|changes|authors|notice|install)\b.*")
BUILT = re.compile(
    r"(?i)makefile.*|.*\.mk|cmakelists\.txt|.*\.cmake|setup\.(?:py|cfg)|pyproject\.toml|requirements.*\.txt|tox\.ini"
    r"|package\.json|tsconfig.*\.json|go\.(?:mod|sum|work)|cargo\.(?:toml|lock)|build\.rs|pom\.xml"
    r"|(?:build|settings)\.gradle(?:\.kts)?|(?:build|workspace)(?:\.bazel)?|meson\.build|configure(?:\.(?:ac|in))?|dockerfile.*"
)
REFERENCE = re.compile(r"^(?:-/)?(?:blob|raw|tree|src)/[^/]+/(?=.)")


def language_of(path: str) -> str:
    """Return the language of a file by its name: one of those in ``SUFFIXES``, or nothing.

    >>> language_of("lib/a.cpp"), language_of("go.mod"), language_of("notes.md")
    ('c', 'go', '')
    """
    name = posixpath.basename(path)
    return "go" if name == "go.mod" else LANGUAGE.get(name.rpartition(".")[2].lower() if "." in name else "", "")


def kind_of(path: str) -> int:
    """Return 0 for documentation, 1 for a file that tells how to build, 2 for anything else."""
    name = posixpath.basename(path)
    if BUILT.fullmatch(name):
        return 1
    return 0 if SAID.fullmatch(name) or name.rpartition(".")[2].lower() in DOCUMENTATION else 2


def by_folder(path: str) -> tuple[tuple[int, str], ...]:
    """Return a key that sorts paths depth first: the files of a folder, then its folders, each by name.

    >>> sorted(["b/x", "a/c/y", "a/d"], key=by_folder)
    ['a/d', 'a/c/y', 'b/x']
    """
    *folders, name = path.split("/")
    return (*((1, folder) for folder in folders), (0, name))


def in_url(url: str, depth: int) -> tuple[str, str]:
    """Split an address after its host and ``depth`` folders: the repository, and the path in it without the branch.

    >>> in_url("https://github.com/python/cpython/blob/3.11/Lib/ast.py", 2)
    ('github.com/python/cpython', 'Lib/ast.py')
    """
    found = urlsplit(url)
    parts = [part for part in unquote(found.path).split("/") if part]
    rest = "/".join(parts[depth:])
    return "/".join([found.netloc, *parts[:depth]]), REFERENCE.sub("", rest)


def strings(documents: pa.Table, name: str) -> list[str | None]:
    """The values of a column of strings; nothing for every row if the table lacks it."""
    return documents[name].to_pylist() if name in documents.column_names else [None] * documents.num_rows


def repositories_of(documents: pa.Table, repository: str, depth: int) -> list[str]:
    """Name every document's repository: its source, domain, the beginning of its address, or as its metadata says.

    What cannot be told is in the repository without a name of its source.
    """
    sources = [str(name) for name in strings(documents, "source")]
    if repository == "url":
        urls = strings(documents, "url")
        return [in_url(u, depth)[0] if u else f"\0{s}" for u, s in zip(urls, sources, strict=True)]
    if repository == "metadata":
        given = strings(documents, "stated_repository")
        return [name or f"\0{s}" for name, s in zip(given, sources, strict=True)]
    return [str(name) for name in strings(documents, repository)]


def paths_of(documents: pa.Table, depth: int) -> list[str]:
    """Tell every document's path: what its metadata says, or its id, address or file, the first that names a file."""
    columns = [strings(documents, name) for name in ("stated_path", "id", "url", "file")]
    return [_path(depth, *row) for row in zip(*columns, strict=True)]


def _path(depth: int, stated: str | None, own: str | None, url: str | None, file: str | None) -> str:
    if not stated and own and "://" in own:
        own, url = None, url or own
    found = [stated or "", own or "", in_url(url, depth)[1] if url else "", file or ""]
    named = [path for path in found if path and (language_of(path) or kind_of(path) < 2)]
    path = (named or [path for path in found if path] or [""])[0]
    return posixpath.normpath(path.replace("\\", "/")).lstrip("/") if path else ""
