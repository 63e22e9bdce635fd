"""Whether a text is Python, and the shape of its syntax tree.

Depth is counted as the study that measured it did: by child nodes of the standard library's tree, so the marks of
loading and storing a name are a step too. Unlike there, a text that does not parse has no depth. Parsing is Python's
own and holds the interpreter's lock: about 3 MB/s of source, more than 25 MB/s of prose, which is refused at once.
"""

import ast
from typing import Any

import pyarrow as pa

from schemas.recipe import Count
from schemas.table import Column
from tasks.score._python import Source, sources
from tasks.text.batch import TextBatch

COLUMNS = (
    Column("python_parses", "BIGINT", "1 if the text parses as Python 3, else 0; none if it is too large", True),
    Column("ast_depth", "BIGINT", "steps from the root of its syntax tree to the deepest node", True),
    Column("ast_nodes", "BIGINT", "nodes of its syntax tree", True),
    Column("ast_mean_depth", "DOUBLE", "mean steps from the root to a node", True),
    Column("branch_nesting", "BIGINT", "most branching statements inside each other within a function", True),
)
BRANCHES = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.Match)
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
BODIES = ("body", "orelse", "finalbody", "handlers", "cases")


def python_syntax(batch: TextBatch, *, largest: Count = 1 << 20) -> dict[str, pa.Array]:
    """Whether a document is Python, and how deep, how large and how nested its syntax tree is.

    A text is never run. It parses or not by the interpreter that Gristmill runs on (Python 2 does not, nor does a tree
    deeper than 1,000 steps); an empty text does, and so do some short ones that nobody meant as code: a single word,
    a number. One that does not parse has no other values; one of more than ``largest`` bytes has none at all.

    Source: Uchiyama et al. 2024, arXiv:2410.06735; Fujii et al. 2025, arXiv:2505.02881, section 3 (the syntax filter).

    >>> found = python_syntax(TextBatch(pa.array(["", "x=1", "Not Python."])))
    >>> found["ast_depth"].to_pylist()
    [0, 3, None]
    """
    rows = [_shape(source) for source in sources(batch, largest)]
    return {c.name: pa.array([row.get(c.name) for row in rows], c.arrow) for c in COLUMNS}


def _shape(source: Source) -> dict[str, Any]:
    if source.levels is None:
        return {"python_parses": 0} if source.tried else {}
    sizes = [len(level) for level in source.levels]
    return {
        "python_parses": 1,
        "ast_depth": len(sizes) - 1,
        "ast_nodes": sum(sizes),
        "ast_mean_depth": sum(depth * size for depth, size in enumerate(sizes)) / sum(sizes),
        "branch_nesting": _nesting(source.module),
    }


def _nesting(module: ast.Module) -> int:
    """Return how many branching statements stand inside each other at most; ``elif`` stands beside its ``if``."""
    deepest = 0
    todo: list[tuple[Any, int]] = [(module, 0)]
    while todo:
        node, depth = todo.pop()
        deepest = max(deepest, depth)
        inside = 0 if isinstance(node, SCOPES) else depth
        for name in BODIES:
            for child in getattr(node, name, ()) if isinstance(getattr(node, name, ()), list) else ():
                beside = name == "orelse" and _continues(node, child)
                todo.append((child, inside + (isinstance(child, BRANCHES) and not beside)))
    return deepest


def _continues(node: ast.AST, child: ast.stmt) -> bool:
    """Whether ``child`` is written as the ``elif`` of ``node``: an ``if`` in its else branch that is not indented."""
    return isinstance(node, ast.If) and isinstance(child, ast.If) and child.col_offset == node.col_offset
