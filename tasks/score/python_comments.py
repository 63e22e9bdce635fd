"""How much of a Python file is said in words, and in which script.

The comment share is by tokens, as the published filter counts it (line ends and indents are tokens too). Both shares
are Python's own tokenizer at work: about 1 MB/s, on files that parse only.
"""

import re
from typing import Any, Literal

import pyarrow as pa

from schemas.recipe import Count
from schemas.table import Column
from tasks.score._lint import docstring
from tasks.score._names import DOCUMENTED
from tasks.score._python import Source, sources
from tasks.score._tokens import tokens
from tasks.text.batch import TextBatch

COLUMNS = (
    Column("comment_token_share", "DOUBLE", "comments / all tokens of a Python file", True),
    Column("docstring_share", "DOUBLE", "characters of docstrings / all characters of a Python file", True),
    Column("foreign_comment_share", "DOUBLE", "characters of its comments and strings in other scripts / all", True),
)
OTHER = {
    "ascii": re.compile(r"[^\x20-\x7e\s]"),
    "japanese": re.compile(r"[^\x20-\x7e\s\u3000-\u30ff\u4e00-\u9fff\uff66-\uff9f]"),
}


def python_comments(
    batch: TextBatch, *, scripts: Literal["ascii", "japanese"] = "ascii", largest: Count = 1 << 20
) -> dict[str, pa.Array]:
    """Comments and docstrings of a Python file as shares of it, and how much of them is in an unexpected script.

    A character of a comment or string is in another script if it is neither white space nor printable ASCII, nor (by
    the setting ``japanese``) kana, half-width kana, CJK punctuation or Han. The published filter refuses a file with
    one such character: ask for 0. A file that does not parse, or has more than ``largest`` bytes, has no shares; one
    that cannot be cut into tokens has no comments.

    Source: Fujii et al. 2025, arXiv:2505.02881; as in rioyokotalab/swallow-code-math, filtering.py.

    >>> found = python_comments(TextBatch(pa.array(["x = 1  # один"])))
    >>> [found[name][0].as_py() for name in ("comment_token_share", "foreign_comment_share")]
    [0.16666666666666666, 0.6666666666666666]
    """
    rows = [_shares(source, OTHER[scripts]) for source in sources(batch, largest)]
    return {c.name: pa.array([row.get(c.name) for row in rows], c.arrow) for c in COLUMNS}


def _shares(source: Source, other: re.Pattern[str]) -> dict[str, Any]:
    if source.levels is None:
        return {}
    found = tokens(source.text)
    said = "".join([*found.comments, *found.strings])
    documented = [docstring(node) for node in source.walk() if isinstance(node, DOCUMENTED)]
    characters = sum(len(each) for each in documented if each)
    return {
        "comment_token_share": found.comment_share,
        "docstring_share": min(1.0, characters / max(len(source.text), 1)),
        "foreign_comment_share": len(other.findall(said)) / max(len(said), 1),
    }
