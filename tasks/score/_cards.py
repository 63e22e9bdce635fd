"""What a person needs to decide on a cluster: its size, its telling words, its nearest documents; and what they say."""

import csv
import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.sparse import coo_array

from schemas.errors import InputError, UnitError, unknown
from tasks.distinct import distinct
from tasks.sample import Sample
from tasks.text.batch import TextBatch
from tasks.text.segment import SYMBOLS

TERMS, NEAREST = 12, 8
FEWEST = 2  # documents of a cluster that have a term
DECISIONS = {"keep": 1.0, "drop": 0.0}
ASK = "a row needs `cluster`, `clustering` and `decision` as the table `clusters` has them"


def clustering_of(centers: np.ndarray) -> str:
    """Return a name of these clusters that others do not have."""
    return hashlib.blake2b(np.round(centers, 6).tobytes(), digest_size=5).hexdigest()


def cards(sample: Sample, labels: np.ndarray, distances: np.ndarray, size: int) -> dict[str, np.ndarray]:
    """Describe ``size`` clusters by the documents of the sample that are in each (-1: in none).

    Returns documents, mean distance, terms (size, 12), and nearest doc_ids (size, 8), of which ``held`` are there.
    """
    within = labels >= 0
    counts = np.bincount(labels[within], minlength=size)
    sums = np.bincount(labels[within], weights=distances[within], minlength=size)
    doc_ids = sample.documents["doc_id"].to_numpy()
    nearest, held = np.zeros((size, NEAREST), np.uint64), np.minimum(counts, NEAREST)
    for number in range(size):
        inside = np.flatnonzero(labels == number)
        first = inside[np.lexsort((doc_ids[inside], distances[inside]))][:NEAREST]
        nearest[number, : len(first)] = doc_ids[first]
    return {
        "documents": counts,
        "distance": sums / np.maximum(counts, 1),
        "terms": _terms(sample, labels, counts),
        "nearest": nearest,
        "held": held,
    }


def _terms(sample: Sample, labels: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The words that tell each cluster most: share of its documents times the log of how much more than elsewhere."""
    pairs = list(_pairs(sample, labels))
    words, index = np.unique(np.concatenate([np.zeros(0, np.uint64), *(w for w, _ in pairs)]), return_inverse=True)
    clusters = np.concatenate([np.zeros(0, np.int64), *(c for _, c in pairs)])
    having = coo_array((np.ones(len(index), np.int64), (clusters, index)), (len(counts), len(words))).tocsr()
    everywhere = np.asarray(having.sum(axis=0)).ravel() / max(counts.sum(), 1)
    chosen = np.zeros((len(counts), TERMS), np.uint64)
    for number in range(len(counts)):
        row = having[[number]].tocoo()
        often = row.data >= min(FEWEST, counts[number])
        columns, share = row.col[often], row.data[often] / max(counts[number], 1)
        telling = share * np.log(share / everywhere[columns])
        best = np.lexsort((words[columns], -telling))[:TERMS]
        best = best[telling[best] > 0]
        chosen[number, : len(best)] = words[columns[best]]
    return _spelt(sample, chosen)


def _pairs(sample: Sample, labels: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the distinct words of each document in a cluster, and its cluster, by batches."""
    start = 0
    for batch in sample.batches():
        document = np.repeat(np.arange(len(batch)), np.diff(batch.words.offsets))
        told = ((batch.words.flags & SYMBOLS) == 0) & (labels[start + document] >= 0)
        document, hashes = document[told], batch.words.hashes[told]
        order = np.lexsort((hashes, document))
        document, hashes = document[order], hashes[order]
        first = np.ones(len(order), bool)
        first[1:] = (document[1:] != document[:-1]) | (hashes[1:] != hashes[:-1])
        yield hashes[first], labels[start + document[first]]
        start += len(batch)


def _spelt(sample: Sample, hashes: np.ndarray) -> np.ndarray:
    """Words by their hashes, in lower case, as they are first met; "" for 0."""
    wanted, spelt = distinct(hashes[hashes > 0]), {0: ""}
    for batch in sample.batches():
        places = np.flatnonzero(np.isin(batch.words.hashes, wanted))
        known, first = np.unique(batch.words.hashes[places], return_index=True)
        for key, place in zip(known.tolist(), places[first].tolist(), strict=True):
            spelt.setdefault(key, _word(batch, place))
    return np.array([[spelt[key] for key in row] for row in hashes.tolist()], np.str_).reshape(hashes.shape)


def _word(batch: TextBatch, word: int) -> str:
    letters = batch.data[batch.words.starts[word] : batch.words.stops[word]]
    return letters.tobytes().decode("utf-8").lower()


def decided(path: str | None, size: int, clustering: str) -> np.ndarray:
    """Return the weight of each cluster that a CSV file gives: 1 without a file or a row.

    Raises UnitError if it is about another clustering, and InputError if it cannot be read.
    """
    weights = np.ones(size)
    for number, row in enumerate(_rows(path) if path else [], 2):
        if not {"cluster", "clustering", "decision"} <= set(row):
            raise InputError(f"'{path}': {ASK}; got {', '.join(map(str, row))}")
        if row["clustering"] != clustering:
            raise UnitError(
                f"'{path}', line {number}: it decides on clusters of {row['clustering']}, these are {clustering}; "
                "run without `decisions`, look at the table `clusters` and decide again"
            )
        names = {f"c{k:03}": k for k in range(size)}
        if row["cluster"] not in names:
            raise InputError(f"'{path}', line {number}: {unknown('cluster', row['cluster'], names)}")
        weights[names[row["cluster"]]] = _weight(row["decision"], f"'{path}', line {number}")
    return weights


def _rows(path: str) -> list[dict[str, str]]:
    try:
        with Path(path).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the decisions '{path}': {error}") from None


def _weight(said: str, place: str) -> float:
    try:
        weight = DECISIONS.get(said.strip().lower())
        weight = float(said) if weight is None else weight
        if 0 <= weight < np.inf:
            return weight
    except (ValueError, AttributeError):
        pass
    raise InputError(f"{place}: a decision is keep, drop or a weight of 0 or more, got {said!r}")
