"""Checks of Python files that need nothing but the file's own tree: our subset of what linters look for.

Each check counts what it finds. Their kinds weigh as in pylint: an error five times a warning, a piece of advice to
restructure, or a broken convention. What needs other files or inferred types (members that do not exist, wrong
arguments of a call) is not looked for.
"""

import ast
import builtins
from collections.abc import Callable
from itertools import pairwise
from typing import Any, Literal

from tasks.score._names import DOCUMENTED, File, Scope, imported, listed

Kind = Literal["error", "warning", "refactor", "convention"]
WEIGHTS: dict[Kind, int] = {"error": 5, "warning": 1, "refactor": 1, "convention": 1}
MOST = {"branches": 12, "arguments": 5, "locals": 15, "returns": 6, "statements": 50}
KNOWN = frozenset(dir(builtins)) | {"__file__", "__path__", "__annotations__", "__module__", "__qualname__"}
BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("_"))
BRANCHES = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try)
LEAVES = (ast.Return, ast.Raise, ast.Break, ast.Continue)
MADE_FIRST = ("__init__", "__new__", "__post_init__", "setUp", "asyncSetUp")


def statements(file: File) -> int:
    """Return how many statements a file has; a docstring is none."""
    found = sum(len(nodes) for kind, nodes in file.nodes.items() if issubclass(kind, ast.stmt | ast.ExceptHandler))
    return found - sum(docstring(node) is not None for node in file.of(*DOCUMENTED))


def penalty(file: File) -> int:
    """Return the weighted number of findings."""
    return sum(WEIGHTS[kind] * check(file) for check, kind in CHECKS.items())


def docstring(node: Any) -> str | None:
    """Return the string that documents a module, class or function, if it has one."""
    first = node.body[0] if node.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return first.value.value
    return None


def undefined_name(file: File) -> int:
    """Reads of a name that nothing in the file binds."""
    if wildcard_import(file):
        return 0
    bound = set().union(*(scope.bound | scope.foreign for scope in file.scopes)) | KNOWN
    return sum(times for name, times in file.reads.items() if name not in bound)


def undefined_export(file: File) -> int:
    """Names in ``__all__`` that the module does not bind."""
    return 0 if wildcard_import(file) else len(listed(file.module.node) - file.module.bound)


def redefined_function(file: File) -> int:
    """Functions and classes defined again in the same body, neither decorated nor behind a condition."""
    found = 0
    for scope in file.scopes:
        body = getattr(scope.node, "body", None)
        body = body if isinstance(body, list) else []
        defined = [n for n in body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]
        plain = [node.name for node in defined if not node.decorator_list and node.name != "_"]
        found += len(plain) - len(set(plain))
    return found


def unused_import(file: File) -> int:
    """Imports of a module that it neither reads nor lists in ``__all__``."""
    used = file.module.read | listed(file.module.node)
    nodes = [node for node in file.of(ast.Import, ast.ImportFrom) if file.within[node] is file.module]
    kept = [node for node in nodes if getattr(node, "module", "") != "__future__"]
    return sum(len(imported(node) - used - {"*"}) for node in kept)


def unused_variable(file: File) -> int:
    """Names that a function assigns and does not read; those that begin with ``_`` are meant to be unused."""
    return sum(
        len([n for n in s.assigned - s.read - s.foreign - set(s.arguments) if not _dummy(n)])
        for s in file.scopes
        if s.is_function
    )


def unused_argument(file: File) -> int:
    """Arguments that a function does not read; special methods and those of derived classes must take them."""
    found = 0
    for scope in (s for s in file.scopes if s.is_function and not _bound_to_take(s)):
        receiver = _positional(scope.node)[:1] if scope.is_method and not _static(scope.node) else []
        found += len([n for n in scope.arguments if n not in scope.read and n not in receiver and not _dummy(n)])
    return found


def redefined_builtin(file: File) -> int:
    """Built-in names that a module or function binds."""
    plain = [scope for scope in file.scopes if scope.is_function or scope is file.module]
    return sum(len((scope.bound - scope.foreign) & BUILTINS) for scope in plain)


def redefined_outer_name(file: File) -> int:
    """Names that a function binds and the module too."""
    outer = file.module.bound
    return sum(len([n for n in (s.bound - s.foreign) & outer if not _dummy(n)]) for s in file.scopes if s.is_function)


