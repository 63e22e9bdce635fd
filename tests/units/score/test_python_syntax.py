"""Python's own parser is the oracle; depth against the published definition, by recursion over small trees."""

import ast
import textwrap
import warnings

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.score._python import is_prose, parse
from tasks.score.python_syntax import python_syntax
from tasks.text.batch import TextBatch
from tests.data import texts

LOOP = """
def f(n):
    for i in range(n):
        if i:
            print(i + 1)
"""
PIECES = [
    "a",
    "b",
    " ",
    "in",
    "is",
    "if",
    "not",
    "match",
    "type",
    "(",
    ")",
    ":",
    "\n",
    "\r",
    "\\",
    "#",
    '"""',
    "=",
    "1",
]


def score(*given: str, **settings: int) -> list[dict[str, object]]:
    found = python_syntax(TextBatch(pa.array(given, pa.string())), **settings)
    return pa.table(found).to_pylist()


def depth(node: ast.AST) -> int:
    """The published definition, as recursion."""
    return max((1 + depth(child) for child in ast.iter_child_nodes(node)), default=0)


def test_depths_are_those_published() -> None:
    assert [row["ast_depth"] for row in score("", "x=1", LOOP)] == [0, 3, 8]


def test_a_text_that_does_not_parse_has_no_depth_whatever_came_before() -> None:
    first, second = score(LOOP, "def f(:")
    assert first["ast_depth"] == 8
    assert second == dict.fromkeys(second) | {"python_parses": 0}


def test_against_the_standard_library() -> None:
    for text, row in zip(texts(60), score(*texts(60)), strict=True):
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError):
            assert row["python_parses"] == 0
            continue
        nodes = list(ast.walk(tree))
        assert (row["python_parses"], row["ast_nodes"], row["ast_depth"]) == (1, len(nodes), depth(tree))


@pytest.mark.parametrize(
    ("code", "nested"),
    [
        ("x = 1", 0),
        ("if a: pass\nelif b: pass\nelif c: pass", 1),
        ("if a: pass\nelse:\n  if b: pass", 2),
        ("try:\n  pass\nexcept E:\n  while a:\n    pass", 2),
        ("match a:\n  case 1:\n    if b: pass", 2),
        ("if a:\n  def f():\n    if b: pass", 1),
        ("with a:\n  if b: pass", 1),
    ],
)
def test_branches_inside_each_other(code: str, nested: int) -> None:
    assert score(code)[0]["branch_nesting"] == nested


@pytest.mark.parametrize(
    "text",
    ["\0", "x = '\0'", "(" * 5000, "x=" + "+".join("1" * 50_000), "print 'x'", "-" * 100_000 + "1", "é" * 9 + "("],
)
def test_what_the_parser_refuses_or_breaks_on_does_not_parse(text: str) -> None:
    assert score(text)[0]["python_parses"] == 0


def test_a_tree_too_deep_does_not_parse_wherever_it_is_parsed() -> None:
    def deeper(code: str, frames: int) -> bool:
        return deeper(code, frames - 1) if frames else parse(code) is not None

    for terms, parses in ((800, True), (1100, False)):
        code = "+".join("1" * terms)
        assert deeper(code, 0) is deeper(code, 300) is parses


def test_a_warning_is_no_error() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert score("x = '\\d' is 3")[0]["python_parses"] == 1


def test_a_large_text_is_not_tried_unless_it_is_prose() -> None:
    large, prose = score("x = 1\n" * 100, "It was a dark night. " * 100, largest=100)
    assert large["python_parses"] is None and prose["python_parses"] == 0


@given(pieces=st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
@settings(max_examples=400, deadline=None)
def test_no_python_is_taken_for_prose(pieces: str) -> None:
    if is_prose(pieces):
        with pytest.raises(SyntaxError):
            ast.parse(textwrap.dedent(pieces))


def test_prose_is_refused_without_being_parsed() -> None:
    assert all(is_prose(text) for text in ("The first words", "# Title\n\nThe first words", "\n\nÜber allen Gipfeln"))
    assert not any(
        is_prose(text) for text in ("not so", "x in y", "match x", '# a\r"""\nb c"""', "a = 1", "a" * 70_000)
    )
