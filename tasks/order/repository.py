"""Repository order: program files after the files that they import, one repository at a time.

Names in import statements are kept as they were written, so that SQL can tell why a file stands where it does; stored
they take less room than hashes, which do not compress. Which statements count is decided by the file's suffix. A name
becomes a file of the same repository or nothing: the standard library and other people's packages are nobody's
dependency. Cost: 30 MB/s of text for the names, about 0.1 ms per file for the order.
"""

from typing import Any, Literal

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray

from schemas.recipe import Whole
from schemas.table import Column
from tasks.draw import noise
from tasks.order._imports import IMPORT_COLUMNS, find_imports
from tasks.order._plan import figures_of, plan
from tasks.text.batch import TextBatch
from tasks.text.hashing import hash_bytes

NEEDS = ("id", "url", "file", "metadata")
COLUMNS = (
    *IMPORT_COLUMNS,
    Column("stated_repository", "VARCHAR", "the repository that the document's metadata names", True),
    Column("stated_path", "VARCHAR", "the path in it that the document's metadata names", True),
)
Where = Literal["source", "domain", "url", "metadata"]


def measure(batch: TextBatch, *, repository_field: str = "repo_name", path_field: str = "path") -> dict[str, Any]:
    """Find the names that each text imports, and which repository and path its metadata names."""
    stated = [_stated(text, (repository_field, path_field)) for text in batch.field("metadata").to_pylist()]
    return {
        **find_imports(batch),
        "stated_repository": pa.array([row[0] for row in stated], pa.string()),
        "stated_path": pa.array([row[1] for row in stated], pa.string()),
    }


def repository(
    documents: pa.Table,
    *,
    seed: int,
    repository: Where = "source",
    depth: Whole = 2,
    repository_field: str = "repo_name",
    path_field: str = "path",
) -> NDArray[np.int64]:
    """Files of a repository in the order of their dependencies, documentation first; repositories one after another.

    ``documents`` needs doc_id and the columns of ``measure``; source, domain, id, url and file where there are any.
    Returns int64 row numbers in the new order, the same documents in the same order however the rows arrive.

    ``repository`` says what makes one: the source, the domain, the host and the first ``depth`` folders of the url, or
    ``repository_field`` of the metadata. A file's path is ``path_field`` of the metadata, or else its id, the rest of
    its url, or the input file, the first of them that looks like a file's name. Imports in Python, C and C++, Java, Go,
    JavaScript and TypeScript, and Rust are followed; a header is taken to be needed by the file that implements it.

    In a repository come documentation and build files; then files that import or are imported, piece after piece of
    the graph, each file after all that it needs (in a cycle of imports the file that lacks the fewest is next, ties by
    path); then the others by folder, depth first. Repositories come in an order drawn by ``seed``.

    Source: Guo et al. 2024, arXiv:2401.14196, algorithm 1 (the order); Mishra et al. 2024, arXiv:2407.13739 (what comes
    first and last); cycles as their strong components: Gristmill.

    >>> measured = measure(TextBatch(pa.array(["import b", "x = 1", "Read me"])))
    >>> table = pa.table({"doc_id": [1, 2, 3], "source": ["s"] * 3, "id": ["a.py", "b.py", "README.md"], **measured})
    >>> repository(table, seed=0).tolist()
    [2, 1, 0]
    """
    found = plan(documents, repository=repository, depth=depth)
    drawn = {name: int(noise(np.array([_hash(name)]), seed)[0]) for name in found.orders}
    names = sorted(found.orders, key=lambda name: (drawn[name], name))
    return np.array([row for name in names for row in found.orders[name]], np.int64)


def figures(
    documents: pa.Table, segments: pa.Table, *, repository: Where = "source", depth: int = 2
) -> dict[str, float]:
    """How an order, once packed, serves dependencies; see ``dependency_figures``.

    ``documents`` are in their order; ``segments`` have context_id and doc_id.
    """
    return figures_of(documents, segments, repository=repository, depth=depth)


def _stated(text: str | None, fields: tuple[str, str]) -> tuple[str | None, str | None]:
    if not text or not any(field in text for field in fields):
        return None, None
    known = orjson.loads(text)
    one, other = (known.get(field) if isinstance(known, dict) else None for field in fields)
    return str(one) if one is not None else None, str(other) if other is not None else None


def _hash(name: str) -> np.uint64:
    data = np.frombuffer(name.encode(), np.uint8)
    return np.uint64(hash_bytes(data, 0, len(data)))
