"""Mean log probability of a document's words, each by itself: how ordinary its vocabulary is.

Others take the frequencies of one English list for every corpus; here they are the corpus's own, or those of a file.
The sample is cut into halves by a hash of the text, and a document's words are looked up in the half that it is not
in: no document scores higher for having been drawn. With a file and ``symbols``, the number is that of datatrove's
filter (which keeps documents above -10). The kernel reads about 180 MB/s on one core, after segmentation.
"""

import re
from pathlib import Path

import numpy as np
import pyarrow as pa

from schemas.errors import InputError
from schemas.recipe import Count, FilePath, ShareAbove0
from schemas.table import Column
from tasks.sample import Sample
from tasks.text.batch import TextBatch
from tasks.text.classes import tables
from tasks.text.frequencies import count_corpus, crossed_logs, groups, halves, sum_values
from tasks.text.lookup import lookup
from tasks.text.segment import describe
from tasks.text.shares import share

COLUMNS = (
    Column(
        "unigram_log_probability",
        "DOUBLE",
        "mean natural logarithm of the probability of a word in the corpus; null: no word",
        optional=True,
    ),
)
ENTRY = re.compile(r"^\s*(.+?)\s*[\t ,]\s*(\d+)\s*$")


def read_files(*, frequencies: FilePath) -> None:
    """Raise InputError if a file cannot be read."""
    _read(frequencies)


def fit(
    drawn: Sample,
    *,
    sample: Count = 20_000,
    frequencies: FilePath | None = None,
    symbols: bool = False,
    seed: int,
) -> dict[str, np.ndarray]:
    """Take the frequencies of words from the ``sample`` documents drawn, or from a file.

    ``frequencies``: a text file with a word and its count per line, separated by a tab, comma or space; a first line
    without a count is a heading. ``symbols``: count words that are symbols alone too.
    """
    if frequencies is None:
        keys, values = crossed_logs(*count_corpus(drawn.batches(), symbols=symbols))
    else:
        hashes, counts = _read(frequencies)
        keys, values = lookup(hashes, np.log(counts / counts.sum()))
    return {"keys": keys, "log_probability": values, "halves": np.array([frequencies is None])}


def _read(path: str) -> tuple[np.ndarray, np.ndarray]:
    lines = [line for line in Path(path).read_text(encoding="utf-8").split("\n") if line.strip()]
    entries = [ENTRY.match(line) for line in lines]
    for number, (line, entry) in enumerate(zip(lines, entries, strict=True), 1):
        if number > 1 and entry is None:
            raise InputError(f"'{path}', line {number}: expected a word and its count, got '{line[:80]}'")
    found = [entry for entry in entries if entry is not None and int(entry[2])]
    if not found:
        raise InputError(f"'{path}' holds no word with a count")
    hashes = _folded(pa.array([entry[1].strip('"') for entry in found], pa.large_string()))
    order, starts = groups(hashes)
    counts = np.array([int(entry[2]) for entry in found], np.int64)
    return hashes[order[starts]], np.add.reduceat(counts[order], starts)


def _folded(words: pa.Array) -> np.ndarray:
    """Return the hash of each case-folded word, whole."""
    batch, known, n = TextBatch(words), tables(), len(words)
    hashes, exact = np.empty(n, np.uint64), np.empty(n, np.uint64)
    rest = np.empty(n, np.int32), np.empty(n, np.uint8)
    describe(batch.data, batch.offsets[:-1], batch.offsets[1:], known.classes, known.fold, hashes, exact, *rest)
    return hashes


def unigram_log_probability(
    batch: TextBatch, *, unseen: ShareAbove0 = 1e-9, symbols: bool = False, fitted: dict[str, np.ndarray]
) -> pa.Array:
    """Mean natural logarithm of the probability of a document's words, case-folded; null without a word.

    ``unseen``: the probability of a word that the corpus does not have. ``symbols``: count symbols as words too.

    Source: Soldaini and Lo 2023, peS2o, github.com/allenai/peS2o, as in datatrove's filter of unigram probabilities.
    """
    sides = halves(batch) if fitted["halves"][0] else np.zeros(len(batch), np.uint8)
    words, table = batch.words, (sides, fitted["keys"], fitted["log_probability"])
    sums, counts = sum_values(words.hashes, words.flags, words.offsets, *table, float(np.log(unseen)), symbols)
    return pa.array(share(sums, counts), mask=np.asarray(counts == 0))
