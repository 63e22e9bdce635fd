"""Names in import statements: Python's against its own parser on the standard library, the others by example."""

import ast
import sysconfig
import warnings
from pathlib import Path

import pyarrow as pa
import pytest

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
    find_imports,
)
from tasks.text import TextBatch

LIBRARY = Path(sysconfig.get_paths()["stdlib"])


def names(text: str, *forms: int) -> list[str]:
    found = find_imports(TextBatch(pa.array([text], pa.large_string())))
    rows = zip(found["imports"][0].as_py(), found["import_forms"][0].as_py(), strict=True)
    return [name for name, form in rows if form in forms]


def parsed(text: str) -> set[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = ast.parse(text)
    found = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{'.' * node.level}{node.module or ''}:{alias.name}" for alias in node.names}
    return found


def test_python_imports_are_those_of_its_parser() -> None:
    texts = [
        file.read_text("utf-8") for folder in (".", "asyncio", "email") for file in (LIBRARY / folder).glob("*.py")
    ]
    assert len(texts) > 150
    found = find_imports(TextBatch(pa.array(texts, pa.large_string())))
    for text, mine, forms in zip(texts, found["imports"].to_pylist(), found["import_forms"].to_pylist(), strict=True):
        own = {name for name, form in zip(mine, forms, strict=True) if form in (WHOLE, MEMBER)}
        assert own == parsed(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import a.b as c, d; import e", ["a.b", "d", "e"]),
        ("from . import (x,  # a ) comment\n  y as z,\n)", [".:x", ".:y"]),
        ("from ..p.q \\\n  import r", ["..p.q:r"]),
        ("try: import fast\nexcept ImportError: fast = None", ["fast"]),
        ('"""\nimport never\n"""\n# import never\ns = \'import never\'', []),
        ("import the things that you need", []),
        ("from here on it is prose\nimport taxes, and duties", []),
    ],
)
def test_python(text: str, expected: list[str]) -> None:
    assert names(text, WHOLE, MEMBER) == expected


def test_c() -> None:
    text = """#include "x/y.h"
  #  include <stdio.h>
/* #include "no.h" */ // #include "no.h"
char c = '"', *s = "\\" #include";
#import <UIKit/UIKit.h>
#include "z.hpp" // "no"
"""
    assert names(text, OWN_HEADER) == ["x/y.h", "z.hpp"]
    assert names(text, SYSTEM_HEADER) == ["stdio.h", "UIKit/UIKit.h"]


def test_java() -> None:
    text = '''package p;
import java.util.List;
import static a.b.C.d; import a.c.*;
/* import no.No; */
String s = """
import no.No;
""";'''
    assert names(text, TYPE) == ["java.util.List", "a.c.*"]
    assert names(text, STATIC) == ["a.b.C.d"]


def test_go() -> None:
    text = """package main

import (
\t"fmt"
\tl "x.org/a/log" // )
\t// "no"
\t_ `y/z`
)
import "os"
var s = `
import "no"
`
"""
    assert names(text, PACKAGE) == ["fmt", "x.org/a/log", "y/z", "os"]
    assert names("// a comment\nmodule x.org/a // said\n\ngo 1.22\n", MODULE_NAME) == ["x.org/a"]


def test_javascript() -> None:
    text = """import a, {b,
 c} from './x';
import './side.css'; export * from "../y"
const z = require('./z'), pattern = /[`'"/]/g;
import('./lazy').then()
// import n from 'no'
const t = `
import n from 'no'
`;
import type {T} from './t.js'
"""
    assert names(text, SPECIFIER) == ["./x", "./side.css", "../y", "./z", "./lazy", "./t.js"]


def test_rust() -> None:
    text = """use std::io::{self, Read};
pub(crate) use crate::a::{b::C, d::{e, f as g}, *};
pub mod x;
mod tests { use super::*; use crate::k; }
extern crate other;
let s = r#"
use no::no;
"#;
fn f<'a>(x: &'a str) { y }
use super::z;
"""
    assert names(text, USED) == [
        *("std::io", "std::io::Read", "crate::a::b::C", "crate::a::d::e", "crate::a::d::f", "crate::a"),
        *("crate::k", "other", "super::z"),
    ]
    assert names(text, DECLARED) == ["x"]


def test_keeps_at_most_a_thousand_short_names() -> None:
    many = "\n".join(f"import m{i}" for i in range(3000))
    assert len(names(many, WHOLE)) == 1000
    assert names("import " + "x" * 300 + "\nimport y", WHOLE) == ["y"]
