"""Laws of the house: who may import what, what lies where, what every public name must say."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from schemas.tables import tables
from tasks.ledger import Ledger
from tasks.units import KINDS

HOUSE = Path(__file__).parents[2]
ROOMS = ("flows", "tasks", "schemas")
TOP = {*ROOMS, "tests", "infra", ".ci", ".gitignore", "CHANGELOG.md", "LICENSE", "README.md", "pyproject.toml"}
UPSTAIRS = {"flows": set(), "tasks": {"flows"}, "schemas": {"flows", "tasks"}}
ORCHESTRATION = {"prefect", "dask", "distributed", "duckdb"}
MODULE_LINES, FUNCTION_LINES = 400, 60
ELSEWHERE = {
    "a package index": re.compile(r"pypi[.]org|pythonhosted[.]org|index-[u]rl|find-[l]inks", re.I),
    "a path of one machine": re.compile(r"(?<![\w.}$])/(?:tmp|work|opt|root|home|Users|mnt)/\w"),
    "something unfinished": re.compile(r"\b(?:TO[D]O|FIX[M]E|XX[X])\b"),
}


@cache
def tracked() -> tuple[Path, ...]:
    """Every file of the house that a person wrote."""
    rooms = [file for room in (*ROOMS, "tests", "infra", ".ci") for file in (HOUSE / room).rglob("*")]
    found = [file for file in (*rooms, *(HOUSE / name for name in TOP)) if file.is_file()]
    return tuple(sorted(f for f in found if "__pycache__" not in f.parts and f.suffix not in (".png", ".nbi", ".nbc")))


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), file)


@cache
def imports(file: Path) -> frozenset[str]:
    """The modules that ``file`` imports anywhere, in functions too."""
    found = set()
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno} imports relatively"
            found.add(node.module or "")
    return frozenset(found)


def roots(file: Path) -> set[str]:
    return {name.partition(".")[0] for name in imports(file)}


def modules(room: str) -> list[Path]:
    return sorted((HOUSE / room).rglob("*.py"))


SOURCES = [file for room in ROOMS for file in modules(room)]
NAMES = [str(file.relative_to(HOUSE)) for file in SOURCES]
every_module = pytest.mark.parametrize("file", SOURCES, ids=NAMES)


@every_module
def test_imports_go_from_flows_to_tasks_to_schemas(file: Path) -> None:
    room = file.relative_to(HOUSE).parts[0]
    assert not roots(file) & (UPSTAIRS[room] | {"tests", "infra"})


@every_module
def test_only_flows_import_prefect_and_one_module_opens_duckdb(file: Path) -> None:
    place = file.relative_to(HOUSE)
    assert "prefect" not in roots(file) or place.parts[0] == "flows"
    assert "duckdb" not in roots(file) or place == Path("tasks/ledger.py")


def test_units_load_without_prefect_dask_and_duckdb() -> None:
    files = [file for folder in (*KINDS, "text") for file in modules(f"tasks/{folder}")]
    names = [".".join(file.relative_to(HOUSE).with_suffix("").parts).removesuffix(".__init__") for file in files]
    code = f"import sys\nfor name in {names!r}: __import__(name)\nprint(*({ORCHESTRATION!r} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=HOUSE, check=True, capture_output=True, text=True).stdout
    assert not loaded.split()
    assert not {(file.name, *(ORCHESTRATION & roots(file))) for file in files if ORCHESTRATION & roots(file)}


def test_the_top_level_holds_nothing_else() -> None:
    git = subprocess.run(["git", "ls-files"], cwd=HOUSE, check=False, capture_output=True, text=True)
    if git.returncode:
        pytest.skip("not a git checkout")
    assert {line.partition("/")[0] for line in git.stdout.splitlines()} <= TOP


@pytest.mark.parametrize("what", ELSEWHERE)
def test_no_file_names(what: str) -> None:
    places = [
        f"{file.relative_to(HOUSE)}:{number}: {line.strip()}"
        for file in tracked()
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if ELSEWHERE[what].search(line)
    ]
    assert not places


@pytest.mark.parametrize("room", ROOMS)
def test_no_other_distribution_ships_a_package_of_this_name(room: str) -> None:
    assert set(packages_distributions().get(room, ())) <= {"gristmill"}


@every_module
def test_modules_and_functions_are_short(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) < MODULE_LINES
    assert not [node.name for node in functions(tree(file)) if lines_of_code(node) >= FUNCTION_LINES]


def functions(node: ast.AST) -> Iterator[ast.FunctionDef]:
    return (found for found in ast.walk(node) if isinstance(found, ast.FunctionDef))


def lines_of_code(node: ast.FunctionDef) -> int:
    """Lines from the signature to the end, without the docstring."""
    docstring = node.body[0] if ast.get_docstring(node) else None
    said = (docstring.end_lineno or 0) - docstring.lineno + 1 if docstring else 0
    return (node.end_lineno or 0) - node.lineno + 1 - said


@pytest.mark.parametrize("file", modules("tasks"), ids=str)
def test_kernels_use_the_arrays_that_they_borrow_from_as_long_as_the_pointers(file: Path) -> None:
    """Numba frees an array of the kernel's own after the last line that names it, pointers or not."""
    for function in functions(tree(file)):
        names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
        for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
            if getattr(call.func, "id", "") != "borrow" or not isinstance(call.args[0], ast.Name):
                continue
            mine = [name for name in names if name.id == call.args[0].id]
            made = any(isinstance(name.ctx, ast.Store) and name.lineno < call.lineno for name in mine)
            used = any(isinstance(name.ctx, ast.Load) and name.lineno > call.lineno for name in mine)
            kept = used and not any(isinstance(name.ctx, ast.Store) and name.lineno == call.lineno for name in mine)
            assert kept or not made, f"{function.name}, line {call.lineno}: {call.args[0].id} may be freed"


