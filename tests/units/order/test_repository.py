"""Repository order: names become files of the same repository, and a file stands after what it needs."""

import sysconfig
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from schemas.errors import RecipeError
from tasks import units
from tasks.order._imports import find_imports
from tasks.order._plan import links, plan
from tasks.order._repositories import by_folder, in_url, paths_of, repositories_of
from tasks.order.repository import figures, measure, repository
from tasks.pack.concatenate import concatenate
from tasks.text import TextBatch

TREES = {
    "python": (
        {
            "src/pkg/__init__.py": "from . import core",
            "src/pkg/core.py": "import os, json, numpy\nfrom .deep.leaf import x\nfrom pkg.deep import other",
            "src/pkg/deep/__init__.py": "",
            "src/pkg/deep/leaf.py": "from ... import nothing\nfrom .. import missing",
            "src/pkg/deep/other.py": "from .leaf import *",
            "src/pkg/json.py": "import random",
            "tests/test_core.py": "import pkg.core\nfrom pkg import core as c\nfrom helpers import h",
            "tests/helpers.py": "import requests",
            "vendor/requests.py": "",
        },
        {
            ("src/pkg/__init__.py", "src/pkg/core.py"),
            ("src/pkg/core.py", "src/pkg/deep/leaf.py"),
            ("src/pkg/core.py", "src/pkg/deep/other.py"),
            ("src/pkg/deep/leaf.py", "src/pkg/__init__.py"),
            ("src/pkg/deep/other.py", "src/pkg/deep/leaf.py"),
            ("tests/test_core.py", "src/pkg/core.py"),
            ("tests/test_core.py", "tests/helpers.py"),
        },
    ),
    "c": (
        {
            "include/lib/a.h": "#include <stdio.h>\n#include <string.h>",
            "src/a.c": '#include "lib/a.h"\n#include "own.h"\n#include <zlib.h>',
            "src/own.h": "",
            "src/own.c": "int x;",
            "src/string.h": "",
            "app/main.cpp": '#include <lib/a.h>\n#include "../src/own.h"\n#include "gone.h"',
        },
        {
            ("src/a.c", "include/lib/a.h"),
            ("src/a.c", "src/own.h"),
            ("src/own.c", "src/own.h"),
            ("app/main.cpp", "include/lib/a.h"),
            ("app/main.cpp", "src/own.h"),
        },
    ),
    "java": (
        {
            "a/src/main/java/org/x/One.java": "import org.x.y.Two;\nimport java.util.List;\nimport com.other.Thing;",
            "a/src/main/java/org/x/y/Two.java": "import static org.x.Tools.help;\nimport org.x.z.*;",
            "a/src/main/java/org/x/Tools.java": "import org.x.y.Two.Inner;",
            "a/src/main/java/org/x/z/P.java": "",
            "a/src/main/java/org/x/z/Q.java": "",
            "a/src/main/java/util/List.java": "",
        },
        {
            ("a/src/main/java/org/x/One.java", "a/src/main/java/org/x/y/Two.java"),
            ("a/src/main/java/org/x/y/Two.java", "a/src/main/java/org/x/Tools.java"),
            ("a/src/main/java/org/x/Tools.java", "a/src/main/java/org/x/y/Two.java"),
            ("a/src/main/java/org/x/y/Two.java", "a/src/main/java/org/x/z/P.java"),
            ("a/src/main/java/org/x/y/Two.java", "a/src/main/java/org/x/z/Q.java"),
        },
    ),
    "go": (
        {
            "go.mod": "module example.org/team/app\n",
            "main.go": 'import (\n"fmt"\n"example.org/team/app/util"\n"github.com/other/lib/util"\n)',
            "util/a.go": 'import "strings"',
            "util/a_test.go": "",
            "util/b.go": "",
            "fmt/f.go": "",
        },
        {("main.go", "util/a.go"), ("main.go", "util/b.go")},
    ),
    "javascript": (
        {
            "src/index.ts": "import {a} from './lib/a.js'\nimport react from 'react'\nexport * from './ui'",
            "src/lib/a.ts": "const b = require('../b')",
            "src/b.jsx": "import './style.css'; import x from '@/lib/a'; import y from './gone'",
            "src/ui/index.tsx": "",
            "src/react.js": "",
        },
        {
            ("src/index.ts", "src/lib/a.ts"),
            ("src/index.ts", "src/ui/index.tsx"),
            ("src/lib/a.ts", "src/b.jsx"),
            ("src/b.jsx", "src/lib/a.ts"),
        },
    ),
    "rust": (
        {
            "crates/my-lib/src/lib.rs": "mod parse;\npub mod tree;",
            "crates/my-lib/src/parse.rs": "use crate::tree::node::Node;\nuse std::fmt;\nuse serde::Serialize;",
            "crates/my-lib/src/tree/mod.rs": "pub mod node;",
            "crates/my-lib/src/tree/node.rs": "use super::Tree;\nmod tests { use super::*; }",
            "crates/app/src/main.rs": "use my_lib::parse::Parser;\nmod gone;",
            "crates/app/src/fmt.rs": "",
        },
        {
            ("crates/my-lib/src/lib.rs", "crates/my-lib/src/parse.rs"),
            ("crates/my-lib/src/lib.rs", "crates/my-lib/src/tree/mod.rs"),
            ("crates/my-lib/src/parse.rs", "crates/my-lib/src/tree/node.rs"),
            ("crates/my-lib/src/tree/mod.rs", "crates/my-lib/src/tree/node.rs"),
            ("crates/my-lib/src/tree/node.rs", "crates/my-lib/src/tree/mod.rs"),
            ("crates/app/src/main.rs", "crates/my-lib/src/parse.rs"),
        },
    ),
}
UNRESOLVED = {"python": 1, "c": 1, "java": 0, "go": 0, "javascript": 1, "rust": 1}


