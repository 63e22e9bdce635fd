"""From a name in an import statement to the files of the same repository that it means.

A name that means a file outside (the standard library, other people's packages) gives nothing. A name that can only
mean a file of the repository and does not is unresolved (None).
"""

import posixpath
import sys
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable
from functools import cached_property, partial

from tasks.order._imports import (
    DECLARED,
    MEMBER,
    MODULE_NAME,
    OWN_HEADER,
    PACKAGE,
    SPECIFIER,
    STATIC,
    SYSTEM_HEADER,
    TYPE,
    USED,
    WHOLE,
)
from tasks.order._repositories import language_of

Found = list[int] | None
PYTHON = (".py", ".pyi", ".pyx")
ROOT_NAMES = frozenset(("src", "lib", "Lib", "python"))
HEADER_ROOTS = frozenset(("include", "includes", "inc", "src", "Include"))
C_LIBRARY = """
    assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg stdatomic
    stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar wchar wctype unistd
"""
C_HEADERS = frozenset(C_LIBRARY.split())
SCRIPT_ENDINGS = (".ts", ".tsx", ".d.ts", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".vue", ".svelte", ".json")
COMPILED = {".js": (".ts", ".tsx"), ".jsx": (".tsx",), ".mjs": (".mts",), ".cjs": (".cts",)}
CRATE_FILES = ("lib.rs", "main.rs")


class Files:
    """The files of one repository by path, and by every end of their paths; row i is ``paths[i]``.

    ``modules`` are the names that packages of Go go by: (name, folder).
    """

    def __init__(self, paths: list[str], modules: list[tuple[str, str]] | None = None, name: str = "") -> None:
        self.paths = paths
        self.at = {path: row for row, path in reversed(list(enumerate(paths)))}
        self.modules = sorted(modules or [], key=lambda found: (-len(found[0]), found))
        self.name = posixpath.basename(name)
        self._choices: dict[tuple[str, str], Choices] = {}

    @cached_property
    def root(self) -> str:
        """The folder that all program files are in."""
        folders = {posixpath.dirname(path) for path in self.paths if language_of(path)}
        return posixpath.commonpath(folders) if folders else ""

    @cached_property
    def ends(self) -> dict[str, list[int]]:
        """The rows of every end of a path, cut at a slash, without the suffix of Python and Java files."""
        found: dict[str, list[int]] = defaultdict(list)
        for row, path in enumerate(self.paths):
            if self.at[path] != row:
                continue
            parts = named(path).split("/")
            for start in range(len(parts)):
                found["/".join(parts[start:])].append(row)
        return found

    @cached_property
    def folders(self) -> dict[str, list[int]]:
        """The rows of the files of every folder."""
        found: dict[str, list[int]] = defaultdict(list)
        for row, path in enumerate(self.paths):
            found[posixpath.dirname(path)].append(row)
        return found

    @cached_property
    def folder_ends(self) -> dict[str, list[str]]:
        """The folders with every end of a path."""
        found: dict[str, list[str]] = defaultdict(list)
        for folder in sorted(self.folders):
            parts = folder.split("/")
            for start in range(len(parts)):
                found["/".join(parts[start:])].append(folder)
        return found

    @cached_property
    def by_name(self) -> dict[str, int]:
        """The rows of Python files by the whole of the path by which they are imported; packages before modules."""
        found: dict[str, int] = {}
        for row, path in enumerate(self.paths):
            if path.endswith(PYTHON) and (named(path) not in found or path.endswith("/__init__.py")):
                found[named(path)] = row
        return found

    def nearest(self, kind: str, name: str, path: str, candidates: Callable[[], list[tuple[str, int]]]) -> int | None:
        """The candidate nearest to ``path``; they are listed once for all that ask for this kind and name."""
        if (kind, name) not in self._choices:
            self._choices[kind, name] = Choices(candidates())
        return self._choices[kind, name].nearest(path)

    def rows(self, end: str, ending: str | tuple[str, ...] = "") -> list[tuple[str, int]]:
        """The paths with their rows that end in ``end``, of files with one of these endings."""
        return [(self.paths[row], row) for row in self.ends.get(end, ()) if self.paths[row].endswith(ending or "")]


class Choices:
    """Paths that a name may mean, and the nearest of them to any file without looking at all of them each time."""

    def __init__(self, candidates: list[tuple[str, int]]) -> None:
        self.sorted = sorted(candidates)
        self._known: dict[str, int] = {}

    def nearest(self, path: str) -> int | None:
        """The one that shares the most folders with ``path``; of those the shortest, then the first by name."""
        if not self.sorted:
            return None
        at = bisect_left(self.sorted, (path,))
        # What begins most alike stands beside the place where the path itself would.
        depth = max(shared(other, path) for other, _ in self.sorted[max(at - 1, 0) : at + 1])
        folder = "".join(part + "/" for part in path.split("/")[:depth])
        if folder not in self._known:
            start = bisect_left(self.sorted, (folder,))
            stop = bisect_left(self.sorted, (folder[:-1] + "0",)) if folder else len(self.sorted)
            near = min(self.sorted[start:stop], key=lambda found: (len(found[0]), found))
            self._known[folder] = near[1]
        return self._known[folder]


