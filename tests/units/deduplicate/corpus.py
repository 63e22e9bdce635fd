"""Corpora for tests of deduplication: planted near-duplicates, real texts with edits, files as a run leaves them."""

import random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.deduplicate.minhash import Part, measure
from tasks.text import TextBatch
from tests import data


def word(generator):
    """A random word of 8 letters: no two are alike."""
    return "".join(generator.choices("abcdefghijklmnopqrstuvwxyz", k=8))


def grams(text, ngram=5):
    """The set of word n-grams of a text of letters and spaces; of a shorter text, all its words as one."""
    words = text.split()
    return {tuple(words[i : i + ngram]) for i in range(max(1, len(words) - ngram + 1))}


def jaccard(left, right):
    """The Jaccard similarity of two sets."""
    return len(left & right) / len(left | right)


def planted(count, similarity, seed=0, length=300, ngram=5):
    """Pairs of texts with exactly known Jaccard similarity near ``similarity``: the second has a new ending."""
    generator = random.Random(seed)
    shared = round(2 * similarity / (1 + similarity) * (length - ngram + 1))
    for _ in range(count):
        words = [word(generator) for _ in range(length)]
        ending = [word(generator) for _ in range(length - shared - ngram + 1)]
        yield " ".join(words), " ".join(words[: shared + ngram - 1] + ending)


def edited(count, seed=0):
    """Real texts, each followed by a few copies with some words replaced, dropped or swapped."""
    generator = random.Random(seed)
    found = []
    for text in data.texts(count):
        words = text.split()[:400]
        found.append(" ".join(words))
        for _ in range(generator.choice([0, 0, 1, 3])):
            rate = generator.choice([0.0, 0.01, 0.03, 0.06, 0.1, 0.2])
            found.append(" ".join(word(generator) if generator.random() < rate else w for w in words))
    return found


def documents(texts, doc_ids):
    """The table of live documents."""
    characters = [len(text) for text in texts]
    return pa.table({"doc_id": pa.array(doc_ids, pa.uint64()), "characters": pa.array(characters, pa.int64())})


def identities(count):
    """Distinct 64-bit doc_ids in no particular order."""
    return np.random.default_rng(count).permutation(
        np.arange(1, count + 1, dtype=np.uint64) * np.uint64(2**63 // count)
    )


def stored(folder, texts, doc_ids, cuts=(), row_group_size=64, **settings):
    """Write texts and signatures as a run would, in parts cut at these documents."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for number, (start, stop) in enumerate(zip([0, *cuts], [*cuts, len(texts)], strict=True)):
        column = pa.array(texts[start:stop], pa.large_string())
        ids = pa.array(doc_ids[start:stop], pa.uint64())
        part = Part(str(folder / f"{number}-signatures.parquet"), str(folder / f"{number}-texts.parquet"))
        pq.write_table(pa.table({"doc_id": ids, "text": column}), part.texts, row_group_size=row_group_size)
        bands = measure(TextBatch(column), **settings)["bands"]
        pq.write_table(pa.table({"doc_id": ids, "bands": bands}), part.signatures, row_group_size=row_group_size)
        parts.append(part)
    return parts