def table(files: dict[str, str], source: str = "s", tokens: list[int] | None = None, seed: int = 0) -> pa.Table:
    """Documents as the run gives them: files without a text do not reach it, but here they may."""
    measured = measure(TextBatch(pa.array(list(files.values()), pa.large_string())))
    doc_ids = np.random.default_rng(seed).permutation(10 * len(files))[: len(files)].astype(np.uint64)
    sizes = tokens or [len(text) + 1 for text in files.values()]
    given = {"doc_id": doc_ids, "source": [source] * len(files), "tokens": sizes, "id": list(files)}
    return pa.table({**given, "copy": np.zeros(len(files), np.int32), **measured})


def library() -> dict[str, str]:
    root = Path(sysconfig.get_paths()["stdlib"])
    folders = (".", "asyncio", "collections", "email", "json", "logging", "unittest", "xml/etree", "importlib")
    found = sorted(file for folder in folders for file in (root / folder).glob("*.py"))
    return {f"Lib/{file.relative_to(root).as_posix()}": file.read_text("utf-8") for file in found}


@pytest.mark.parametrize("language", TREES)
def test_names_become_files_of_the_repository(language: str) -> None:
    files, expected = TREES[language]
    paths = sorted(files, key=by_folder)
    found = find_imports(TextBatch(pa.array([files[path] for path in paths], pa.large_string())))
    imports = [
        list(zip(names, forms, strict=True))
        for names, forms in zip(found["imports"].to_pylist(), found["import_forms"].to_pylist(), strict=True)
    ]
    needed, missing = links(paths, imports, "s")
    assert {(paths[a], paths[b]) for a, others in enumerate(needed) for b in others} == expected
    assert missing == UNRESOLVED[language]


def test_go_without_its_module_file_goes_by_the_name_of_the_repository() -> None:
    files = {"main.go": 'import "example.org/team/app/util"', "util/a.go": "package util"}
    for name, count in (("example.org/team/app", 1), ("other", 0)):
        found = plan(table(files, name), repository="source", depth=2)
        assert len(found.pairs) == count


def test_documentation_comes_first_and_lonely_files_last() -> None:
    files = {
        "z/alone.py": "1",
        "b.py": "import a",
        "a.py": "x = 1",
        "Makefile": "all:",
        "docs/guide.md": "a guide",
        "README.md": "read",
        "setup.py": "import a",
        "alone.js": "1",
        "z/y/alone.py": "1",
    }
    order = [list(files)[row] for row in repository(table(files), seed=1)]
    assert order[:3] == ["README.md", "docs/guide.md", "Makefile"]
    assert order[3:6] == ["a.py", "b.py", "setup.py"]
    assert order[6:] == ["alone.js", "z/alone.py", "z/y/alone.py"]