def named(path: str) -> str:
    """The path by which a file is imported: without the suffix of Python and Java, a package by its folder."""
    stem, suffix = posixpath.splitext(path)
    if suffix in PYTHON:
        return stem.removesuffix("/__init__")
    return stem if suffix == ".java" else path


def shared(one: str, other: str) -> int:
    """How many folders two paths begin with together."""
    count = 0
    for mine, its in zip(one.split("/")[:-1], other.split("/")[:-1], strict=False):
        if mine != its:
            break
        count += 1
    return count


def resolve(files: Files, row: int, name: str, form: int) -> Found:
    """Return the rows of the files that ``name``, as written in file ``row``, means; None if it is unresolved."""
    found = RESOLVERS[form](files, files.paths[row], name) if form in FORMS[language_of(files.paths[row])] else []
    return found if found is None else [other for other in found if other != row]


def _module(files: Files, path: str, module: str) -> Found:
    """Where Python, run in this repository, finds a module: beside the file or above it, or under a root of sources."""
    folder = posixpath.dirname(path)
    library = module.partition("/")[0] in sys.stdlib_module_names
    while not library:
        if (row := files.by_name.get(posixpath.join(folder, module))) is not None and not _package_at(files, folder):
            return [row]
        if not folder:
            break
        folder = posixpath.dirname(folder)
    row = files.nearest("module", module, path, lambda: _rooted(files, module, library))
    return [] if row is None else [row]


def _package_at(files: Files, folder: str) -> bool:
    return f"{folder}/__init__.py" in files.at


def _rooted(files: Files, module: str, library: bool) -> list[tuple[str, int]]:
    found = []
    for path, row in files.rows(module, PYTHON):
        root = named(path)[: -len(module)].rstrip("/")
        package = posixpath.join(root, module.partition("/")[0])
        source = posixpath.basename(root) in ROOT_NAMES or _package_at(files, package)
        # A name of the standard library is a file's at the root alone: where the library itself is the repository.
        if root == files.root or (source and not library and not _package_at(files, root)):
            found.append((path, row))
    return found


def _whole(files: Files, path: str, name: str) -> Found:
    return _module(files, path, name.replace(".", "/"))


def _member(files: Files, path: str, name: str) -> Found:
    base, _, member = name.partition(":")
    module = base.lstrip(".")
    parts = [*module.replace(".", "/").split("/"), *([] if member == "*" else [member])]
    ups = len(base) - len(module)
    tries = [
        "/".join(part for part in parts[:end] if part)
        for end in (len(parts), 1 + module.count("."))
        if end <= len(parts)
    ]
    if not ups:
        return next((found for each in tries if each and (found := _module(files, path, each))), [])
    folder = posixpath.dirname(path)
    for _ in range(ups - 1):
        folder = posixpath.dirname(folder)
    for each in tries:
        place = posixpath.join(folder, each).rstrip("/")
        for ending in (".py", "/__init__.py", ".pyi", "/__init__.pyi", ".pyx"):
            if place + ending in files.at:
                return [files.at[place + ending]]
    # A package without a file of its own: nothing to read there.
    return [] if any(posixpath.join(folder, each).rstrip("/") in files.folders for each in tries) else None


def _own_header(files: Files, path: str, name: str) -> Found:
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
    if beside in files.at:
        return [files.at[beside]]
    end = posixpath.normpath(name).lstrip("./")
    row = files.nearest("header", end, path, lambda: files.rows(end))
    if row is not None:
        return [row]
    return [] if posixpath.splitext(posixpath.basename(name))[0] in C_HEADERS else None


def _system_header(files: Files, path: str, name: str) -> Found:
    if posixpath.splitext(name)[0] in C_HEADERS:
        return []
    name = posixpath.normpath(name)
    row = files.nearest("system", name, path, lambda: _included(files, name))
    return [] if row is None else [row]


def _included(files: Files, name: str) -> list[tuple[str, int]]:
    roots = [(found, found[0][: -len(name)].rstrip("/")) for found in files.rows(name)]
    return [found for found, root in roots if root in ("", files.root) or posixpath.basename(root) in HEADER_ROOTS]


def _type(files: Files, path: str, name: str) -> Found:
    if name.startswith(("java.", "javax.")):
        return []
    parts = name.split(".")
    if parts[-1] == "*":
        folder = _folder(files, "/".join(parts[:-1]), path)
        if folder is not None:
            return [row for row in files.folders[folder] if files.paths[row].endswith(".java")]
        parts = parts[:-1]
    # A class may stand in another, and a static import names what is in a class: look for the file that holds it.
    for end in range(len(parts), max(len(parts) - 3, 1), -1):
        held = "/".join(parts[:end])
        row = files.nearest("type", held, path, partial(files.rows, held, ".java"))
        if row is not None:
            return [row]
    return []


