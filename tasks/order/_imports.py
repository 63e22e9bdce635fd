"""What program texts say they need: the names in import statements of seven languages, as they are written."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from schemas.table import Column
from tasks.order._import_scan import CALLED, INCLUDE, NESTED, QUOTED, SCRIPT, import_places
from tasks.text.batch import TextBatch

# How a name was written, and so in which language; the numbers are stored.
WHOLE, MEMBER, OWN_HEADER, SYSTEM_HEADER, TYPE, STATIC, PACKAGE, MODULE_NAME, SPECIFIER, USED, DECLARED = range(1, 12)
IMPORT_COLUMNS = (
    Column("imports", "VARCHAR[]", "what the text's import statements name, as written, each once"),
    Column("import_forms", "UTINYINT[]", "how each is written: the numbers named in tasks/order/_imports.py"),
)
LINE, MOST, PLACES = 20_000, 1_000, 5_000
LONGEST = 255
GAP = r"(?:[ \t\f]|\\\r?\n)"
SCRIPT_FROM = re.compile(
    rf"from(?=[ \t\f.\\]){GAP}*([. \t]*)([\w.]*){GAP}*\bimport\b{GAP}*(\([^)]*\)|(?:\\\r?\n|[^\n;])+)"
)
SCRIPT_IMPORT = re.compile(r"import(?=[ \t\f\\])((?:\\\r?\n|[^\n;])+)")
SCRIPT_NAME = re.compile(r"\s*([^\W\d][\w.]*|\*)(?:\s+as\s+\w+)?\s*")
HEADER = re.compile(r'\w+[ \t]*(?:"([^"\n]+)"|<([^>\n]+)>)')
JAVA = re.compile(r"import\s+(static\s+)?(\w+(?:\s*\.\s*\w+)*(?:\s*\.\s*\*)?)\s*;")
GO = re.compile(r'import\s*(?:\(([^)]*)\)|(?:[\w.]+[ \t]+)?("[^"\n]*"|`[^`\n]*`))')
GO_MODULE = re.compile(r"module[ \t]+\"?([\w.~/-]+)\"?[ \t]*(?://[^\n]*)?(?:\r?\n|$)")
STRING = re.compile(r'"([^"\n]*)"|`([^`\n]*)`')
SPECIFIER_OF = re.compile(r"""\w+\s*\(?\s*(?:"([^"\n]+)"|'([^'\n]+)')""")
RUST_USE = re.compile(r"use\s+([^;]+);")
RUST_MOD = re.compile(r"mod\s+(?:r#)?(\w+)\s*;")
RUST_CRATE = re.compile(r"extern\s+crate\s+(\w+)")
RUST_PATH = re.compile(r"(?:r#)?(\w+|\*)(?:\s+as\s+\w+)?")
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
# A slash inside a path is no comment.
IMPORT_COMMENT = re.compile(r"(?:(?<=\s)|(?<=[;\"'`)]))//[^\n]*|/\*.*?\*/", re.S)
SCRIPT_COMMENT = re.compile(r"#[^\n]*")


def find_imports(batch: TextBatch) -> dict[str, Any]:
    """Find what every text's import statements name, whatever language it is in; columns as in ``IMPORT_COLUMNS``.

    At most 1,000 names per text are kept, of at most 255 characters each.

    >>> find_imports(TextBatch(pa.array(["from .a import b\\nimport os.path as p"])))["imports"].to_pylist()
    [['.a:b', 'os.path']]
    """
    found: list[dict[tuple[str, int], None]] = [{} for _ in range(len(batch))]
    data, stops = batch.data.tobytes(), batch.offsets[1:].tolist()
    places = import_places(batch.data, batch.offsets)
    firsts = np.searchsorted(places[:, 0], np.arange(len(batch)))
    kept = np.arange(len(places)) - firsts[places[:, 0]] < PLACES
    for document, kind, place in places[kept].tolist():
        if len(found[document]) < MOST:
            for name, form in _stated(kind, data, place, min(stops[document], place + LINE)):
                if 0 < len(name) <= LONGEST:
                    found[document][name, form] = None
    names = [[name for name, _ in rows][:MOST] for rows in found]
    forms = [[form for _, form in rows][:MOST] for rows in found]
    return {"imports": pa.array(names, pa.list_(pa.string())), "import_forms": pa.array(forms, pa.list_(pa.uint8()))}


