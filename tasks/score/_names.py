"""The names of a Python file: which scope binds and which reads them, found in one pass without recursion."""

import ast
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from tasks.score._python import Source

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
SCOPES = (ast.Module, *FUNCTIONS, ast.ClassDef, *COMPREHENSIONS)


@dataclass
class Scope:
    """A module, function, class or comprehension: the names that it binds itself, and those read in it or below.

    ``counts``: nodes of each type that it holds itself. ``arguments``: names of a function's parameters.
    """

    node: Any
    parent: "Scope | None" = None
    bound: set[str] = field(default_factory=set)
    assigned: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)
    foreign: set[str] = field(default_factory=set)
    arguments: list[str] = field(default_factory=list)
    counts: Counter[type] = field(default_factory=Counter)

    @property
    def is_function(self) -> bool:
        """Whether it is a function with a name."""
        return isinstance(self.node, ast.FunctionDef | ast.AsyncFunctionDef)

    @property
    def is_method(self) -> bool:
        """Whether it is a function of a class."""
        return self.is_function and self.parent is not None and isinstance(self.parent.node, ast.ClassDef)


class File:
    """A parsed file: its nodes by type, its scopes from the outside in, and the scope of every node of interest."""

    def __init__(self, source: Source) -> None:
        self.nodes: dict[type, list[Any]] = defaultdict(list)
        self.scopes: list[Scope] = []
        self.within: dict[ast.AST, Scope] = {}
        self.reads: Counter[str] = Counter()
        self._visit(source.module)
        for scope in reversed(self.scopes):
            if scope.parent is not None:
                scope.parent.read |= scope.read

    @property
    def module(self) -> Scope:
        """The outermost scope."""
        return self.scopes[0]

    def of(self, *kinds: type) -> list[Any]:
        """The nodes of these types."""
        return [node for kind in kinds for node in self.nodes[kind]]

    def _visit(self, module: ast.Module) -> None:
        todo: list[tuple[ast.AST, Scope | None]] = [(module, None)]
        while todo:
            node, scope = todo.pop()
            self.nodes[type(node)].append(node)
            if scope is not None:
                self.within[node] = scope
                scope.counts[type(node)] += 1
                self._bind(node, scope)
            if isinstance(node, SCOPES):
                scope = Scope(node, scope)
                self.scopes.append(scope)
            todo += [(child, scope) for child in ast.iter_child_nodes(node)]

    def _bind(self, node: Any, scope: Scope) -> None:
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                scope.read.add(node.id)
                self.reads[node.id] += 1
            else:
                scope.bound.add(node.id)
                (scope.assigned if isinstance(node.ctx, ast.Store) else scope.read).add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            scope.bound.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            scope.bound |= imported(node)
        elif isinstance(node, ast.arg):
            scope.bound.add(node.arg)
            scope.arguments.append(node.arg)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            scope.foreign |= set(node.names)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            scope.bound.add(node.name)
            scope.assigned.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            scope.bound.add(node.rest)


def imported(node: ast.Import | ast.ImportFrom) -> set[str]:
    """Return the names that an import binds.

    >>> sorted(imported(ast.parse("import a.b, c as d").body[0]))
    ['a', 'd']
    """
    return {alias.asname or alias.name.partition(".")[0] for alias in node.names}


def listed(module: ast.Module) -> set[str]:
    """Return the names that a module's ``__all__`` lists, as far as they are written out."""
    names = set()
    for node in module.body:
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AugAssign | ast.AnnAssign):
            targets = [node.target]
        else:
            continue
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            values = getattr(node.value, "elts", ())
            names |= {v.value for v in values if isinstance(v, ast.Constant) and isinstance(v.value, str)}
    return names