def _folder(files: Files, end: str, path: str, holding: str = "") -> str | None:
    """The folder with this end of its path (holding a file of this name) that is nearest to ``path``."""
    folders = files.folder_ends.get(end, [])
    wanted = [i for i, folder in enumerate(folders) if not holding or posixpath.join(folder, holding) in files.at]
    at = files.nearest(f"folder {holding}", end, path, lambda: [(folders[i] + "/", i) for i in wanted])
    return None if at is None else folders[at]


def _package(files: Files, path: str, name: str) -> Found:
    folder = None
    for module, root in files.modules:
        if name == module or name.startswith(module + "/"):
            folder = posixpath.join(root, name[len(module) :].strip("/")).rstrip("/")
            break
    else:
        # Without a go.mod the repository is known by its own name in the path.
        before, _, rest = name.partition(f"/{files.name}/") if files.name else ("", "", "")
        if "." in before.partition("/")[0] and rest:
            folder = posixpath.join(files.root, rest)
    if folder is None:
        return []
    rows = [row for row in files.folders.get(folder, ()) if files.paths[row].endswith(".go")]
    return [row for row in rows if not files.paths[row].endswith("_test.go")] or None


def _specifier(files: Files, path: str, name: str) -> Found:
    if name.startswith("."):
        places = [posixpath.normpath(posixpath.join(posixpath.dirname(path), name))]
    elif name.startswith(("@/", "~/")):
        places = [posixpath.join(root, name[2:]) for root in (files.root, posixpath.join(files.root, "src"))]
    else:
        return []
    for place in (place.removeprefix("./") for place in places):
        stem, suffix = posixpath.splitext(place)
        tries = [place, *(place + ending for ending in SCRIPT_ENDINGS)]
        tries += [stem + ending for ending in COMPILED.get(suffix, ())]
        tries += [posixpath.join(place, "index" + ending).removeprefix("./") for ending in SCRIPT_ENDINGS]
        for each in tries:
            if each in files.at:
                return [files.at[each]]
    # What is not program text (styles, pictures) is nobody's dependency.
    return [] if posixpath.splitext(name)[1] not in ("", *SCRIPT_ENDINGS) else None


def _inside(path: str) -> str:
    """The folder in which the modules below a file of Rust lie."""
    folder, name = posixpath.split(path)
    return folder if name in ("mod.rs", *CRATE_FILES) else posixpath.join(folder, name.removesuffix(".rs"))


def _declared(files: Files, path: str, name: str) -> Found:
    return _walk(files, _inside(path), [name], itself=False) or None


def _walk(files: Files, folder: str, parts: list[str], *, itself: bool = True) -> list[int]:
    for end in range(len(parts), 0, -1):
        place = posixpath.join(folder, *parts[:end])
        for each in (f"{place}.rs", f"{place}/mod.rs"):
            if each in files.at:
                return [files.at[each]]
    names = [posixpath.join(folder, name) for name in ("mod.rs", *CRATE_FILES)] if itself else []
    return [files.at[each] for each in [*names, f"{folder}.rs"] if itself and each in files.at][:1]


def _crate(files: Files, path: str) -> str | None:
    folder = posixpath.dirname(path)
    while True:
        if any(posixpath.join(folder, name) in files.at for name in CRATE_FILES):
            return folder
        if not folder:
            return None
        folder = posixpath.dirname(folder)


def _used(files: Files, path: str, name: str) -> Found:
    first, *parts = name.split("::")
    if first == "crate":
        folder = _crate(files, path)
        return _walk(files, folder, parts) if folder is not None else None
    if first in ("self", "super"):
        folder = _inside(path)
        while first == "super":
            folder = posixpath.dirname(folder)
            first = parts.pop(0) if parts and parts[0] == "super" else ""
        return _walk(files, folder, parts)
    below = _walk(files, _inside(path), [first, *parts], itself=False)
    return below or _other_crate(files, path, first, parts)


def _other_crate(files: Files, path: str, name: str, parts: list[str]) -> list[int]:
    for written in (name, name.replace("_", "-")):
        folder = _folder(files, f"{written}/src", path, "lib.rs")
        if folder is not None:
            return _walk(files, folder, parts)
    return []


def _nothing(files: Files, path: str, name: str) -> Found:
    return []


RESOLVERS: dict[int, Callable[[Files, str, str], Found]] = {
    WHOLE: _whole,
    MEMBER: _member,
    OWN_HEADER: _own_header,
    SYSTEM_HEADER: _system_header,
    TYPE: _type,
    STATIC: _type,
    PACKAGE: _package,
    MODULE_NAME: _nothing,
    SPECIFIER: _specifier,
    USED: _used,
    DECLARED: _declared,
}
FORMS: dict[str, tuple[int, ...]] = {
    "": (),
    "python": (WHOLE, MEMBER),
    "c": (OWN_HEADER, SYSTEM_HEADER),
    "java": (TYPE, STATIC),
    "go": (PACKAGE,),
    "javascript": (SPECIFIER,),
    "rust": (USED, DECLARED),
}