def protected_access(file: File) -> int:
    """Reads or writes of another object's attribute whose name begins with one ``_``."""
    return sum(
        node.attr.startswith("_") and not _special(node.attr) and not _own(node.value)
        for node in file.of(ast.Attribute)
    )


def attribute_outside_init(file: File) -> int:
    """Attributes that a class gives its instances elsewhere than where they are made."""
    found = 0
    for scope in (s for s in file.scopes if isinstance(s.node, ast.ClassDef)):
        made = set(scope.bound)
        late: set[str] = set()
        methods = [n for n in scope.node.body if isinstance(n, ast.FunctionDef) and n.args.args]
        first = {*MADE_FIRST, *(name for m in methods if m.name in MADE_FIRST for name in _calls_of_its_own(m))}
        for method in methods:
            (made if method.name in first else late).update(_given(method))
        found += len(late - made)
    return found


def bare_except(file: File) -> int:
    """Handlers of every exception, or of all but exits, that raise nothing."""
    handlers = file.of(ast.ExceptHandler)
    return sum(h.type is None or (_name(h.type) in ("Exception", "BaseException") and not _raises(h)) for h in handlers)


def raise_without_cause(file: File) -> int:
    """Exceptions raised while another is handled, without saying ``from``."""
    raised = [n for h in file.of(ast.ExceptHandler) for n in _statements(h.body) if isinstance(n, ast.Raise)]
    return sum(isinstance(node.exc, ast.Call) and node.cause is None for node in raised)


def mutable_default(file: File) -> int:
    """Defaults of arguments that are lists, dictionaries or sets."""
    found = [d for a in file.of(ast.arguments) for d in (*a.defaults, *a.kw_defaults) if d is not None]
    return sum(isinstance(d, ast.List | ast.Dict | ast.Set) or _called(d) in ("list", "dict", "set") for d in found)


def wildcard_import(file: File) -> int:
    """Imports of everything that a module has."""
    return sum(node.names[0].name == "*" for node in file.of(ast.ImportFrom))


def unnecessary_pass(file: File) -> int:
    """``pass`` beside another statement."""
    return sum(isinstance(node, ast.Pass) and len(body) > 1 for body in _bodies(file) for node in body)


def unsaid_encoding(file: File) -> int:
    """Text files opened without an encoding."""
    calls = [node for node in file.of(ast.Call) if _name(node.func) == "open"]
    return sum(not any(k.arg in ("encoding", None) for k in call.keywords) and not _binary(call) for call in calls)


def too_many(file: File) -> int:
    """Functions with too many arguments, branches, local names, returns or statements, once for each."""
    found = 0
    for scope in (s for s in file.scopes if s.is_function):
        inside = [kind for kind, times in scope.counts.items() for _ in range(times)]
        sizes = {
            "arguments": len(scope.arguments),
            "branches": sum(kind in BRANCHES for kind in inside),
            "locals": len(scope.bound),
            "returns": scope.counts[ast.Return],
            "statements": sum(issubclass(kind, ast.stmt) for kind in inside),
        }
        found += sum(size > MOST[name] for name, size in sizes.items())
    return found


def else_after_leaving(file: File) -> int:
    """``else`` behind a branch that always leaves by ``return``, ``raise``, ``break`` or ``continue``."""
    chained = {n.orelse[0] for n in file.of(ast.If) if n.orelse and isinstance(n.orelse[0], ast.If)}
    heads = [n for n in file.of(ast.If) if n.orelse and n not in chained]
    return sum(isinstance(node.body[-1], LEAVES) for node in heads)


def old_class(file: File) -> int:
    """Classes that name ``object`` as their base, and calls of ``super`` with arguments."""
    bases = sum(_name(base) == "object" for node in file.of(ast.ClassDef) for base in node.bases)
    return bases + sum(_name(call.func) == "super" and bool(call.args) for call in file.of(ast.Call))


def undocumented_class(file: File) -> int:
    """Public classes without a docstring."""
    return sum(not node.name.startswith("_") and docstring(node) is None for node in file.of(ast.ClassDef))


def old_formatting(file: File) -> int:
    """Strings put together by ``%`` or ``format`` instead of an f-string."""
    by_sign = [n.left for n in file.of(ast.BinOp) if isinstance(n.op, ast.Mod)]
    methods = [n.func for n in file.of(ast.Call) if isinstance(n.func, ast.Attribute)]
    by_call = [method.value for method in methods if method.attr == "format"]
    return sum(isinstance(n, ast.Constant) and isinstance(n.value, str) for n in (*by_sign, *by_call))