def _stated(kind: int, data: bytes, start: int, stop: int) -> Iterator[tuple[str, int]]:
    line = data.find(b"\n", start, stop)
    first = data[start : line if line >= 0 else stop].decode("utf-8", "replace")
    if kind == INCLUDE:
        if found := HEADER.match(first):
            yield (found[1], OWN_HEADER) if found[1] else (found[2], SYSTEM_HEADER)
    elif kind in (QUOTED, CALLED):
        text = first if SPECIFIER_OF.match(first) else data[start:stop].decode("utf-8", "replace")
        if found := SPECIFIER_OF.match(text):
            yield found[1] or found[2], SPECIFIER
    else:
        code = first.partition("#")[0] if kind == SCRIPT else first
        closed = code.count("(") == code.count(")") and not first.rstrip("\r").endswith("\\")
        simple = closed and (kind == SCRIPT or first.startswith("import") or ";" in first)
        text = first if simple else data[start:stop].decode("utf-8", "replace")
        yield from _script(text) if kind == SCRIPT else _braces(text, kind)


def _script(text: str) -> Iterator[tuple[str, int]]:
    text = SCRIPT_COMMENT.sub("", text)
    if found := SCRIPT_FROM.match(text):
        base = re.sub(r"\s", "", found[1]) + found[2]
        for name in _listed(found[3].strip("()")):
            yield f"{base}:{name}", MEMBER
    elif found := SCRIPT_IMPORT.match(text):
        for name in _listed(found[1]):
            yield name, WHOLE


def _listed(text: str) -> list[str]:
    parts = [part for part in text.replace("\\\n", " ").replace("\\\r\n", " ").split(",") if part.strip()]
    found = [SCRIPT_NAME.fullmatch(part) for part in parts]
    return [match[1] for match in found if match] if all(found) else []


def _braces(text: str, kind: int) -> Iterator[tuple[str, int]]:
    if text.startswith("import"):
        text = IMPORT_COMMENT.sub("", text)
        if found := JAVA.match(text):
            yield re.sub(r"\s", "", found[2]), STATIC if found[1] else TYPE
        if found := GO.match(text):
            block = found[1] if found[1] is not None else found[2]
            for one, other in STRING.findall(block):
                yield one or other, PACKAGE
        if found := SPECIFIER_OF.match(text):
            yield found[1] or found[2], SPECIFIER
    elif text.startswith("use") and (found := RUST_USE.match(COMMENT.sub("", text))):
        for path in _spread(found[1]):
            if kind != NESTED or not path.startswith(("self", "super")):
                yield path, USED
    elif found := RUST_MOD.match(text):
        if kind != NESTED:
            yield found[1], DECLARED
    elif found := RUST_CRATE.match(text):
        yield found[1], USED
    elif found := GO_MODULE.match(text):
        yield found[1], MODULE_NAME


def _spread(tree: str) -> list[str]:
    """The paths of a tree of uses: ``a::{b, c::{d, self}}`` gives a::b, a::c::d and a::c; none if it is malformed."""
    paths: list[str] = []
    stack: list[list[str]] = [[]]
    current: list[str] = []
    for token in re.findall(r"::|[{},]|[^{},:]+|:", tree + ","):
        word = token.strip()
        if word == "{":
            stack.append(current)
            current = list(current)
        elif word in (",", "}"):
            if len(current) > len(stack[-1]):
                paths.append("::".join(part for part in current if part not in ("*",)))
            current = list(stack[-1])
            if word == "}":
                if len(stack) == 1:
                    return []
                stack.pop()
                current = list(stack[-1])
        elif word not in ("::", ""):
            found = RUST_PATH.fullmatch(word)
            if not found or len(stack) > 32:
                return []
            current.append(found[1])
    return [re.sub(r"::self$", "", path) for path in paths if path] if len(stack) == 1 else []
