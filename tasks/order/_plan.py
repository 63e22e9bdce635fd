"""The order of the files of every repository, and the dependencies behind it."""

import posixpath
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from tasks.order._dependencies import Links, dependency_figures, needed_first
from tasks.order._imports import MODULE_NAME
from tasks.order._repositories import by_folder, kind_of, language_of, paths_of, repositories_of
from tasks.order._resolve import Files, resolve

Imports = list[list[tuple[str, int]]]


@dataclass(frozen=True)
class Plan:
    """The rows of every repository in order; pairs of rows, where the second needs the first; files in doubt.

    ``importing`` files name something that they import, ``unresolved`` ones something that must be there and is not.
    """

    orders: dict[str, list[int]]
    pairs: list[tuple[int, int]]
    importing: int
    unresolved: int


def plan(documents: pa.Table, *, repository: str, depth: int) -> Plan:
    """Order the files of every repository of ``documents``."""
    doc_ids = documents["doc_id"].to_pylist()
    paths = paths_of(documents, depth)
    rows_of: dict[str, list[int]] = {}
    for row, name in enumerate(repositories_of(documents, repository, depth)):
        rows_of.setdefault(name, []).append(row)
    names, forms = documents["imports"].to_pylist(), documents["import_forms"].to_pylist()
    orders, pairs = {}, []
    importing = unresolved = 0
    for name, rows in rows_of.items():
        rows.sort(key=lambda row: (by_folder(paths[row]), doc_ids[row]))
        imports = [list(zip(names[row], forms[row], strict=True)) for row in rows]
        needed, missing = links([paths[row] for row in rows], imports, name)
        orders[name] = [rows[node] for node in laid_out([paths[row] for row in rows], needed)]
        pairs += [(rows[other], rows[node]) for node, others in enumerate(needed) for other in others]
        importing += sum(map(bool, needed))
        unresolved += missing
    return Plan(orders, pairs, importing, unresolved)


def links(paths: list[str], imports: Imports, name: str) -> tuple[Links, int]:
    """Tell which files each file of a repository needs, ascending; and how many name one that is not there."""
    modules = [
        (module, posixpath.dirname(path))
        for path, stated in zip(paths, imports, strict=True)
        for module, form in stated
        if form == MODULE_NAME and posixpath.basename(path) == "go.mod"
    ]
    files = Files(paths, modules, name)
    needed: list[set[int]] = [set() for _ in paths]
    missing = 0
    for node, stated in enumerate(imports):
        found = [resolve(files, node, target, form) for target, form in stated]
        needed[node].update(other for each in found if each for other in each)
        missing += None in found
    _pair_headers(files, needed)
    return [sorted(others) for others in needed], missing


def _pair_headers(files: Files, needed: list[set[int]]) -> None:
    """Let a file that implements a header need it, if the header does not need the file.

    The header is the one of the same name beside it, or the only one where no other file has the name.
    """
    beside: dict[str, list[int]] = {}
    anywhere: dict[str, list[int]] = {}
    for node, path in enumerate(files.paths):
        if language_of(path) == "c":
            stem = posixpath.splitext(path)[0]
            beside.setdefault(stem, []).append(node)
            anywhere.setdefault(posixpath.basename(stem), []).append(node)
    pairs = [nodes for nodes in anywhere.values() if len(nodes) == 2]
    for nodes in [*beside.values(), *(pair for pair in pairs if len(_headers(files, pair)) == 1)]:
        headers = _headers(files, nodes)
        for node in (node for node in nodes if node not in headers):
            needed[node].update(header for header in headers if node not in needed[header])


def _headers(files: Files, nodes: list[int]) -> list[int]:
    return [node for node in nodes if posixpath.splitext(files.paths[node])[1].startswith(".h")]


def laid_out(paths: list[str], needed: Links) -> list[int]:
    """Lay out a repository whose files are numbered by folder, depth first."""
    pieces = needed_first(needed)
    connected = {node for piece in pieces for node in piece}
    alone = [node for node in range(len(paths)) if node not in connected]
    kinds = {node: kind_of(paths[node]) for node in alone}
    first = sorted(
        (node for node in alone if kinds[node] < 2), key=lambda node: (kinds[node], _said_first(paths[node]), node)
    )
    return [*first, *(node for piece in pieces for node in piece), *(node for node in alone if kinds[node] == 2)]


def _said_first(path: str) -> tuple[bool, int]:
    return not posixpath.basename(path).lower().startswith("readme"), path.count("/")


def figures_of(documents: pa.Table, segments: pa.Table, *, repository: str, depth: int) -> dict[str, float]:
    """Figures of ``documents``, in their order and packed in ``segments``, for the dependencies among them.

    Documents that occur more than once count at their first place. Besides ``dependency_figures``:
    importing_files, files that need another; unresolved_file_share, files that name one that is not there, of all.
    """
    doc_ids = documents["doc_id"].to_numpy()
    known, first = np.unique(doc_ids, return_index=True)
    found = plan(documents.take(pa.array(first)), repository=repository, depth=depth)
    pairs = np.array(found.pairs, np.int64).reshape(-1, 2)
    context = np.unique(segments["context_id"].to_numpy(), return_inverse=True)[1].astype(np.int64)
    members = context, np.searchsorted(known, segments["doc_id"].to_numpy()).astype(np.int64)
    return {
        **dependency_figures(pairs[:, 0], pairs[:, 1], first.astype(np.int64), members),
        "importing_files": float(found.importing),
        "unresolved_file_share": found.unresolved / max(len(known), 1),
    }