def test_repositories_are_never_mixed() -> None:
    tables = [table(TREES[language][0], language, seed=i) for i, language in enumerate(TREES)]
    together = pa.concat_tables(tables)
    together = together.set_column(0, "doc_id", pa.array(np.arange(together.num_rows), pa.uint64()))
    names = np.array(together["source"].to_pylist())[repository(together, seed=3)]
    assert (names[1:] != names[:-1]).sum() == len(TREES) - 1
    other = np.array(together["source"].to_pylist())[repository(together, seed=4)]
    assert names.tolist() != other.tolist()


def test_every_dependency_of_an_acyclic_tree_is_kept() -> None:
    rng = np.random.default_rng(5)
    files = {f"p/m{i}.py": "\n".join(f"import m{j}" for j in rng.integers(0, i, 3) if j < i) for i in range(1, 200)}
    files["p/m0.py"] = ""
    documents = table(files, tokens=[40] * 200)
    order = repository(documents, seed=0)
    found = packed(documents, order, 400)
    assert found["dependency_order_share"] == 1 and found["unresolved_file_share"] == 0


def packed(documents: pa.Table, order: np.ndarray, length: int) -> dict[str, float]:
    placed = documents.take(pa.array(order))
    return figures(placed, concatenate(placed, context_length=length))


def test_the_standard_library_is_better_ordered_than_by_name() -> None:
    files = library()
    documents = table(files, tokens=[max(len(text) // 4, 1) for text in files.values()])
    ours = packed(documents, repository(documents, seed=0), 32_768)
    by_name = packed(documents, np.argsort(np.array(list(files))), 32_768)
    assert ours["dependencies"] > 1000 and ours["unresolved_file_share"] < 0.02
    assert ours["dependency_order_share"] > by_name["dependency_order_share"] + 0.1
    assert ours["dependency_ready_share"] > 1.2 * by_name["dependency_ready_share"]


def test_paths_and_repositories_come_from_where_they_are_told() -> None:
    assert in_url("https://github.com/o/r/blob/v1/a/b.c", 2) == ("github.com/o/r", "a/b.c")
    assert in_url("https://gitlab.com/o/r/-/blob/v1/a%20b.c?x=1#L1", 2) == ("gitlab.com/o/r", "a b.c")
    documents = pa.table(
        {
            "source": ["s", "s", "s", "s"],
            "id": ["17", "a/b.py", None, "https://github.com/o/r/blob/v1/d.rs"],
            "url": ["https://github.com/o/r/blob/v1/c.go", None, None, None],
            "file": ["x.jsonl", "x.jsonl", "notes/e.md", "x.jsonl"],
            "stated_path": [None, "q\\b.py", None, None],
            "stated_repository": [None, "o/q", None, None],
        }
    )
    assert paths_of(documents, 2) == ["c.go", "q/b.py", "notes/e.md", "d.rs"]
    assert repositories_of(documents, "url", 2)[0] == "github.com/o/r"
    assert repositories_of(documents, "metadata", 2)[1] == "o/q"
    assert len(set(repositories_of(documents, "metadata", 2))) == 2


def test_metadata_says_where_a_file_is() -> None:
    given = pa.table({"metadata": ['{"repo_name": "o/r", "path": "a/b.py"}', '{"x": 1}', None]})
    found = measure(TextBatch(pa.array(["x", "y", "z"]), given))
    assert found["stated_repository"].to_pylist() == ["o/r", None, None]
    assert found["stated_path"].to_pylist() == ["a/b.py", None, None]
    renamed = measure(TextBatch(pa.array(["x", "y", "z"]), given), path_field="x")
    assert renamed["stated_path"].to_pylist() == [None, "1", None]


def test_refuses_a_depth_below_zero() -> None:
    with pytest.raises(RecipeError, match="depth"):
        units.unit("order", "repository").resolve({"depth": -1})