def import_inside(file: File) -> int:
    """Imports in a function."""
    return sum(file.within[node].is_function for node in file.of(ast.Import, ast.ImportFrom))


def several_on_a_line(file: File) -> int:
    """Statements on the line of the one before, or of the one that they are in."""
    found = sum(one.lineno == other.lineno for body in _bodies(file) for one, other in pairwise(body))
    owners = [n for kind, nodes in file.nodes.items() if issubclass(kind, ast.stmt) for n in nodes]
    return found + sum(_starts_its_line(node) for node in owners if isinstance(getattr(node, "body", None), list))


CHECKS: dict[Callable[[File], int], Kind] = {
    undefined_name: "error",
    undefined_export: "error",
    redefined_function: "error",
    unused_import: "warning",
    unused_variable: "warning",
    unused_argument: "warning",
    redefined_builtin: "warning",
    redefined_outer_name: "warning",
    protected_access: "warning",
    attribute_outside_init: "warning",
    bare_except: "warning",
    raise_without_cause: "warning",
    mutable_default: "warning",
    wildcard_import: "warning",
    unnecessary_pass: "warning",
    unsaid_encoding: "warning",
    too_many: "refactor",
    else_after_leaving: "refactor",
    old_class: "refactor",
    undocumented_class: "convention",
    old_formatting: "convention",
    import_inside: "convention",
    several_on_a_line: "convention",
}


def _dummy(name: str) -> bool:
    return name.startswith(("_", "unused", "ignored", "dummy"))


def _special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _name(node: ast.AST | None) -> str | None:
    return node.id if isinstance(node, ast.Name) else None


def _called(node: ast.AST) -> str | None:
    return _name(node.func) if isinstance(node, ast.Call) else None


def _own(node: ast.AST) -> bool:
    """Whether an attribute of ``node`` belongs to the object whose method this is."""
    return _name(node) in ("self", "cls", "mcs") or _called(node) in ("super", "type")


def _static(node: ast.FunctionDef) -> bool:
    return any(_name(each) == "staticmethod" for each in node.decorator_list)


def _positional(node: ast.FunctionDef) -> list[str]:
    return [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]


def _bodies(file: File) -> list[list[ast.stmt]]:
    names = ("body", "orelse", "finalbody")
    owners = [n for nodes in file.nodes.values() for n in nodes if "body" in n._fields]
    return [body for n in owners for name in names if isinstance(body := getattr(n, name, None), list) and body]


def _statements(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return the statements of a block and of the blocks in it, but not those of functions and classes."""
    found, todo = [], list(body)
    while todo:
        node = todo.pop()
        found.append(node)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            todo += [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
    return found


def _raises(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(node, ast.Raise) for node in _statements(handler.body))


def _binary(call: ast.Call) -> bool:
    modes = [*call.args[1:2], *(k.value for k in call.keywords if k.arg == "mode")]
    return any(not isinstance(mode, ast.Constant) or "b" in str(mode.value) for mode in modes)


def _bound_to_take(scope: Scope) -> bool:
    """Whether a function's arguments are not its own choice: a special method, or one that a base may prescribe."""
    owner = scope.parent.node if scope.is_method and scope.parent is not None else None
    derived = owner is not None and any(_name(base) != "object" for base in owner.bases)
    return _special(scope.node.name) or derived


def _starts_its_line(node: Any) -> bool:
    first = node.body[0]
    bare = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and first.value.value is Ellipsis
    return node.lineno == first.lineno and not bare


def _given(method: ast.FunctionDef) -> set[str]:
    """Return the attributes that a method gives its first argument."""
    return {node.attr for node in _own_attributes(method) if isinstance(node.ctx, ast.Store)}


def _calls_of_its_own(method: ast.FunctionDef) -> set[str]:
    """Return the names of the methods of its first argument that a method uses."""
    return {node.attr for node in _own_attributes(method) if isinstance(node.ctx, ast.Load)}


def _own_attributes(method: ast.FunctionDef) -> list[ast.Attribute]:
    receiver = method.args.args[0].arg
    return [node for node in ast.walk(method) if isinstance(node, ast.Attribute) and _name(node.value) == receiver]
