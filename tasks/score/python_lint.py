"""A rating of Python files by what a linter would say of them.

The published filter runs pylint on every file, at a second or more each, and keeps those rated 7 and above. Ours looks
for 23 of its messages that need nothing but the file (``tasks/score/_lint.py`` lists them), with its formula and its
weights, at 1 MB/s. On 220 files of the standard library the two ratings rank alike with Spearman's 0.63, and with 0.82
when pylint's guesses about types and other modules are left out of its own; the number of statements is the same for
every file. The threshold 7 therefore means about, not exactly, the same.
"""

from typing import Any

import pyarrow as pa

from schemas.recipe import Count
from schemas.table import Column
from tasks.score._lint import penalty, statements
from tasks.score._names import File
from tasks.score._python import Source, sources
from tasks.score._tokens import tokens
from tasks.text.batch import TextBatch

COLUMNS = (Column("lint_rating", "DOUBLE", "rating of a Python file by the linter's formula, 0 to 10", True),)
HIGHER_IS = {"lint_rating": "better"}


def python_lint(batch: TextBatch, *, comment_penalty: bool = True, largest: Count = 1 << 20) -> dict[str, pa.Array]:
    """Rate a Python file from 0 to 10 by the statements in it and what is wrong with them.

    The rating is 10 − 10 · (5 · errors + warnings + refactors + conventions) / statements, 0 at least. By
    ``comment_penalty`` it is then multiplied by 1 − the share of comments among the tokens. A file without statements,
    one that does not parse and one of more than ``largest`` bytes have no rating.

    Source: Fujii et al. 2025, arXiv:2505.02881; the formula is pylint's, pylint.org. The checks: Gristmill.

    >>> python_lint(TextBatch(pa.array(["import os", "import os\\nprint(os)"])))["lint_rating"].to_pylist()
    [0.0, 10.0]
    """
    ratings = [_rating(source, comment_penalty) for source in sources(batch, largest)]
    return {"lint_rating": pa.array(ratings, pa.float64())}


def _rating(source: Source, comment_penalty: bool) -> Any:
    if source.levels is None:
        return None
    file = File(source)
    count = statements(file)
    if not count:
        return None
    rating = max(0.0, 10 - 10 * penalty(file) / count)
    return rating * (1 - tokens(source.text).comment_share) if comment_penalty and rating else rating
