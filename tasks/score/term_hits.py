"""Terms of a list in a text: the first stage of a cascade, cheap enough for every document.

A term is looked for as a part of words, as the published cascade does, so that short ones are found inside longer
words; ``match: word`` asks for whole words. Terms that differ in case alone are one. A document with two terms, one
inside the other ("virus", "viruses"), has both, unless ``longest`` counts the outer one alone. With 10,000 terms one
core reads about 150 MB/s.
"""

from typing import Literal

import numpy as np

from schemas.recipe import FilePath
from schemas.table import Column
from tasks.score._lists import read_terms
from tasks.text.batch import TextBatch
from tasks.text.shares import share
from tasks.text.terms import count_terms

COLUMNS = (
    Column("terms_distinct", "BIGINT", "how many terms of the list occur"),
    Column("terms_total", "BIGINT", "how often terms of the list occur"),
    Column("terms_density", "DOUBLE", "occurrences of terms per word"),
)


def read_files(*, terms: FilePath) -> None:
    """Raise InputError if a file cannot be read."""
    read_terms(terms)


def term_hits(
    batch: TextBatch,
    *,
    terms: FilePath,
    match: Literal["substring", "word"] = "substring",
    longest: bool = False,
) -> dict[str, np.ndarray]:
    """Terms of a list in a document: how many different ones, how often, and per word.

    ``terms``: a text file with one term per line (``#`` begins a comment).
    ``match``: ``word`` counts terms that no letter, mark, number or ``_`` touches; in scripts without spaces anything
    may. ``longest``: a term inside another one does not count. Text and terms are compared in lower case and composed
    form (NFC). Escalating documents with two distinct terms is ``terms_distinct >= 2``.

    Source: O'Brien et al. 2025, arXiv:2508.06601, section 3 (block list); Aho and Corasick 1975,
    doi:10.1145/360825.360855.
    """
    distinct, total = count_terms(batch, read_terms(terms), whole_words=match == "word", longest=longest)
    return {
        "terms_distinct": distinct,
        "terms_total": total,
        "terms_density": share(total, np.diff(batch.words.offsets)),
    }
