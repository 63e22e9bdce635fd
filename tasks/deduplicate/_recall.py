"""The measured share of similar pairs that MinHash-LSH finds, on perturbed copies of the corpus's own documents."""

from typing import Any

import numpy as np
import pyarrow as pa

from tasks.deduplicate._clusters import RECALL, Floats, Ids, Numbers
from tasks.deduplicate._stars import jaccard, texts_of
from tasks.text import TextBatch
from tasks.text.minhash import signatures
from tasks.text.shingles import shingles

SAMPLE = 250
FEWEST_CHARACTERS, MOST_CHARACTERS = 400, 20_000
FEWEST_WORDS = 50
TARGETS = tuple(round(0.4 + 0.05 * step, 2) for step in range(12))


def expected(similarity: Any, bands: int, rows: int) -> Floats:
    """Return the probability that two documents of this Jaccard similarity share a band: the S-curve.

    Source: Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets", section 3.4: 1 - (1 - J^rows)^bands.

    >>> expected([0.7, 0.75, 0.8, 0.85], bands=14, rows=8).round(3).tolist()
    [0.565, 0.772, 0.924, 0.988]
    """
    return 1.0 - (1.0 - np.asarray(similarity, np.float64) ** rows) ** bands


def choose(doc_ids: Ids, characters: Numbers, count: int = SAMPLE) -> Ids:
    """Return the doc_ids of a sample of middle-sized documents, ascending; it does not depend on any order."""
    fitting = doc_ids[(characters >= FEWEST_CHARACTERS) & (characters <= MOST_CHARACTERS)]
    mixed = fitting * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(29)
    return np.sort(fitting[np.argsort(mixed * np.uint64(0xBF58476D1CE4E5B9))[:count]])


def sampled(texts: str, wanted: Ids) -> pa.Table:
    """Return (doc_id, text) of the wanted documents in one text part."""
    empty = pa.schema([("doc_id", pa.uint64()), ("text", pa.large_string())]).empty_table()
    return pa.concat_tables([empty, *(table.cast(empty.schema) for table in texts_of(texts, wanted))])


def ordered(tables: list[pa.Table]) -> list[str]:
    """Return the sampled texts of all parts by doc_id."""
    return pa.concat_tables(tables).sort_by("doc_id")["text"].to_pylist() if tables else []


def audit(texts: list[str], *, ngram: int, bands: int, rows: int, seed: int) -> pa.Table:
    """Return, per similarity, how many pairs share a band and how many should.

    Each text is paired with copies of itself in which a share of the words is replaced by words seen nowhere, chosen
    for similarities from 0.4 to 0.95. The pair's Jaccard similarity is then computed exactly, and both signatures from
    the texts as in a run. ``expected`` and ``deviation`` are the mean of the S-curve over the pairs and its binomial
    standard deviation, both as shares. Texts of fewer than 50 words separated by spaces are left out.

    Source: Gristmill.
    """
    words = [found for text in texts if len(found := text.split()) >= FEWEST_WORDS]
    if not words:
        return RECALL.empty_table()
    originals = _sketch([" ".join(found) for found in words], ngram, bands, rows, seed)
    lines = []
    for step, target in enumerate(TARGETS):
        copies = [_perturbed(found, target, ngram, [seed, step, i]) for i, found in enumerate(words)]
        lines.append(_compared(originals, _sketch(copies, ngram, bands, rows, seed), bands, rows))
    return pa.Table.from_pylist(lines, schema=RECALL)


Sketch = tuple[Ids, Numbers, Ids]


def _sketch(texts: list[str], ngram: int, bands: int, rows: int, seed: int) -> Sketch:
    batch = TextBatch(pa.array(texts, pa.large_string()))
    values, offsets = shingles(batch, ngram)
    return values, offsets, signatures(batch, ngram, bands, rows, seed)


def _perturbed(words: list[str], target: float, ngram: int, seed: list[int]) -> str:
    # A share s of unchanged n-grams on both sides gives J = s / (2 - s), and n words must stay for an n-gram to.
    changed = 1.0 - (2 * target / (1 + target)) ** (1 / ngram)
    generator = np.random.default_rng(seed)
    chosen = np.flatnonzero(generator.random(len(words)) < changed)
    letters = generator.integers(97, 123, (len(chosen), 16), np.uint8)
    copy = list(words)
    for place, fresh in zip(chosen.tolist(), letters.view("S16").ravel().tolist(), strict=True):
        copy[place] = fresh.decode("ascii")
    return " ".join(copy)


def _compared(left: Sketch, right: Sketch, bands: int, rows: int) -> dict[str, Any]:
    size = len(left[0])
    values = np.concatenate([left[0], right[0]])
    starts, others = left[1], right[1] + size
    exact = np.array(
        [jaccard(values, starts[i], starts[i + 1], others[i], others[i + 1], 0.0) for i in range(len(starts) - 1)]
    ).clip(0.0)
    chance = expected(exact, bands, rows)
    return {
        "jaccard": exact.mean(),
        "pairs": len(exact),
        "found": int((left[2] == right[2]).any(axis=1).sum()),
        "expected": chance.mean(),
        "deviation": np.sqrt((chance * (1 - chance)).sum()) / len(exact),
    }
