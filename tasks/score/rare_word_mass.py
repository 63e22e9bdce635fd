"""Share of a document's words that its corpus seldom uses: the long tail, seen from one document.

Two cuts of the corpus's words by frequency: by number of types (outside the most frequent 10,000) and by mass (the
least frequent words that make up 1 % of all). The kernel reads about 100 MB/s on one core, after segmentation.
"""

from typing import Annotated

import numpy as np
import pyarrow as pa
from pydantic import Field

from schemas.recipe import Count
from schemas.table import Column
from tasks.sample import Sample
from tasks.text.batch import TextBatch
from tasks.text.frequencies import count_corpus, sum_values
from tasks.text.lookup import lookup
from tasks.text.shares import share

COLUMNS = (
    Column(
        "rare_word_mass",
        "DOUBLE",
        "content words that are none of the corpus's most frequent / all, in [0, 1]; null: no content word",
        optional=True,
    ),
    Column(
        "tail_word_mass",
        "DOUBLE",
        "content words among the corpus's least frequent, which together make up its tail / all; null: no content word",
        optional=True,
    ),
)


def fit(
    drawn: Sample,
    *,
    sample: Count = 20_000,
    top: Count = 10_000,
    tail: Annotated[float, Field(gt=0, lt=1)] = 0.01,
    seed: int,
) -> dict[str, np.ndarray]:
    """Count the words of the ``sample`` documents drawn; ``seed`` decides nothing else.

    ``top``: how many of the most frequent words are not rare. ``tail``: the mass of the least frequent words, in
    (0, 1). Words of equal count are ranked by hash.
    """
    hashes, halves = count_corpus(drawn.batches())
    counts = halves.sum(1)
    order = np.lexsort((hashes, -counts))
    before = np.cumsum(counts[order]) - counts[order]
    covering = int(np.searchsorted(before, (1 - tail) * counts.sum()))
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    known = ranks < max(top, covering)
    keys, found = lookup(hashes[known], ranks[known])
    return {"keys": keys, "rare": (found >= top).astype(float), "tail": (found >= covering).astype(float)}


def rare_word_mass(batch: TextBatch, *, fitted: dict[str, np.ndarray]) -> dict[str, pa.Array]:
    """Share of content words outside the corpus's most frequent ones, and in the tail of its mass.

    A word that the sample does not have is in both.

    Source: Han et al. 2023, arXiv:2306.15091, section 4.2 (long-tail tokens); the shares are Gristmill's.
    """
    words, table = batch.words, (np.zeros(len(batch), np.uint8), fitted["keys"])
    shares = {}
    for column, values in (("rare_word_mass", fitted["rare"]), ("tail_word_mass", fitted["tail"])):
        sums, counts = sum_values(words.hashes, words.flags, words.offsets, *table, values, 1.0, False)
        shares[column] = pa.array(share(sums, counts), mask=np.asarray(counts == 0))
    return shares
