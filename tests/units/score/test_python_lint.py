"""Ratings against pylint's own of files of the standard library, and every check on a few lines."""

import hashlib
import json
import sysconfig
from pathlib import Path

import pyarrow as pa
import pytest
from scipy.stats import spearmanr

from tasks.score import _lint
from tasks.score._names import File
from tasks.score._python import Source, parse
from tasks.score.python_lint import python_lint
from tasks.text.batch import TextBatch

PUBLISHED = json.loads((Path(__file__).parent / "lint_ratings.json").read_text())["files"]


def file_of(text: str) -> File:
    levels = parse(text)
    assert levels is not None
    return File(Source(text, levels, True))


def score(*given: str, **settings: bool) -> list[float | None]:
    return list(python_lint(TextBatch(pa.array(given, pa.string())), **settings)["lint_rating"].to_pylist())


def test_ratings_rank_files_as_pylint_does() -> None:
    home = Path(sysconfig.get_paths()["stdlib"])
    same = {}
    for name, facts in PUBLISHED.items():
        data = (home / name).read_bytes() if (home / name).is_file() else b""
        if hashlib.sha256(data).hexdigest()[:16] == facts["sha256"]:
            same[name] = data.decode()
    if len(same) < 50:
        pytest.skip(f"only {len(same)} of the files that pylint rated are those of this Python")
    counts = {name: _lint.statements(file_of(text)) for name, text in same.items()}
    assert counts == {name: PUBLISHED[name]["statements"] for name in same}
    ours = score(*same.values(), comment_penalty=False)
    assert spearmanr(ours, [PUBLISHED[name]["rating"] for name in same])[0] > 0.55
    assert spearmanr(ours, [PUBLISHED[name]["rating_of_names"] for name in same])[0] > 0.75


@pytest.mark.parametrize(
    ("check", "code", "found"),
    [
        ("undefined_name", "print(x)\nlen(x)", 2),
        ("undefined_name", "from a import *\nprint(x)", 0),
        ("undefined_name", "def f():\n  global x\n  x = __file__\n[y for y in x]", 0),
        ("undefined_export", "__all__ = ['a', 'b']\n__all__ += ['c']\na = 1", 2),
        ("redefined_function", "def f(): ...\ndef f(): ...\nif 1:\n  def f(): ...", 1),
        ("redefined_function", "@a\ndef f(): ...\n@f.b\ndef f(): ...", 0),
        ("unused_import", "import a.b, c, d as e\nfrom __future__ import f\na.b(e)", 1),
        ("unused_import", "import a\n__all__ = ['a']", 0),
        ("unused_import", "import a\ndef f(): return a", 0),
        ("unused_variable", "def f():\n  a = b = _c = 1\n  return a", 1),
        ("unused_variable", "def f():\n  a = 1\n  return lambda: a", 0),
        ("unused_variable", "a = 1\nclass C:\n  b = 1\ndef f():\n  global a\n  a = 2", 0),
        ("unused_argument", "def f(a, b, *, _c, **d): return a", 2),
        ("unused_argument", "class C:\n  def f(self, a): ...\n  def __eq__(self, a): ...", 1),
        ("unused_argument", "class C(D):\n  def f(self, a): ...", 0),
        ("redefined_builtin", "id = 1\ndef f(type): ...\nclass C:\n  list = 1", 2),
        ("redefined_outer_name", "a = 1\ndef f(a): ...", 1),
        ("protected_access", "a._b\nself._c\nsuper()._d\na.__len__", 1),
        (
            "attribute_outside_init",
            "class C:\n  def __init__(self): self.a = 1; self.g()\n  def f(self): self.b = 1",
            1,
        ),
        ("attribute_outside_init", "class C:\n  def __init__(self): self.g()\n  def g(self): self.b = 1", 0),
        ("bare_except", "try: ...\nexcept: ...\ntry: ...\nexcept Exception: ...\ntry: ...\nexcept ValueError: ...", 2),
        ("bare_except", "try: ...\nexcept Exception:\n  raise", 0),
        ("raise_without_cause", "try: ...\nexcept E:\n  raise A()\ntry: ...\nexcept E as e:\n  raise A() from e", 1),
        ("mutable_default", "def f(a=[], b={}, *, c=set(), d=()): ...", 3),
        ("wildcard_import", "from a import *\nimport b", 1),
        ("unnecessary_pass", "if a:\n  b\n  pass\nif c:\n  pass", 1),
        ("unsaid_encoding", "open(a)\nopen(a, 'rb')\nopen(a, encoding='ascii')\nopen(a, mode=m)", 1),
        ("too_many", "def f(a, b, c, d, e, g): ...", 1),
        ("too_many", "def f():\n" + "  return\n" * 7, 1),
        ("too_many", "def f():\n" + "  if a: ...\n" * 13, 1),
        ("else_after_leaving", "def f():\n  if a: return\n  elif b: return\n  else: return", 1),
        ("old_class", "class C(object):\n  def f(self): super(C, self).f()", 2),
        ("undocumented_class", "class C: ...\nclass _D: ...\nclass E:\n  'said'", 1),
        ("old_formatting", "'%s' % a\n'{}'.format(a)\na % b\nf'{a}'", 2),
        ("import_inside", "def f():\n  import a\nimport b", 1),
        ("several_on_a_line", "a; b\nif a: b\nclass C: ...", 2),
    ],
)
def test_check(check: str, code: str, found: int) -> None:
    assert getattr(_lint, check)(file_of(code)) == found


def test_every_check_is_tested() -> None:
    marks = test_check.pytestmark  # type: ignore[attr-defined]
    assert {case[0] for case in marks[0].args[1]} == {check.__name__ for check in _lint.CHECKS}


def test_rating_by_the_formula_and_the_comments() -> None:
    code = "import os\nimport sys\nx = 1\ny = 2\n"
    assert score(code, code + "# said\n", comment_penalty=False) == [5.0, 5.0]
    [plain, commented] = score(code, code + "# said\n")
    assert plain == 5.0 and commented is not None and commented < 5.0
    assert score("print(x)") == [0.0], "a rating is never negative, so a penalty cannot raise it"


def test_nothing_to_rate_has_no_rating() -> None:
    assert score("", "# a comment", "'''a docstring'''", "No code at all.") == [None] * 4
