"""Python source as a tree, parsed and never run; what every score of Python files shares.

Whether a text parses must not depend on where it is parsed. The parser gives up on a deep tree by how much of the
interpreter's stack is left, so a tree deeper than ``DEEPEST`` counts as one that does not parse, wherever it does.
"""

import ast
import keyword
import re
import warnings
from collections.abc import Iterator
from typing import NamedTuple

from tasks.text.batch import TextBatch

NAME = "<a document>"
DEEPEST = 1000
HEAD = 1 << 16  # characters in which the first statement is looked for
# A statement cannot begin with two names in a row unless one of them is a keyword: most prose is refused here.
TWO_NAMES = re.compile(r"(?:[ \t]*(?:#[^\r\n]*)?(?:\r\n?|\n))*+([^\W\d]\w*)[ \t]+([^\W\d]\w*)")
KEYWORDS = {*keyword.kwlist, "match", "case", "type"}
INFIX = {"and", "or", "in", "is", "not", "if"}


class Source(NamedTuple):
    """A text with its tree level by level (the module first); no levels when it does not parse or was not tried."""

    text: str
    levels: list[list[ast.AST]] | None
    tried: bool

    @property
    def module(self) -> ast.Module:
        """The tree's root."""
        assert self.levels and isinstance(self.levels[0][0], ast.Module)
        return self.levels[0][0]

    def walk(self) -> Iterator[ast.AST]:
        """Every node, upper levels first."""
        for level in self.levels or ():
            yield from level


def sources(batch: TextBatch, largest: int) -> Iterator[Source]:
    """Parse every text of ``batch``; one of more than ``largest`` bytes is not tried, unless it is plainly prose."""
    warnings.filterwarnings("ignore", module=re.escape(NAME))  # where warnings are errors, one would be a syntax error
    for text in batch.texts.to_pylist():
        if is_prose(text):
            yield Source(text, None, True)
        elif len(text.encode()) > largest:
            yield Source(text, None, False)
        else:
            yield Source(text, parse(text), True)


def is_prose(text: str) -> bool:
    """Whether the first statement begins with two words that no Python statement begins with.

    >>> is_prose("# A title\\n\\nThe text begins."), is_prose("import it"), is_prose("Yes, it does.")
    (True, False, False)
    """
    found = TWO_NAMES.match(text, 0, HEAD)
    if found is None or found.end() == HEAD:
        return False
    return found[1] not in KEYWORDS and found[2] not in INFIX


def parse(text: str) -> list[list[ast.AST]] | None:
    """Return the levels of the text's tree, None if it is not Python as this interpreter knows it."""
    try:
        tree = compile(text.removeprefix("\ufeff"), NAME, "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return None
    levels: list[list[ast.AST]] = [[tree]]
    while below := _children(levels[-1]):
        if len(levels) > DEEPEST:
            return None
        levels.append(below)
    return levels


def _children(level: list[ast.AST]) -> list[ast.AST]:
    found: list[ast.AST] = []
    for node in level:
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, ast.AST):
                found.append(value)
            elif isinstance(value, list):
                found += [item for item in value if isinstance(item, ast.AST)]
    return found