def public(module: ast.Module) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    """Public functions and classes of a module, and the public methods of those classes."""
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from (m for m in node.body if isinstance(m, ast.FunctionDef) and not m.name.startswith("_"))


@every_module
def test_public_names_have_docstrings_and_annotations(file: Path) -> None:
    module = tree(file)
    assert ast.get_docstring(module) or not module.body
    for node in public(module):
        assert ast.get_docstring(node), f"{node.name} has no docstring"
        if isinstance(node, ast.FunctionDef):
            assert node.returns is not None, f"{node.name} does not say what it returns"
            bare = [a.arg for a in arguments(node) if a.annotation is None and a.arg not in ("self", "cls")]
            assert not bare, f"{node.name}: {bare} not annotated"


def arguments(node: ast.FunctionDef) -> list[ast.arg]:
    given = node.args
    return [*given.posonlyargs, *given.args, *given.kwonlyargs, *(a for a in (given.vararg, given.kwarg) if a)]


def test_every_table_is_made_with_its_meanings(tmp_path: Path) -> None:
    with Ledger.create(tmp_path / "ledger.duckdb") as ledger:
        made = ledger.rows("SELECT table_name, column_name, data_type, comment FROM duckdb_columns()")
        about = ledger.rows("SELECT table_name, comment FROM duckdb_tables()")
    comments = {row["table_name"]: row["comment"] for row in about}
    for name, table in tables().items():
        assert table.name == name and table.meaning == comments[name]
        expected = [(column.name, column.type, column.meaning) for column in table.columns]
        found = [(r["column_name"], r["data_type"], r["comment"]) for r in made if r["table_name"] == name]
        assert found == expected and all(meaning for *_, meaning in expected)
        assert table.key and set(table.key) <= {column.name for column in table.columns}


@pytest.mark.parametrize("name", tables())
def test_arrow_and_duckdb_agree_about_a_table(name: str, tmp_path: Path) -> None:
    with Ledger.create(tmp_path / "ledger.duckdb") as ledger:
        assert ledger.table(f"FROM {name}").schema.equals(tables()[name].arrow)
