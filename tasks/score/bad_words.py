"""Words of a list that a text should not hold: the word rule of C4.

C4 drops a document for one such word, which removes far more of some dialects and topics than of others; the density
lets a rule ask for more than one. No list comes with Gristmill: C4's is the List of Dirty, Naughty, Obscene or
Otherwise Bad Words in the document's language.
"""

import numpy as np

from schemas.errors import RecipeError
from schemas.recipe import FilePath
from schemas.table import Column
from tasks.score._lists import read_terms
from tasks.text.batch import TextBatch
from tasks.text.shares import share
from tasks.text.terms import count_terms

COLUMNS = (
    Column("bad_words_distinct", "BIGINT", "how many words of the list occur"),
    Column("bad_words_total", "BIGINT", "how often words of the list occur"),
    Column("bad_words_density", "DOUBLE", "occurrences of words of the list per word"),
)


def check(*, words: FilePath | None) -> None:
    """Refuse to be asked for without a list; rule sets that know bad words do without where nobody gives one."""
    if words is None:
        raise RecipeError("bad_words needs `words`: a file with a word or phrase per line")


def read_files(*, words: FilePath) -> None:
    """Raise InputError if a file cannot be read."""
    read_terms(words)


def bad_words(batch: TextBatch, *, words: FilePath | None = None) -> dict[str, np.ndarray]:
    """Words and phrases of a list in a document, in any case: how many different ones, how often, and per word.

    ``words``: a text file with a word or phrase per line (``#`` begins a comment); without one there is nothing to
    find. A word counts where no letter, mark, number or ``_`` touches it; one in a script without spaces (Han, Kana,
    Thai ...) counts anywhere.

    Source: Raffel et al. 2020, arXiv:1910.10683, section 2.2; Xue et al. 2021, arXiv:2010.11934, section 3.1.
    """
    distinct, total = count_terms(batch, read_terms(words), whole_words=True)
    return {
        "bad_words_distinct": distinct,
        "bad_words_total": total,
        "bad_words_density": share(total, np.diff(batch.words.offsets)),
    }
