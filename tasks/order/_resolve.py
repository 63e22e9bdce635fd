"""From a name in an import statement to the files of the same repository that it means.

A name that means a file outside (the standard library, other people's packages) gives nothing. A name that can only
mean a file of the repository and does not is unresolved (None).
"""

import posixpath
import sys
from collections import defaultdict
from collections.abc import Callable
from functools import cached_property

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

    def nearest(self, rows: list[int], path: str) -> int:
        """The row whose path shares the most folders with ``path``; of those the shortest, then the first by name."""
        return min(rows, key=lambda row: (-shared(self.paths[row], path), len(self.paths[row]), self.paths[row]))


def named(path: str) -> str:
    """The path by which a file is imported: without the suffix of Python and Java, a package by its folder."""
    stem, suffix = posixpath.splitext(path)
    if suffix in (".py", ".pyi", ".pyx"):
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
    rows = [row for row in files.ends.get(module, ()) if _allowed(files, path, module, row)]
    return [files.nearest(rows, path)] if rows else []


def _allowed(files: Files, path: str, module: str, row: int) -> bool:
    """Whether Python, run in this repository, may look for ``module`` in the folder where file ``row`` has it."""
    own = files.paths[row]
    if not own.endswith((".py", ".pyi", ".pyx")):
        return False
    root = named(own)[: -len(module)].rstrip("/")
    if root == files.root:
        return True
    first = module.partition("/")[0]
    if first in sys.stdlib_module_names:
        return False
    if posixpath.basename(root) in ROOT_NAMES:
        return True
    if f"{root}/__init__.py" in files.at:
        return False
    above = not root or posixpath.dirname(path) == root or path.startswith(root + "/")
    return above or posixpath.join(root, first, "__init__.py") in files.at


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
    rows = files.ends.get(posixpath.normpath(name).lstrip("./"), [])
    if rows:
        return [files.nearest(rows, path)]
    return [] if posixpath.splitext(posixpath.basename(name))[0] in C_HEADERS else None


def _system_header(files: Files, path: str, name: str) -> Found:
    if posixpath.splitext(name)[0] in C_HEADERS:
        return []
    name = posixpath.normpath(name)
    roots = [(row, files.paths[row][: -len(name)].rstrip("/")) for row in files.ends.get(name, ())]
    rows = [row for row, root in roots if root in ("", files.root) or posixpath.basename(root) in HEADER_ROOTS]
    return [files.nearest(rows, path)] if rows else []


def _type(files: Files, path: str, name: str) -> Found:
    if name.startswith(("java.", "javax.")):
        return []
    parts = name.split(".")
    if parts[-1] == "*":
        folders = files.folder_ends.get("/".join(parts[:-1]), [])
        folder = max(folders, key=lambda found: shared(found + "/", path), default=None)
        if folder is not None:
            return [row for row in files.folders[folder] if files.paths[row].endswith(".java")]
        parts = parts[:-1]
    # A class may stand in another, and a static import names what is in a class: look for the file that holds it.
    for end in range(len(parts), max(len(parts) - 3, 1), -1):
        rows = [row for row in files.ends.get("/".join(parts[:end]), ()) if files.paths[row].endswith(".java")]
        if rows:
            return [files.nearest(rows, path)]
    return []


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
    folders = [*files.folder_ends.get(f"{name}/src", []), *files.folder_ends.get(f"{name.replace('_', '-')}/src", [])]
    folders = [folder for folder in folders if posixpath.join(folder, "lib.rs") in files.at]
    folder = max(folders, key=lambda found: shared(found, path), default=None)
    return _walk(files, folder, parts) if folder is not None else []


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
