"""Samples to fit scorers to, made by hand."""

import random
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from tasks.sample import Sample
from tasks.text.batch import TextBatch


def batch(*texts: str, **fields: Sequence[str | None]) -> TextBatch:
    table = pa.table({name: pa.array(values, pa.string()) for name, values in fields.items()})
    return TextBatch(pa.array(texts, pa.large_string()), table if fields else None)


def sample(texts: Sequence[str], **columns: Sequence[Any]) -> Sample:
    """Documents with these texts, numbered in order, and nothing else known of them."""
    known = {name: columns.get(name, [None] * len(texts)) for name in ("url", "created", "language", "license")}
    documents = pa.table(
        {
            "doc_id": pa.array(columns.get("doc_id", range(len(texts))), pa.uint64()),
            "text": pa.array(texts, pa.large_string()),
            "source": columns.get("source", ["source"] * len(texts)),
            "domain": columns.get("domain", ["domain"] * len(texts)),
            **{name: pa.array(values, pa.string()) for name, values in known.items()},
        }
    )
    return Sample(documents, pa.table({}))


def turned(given: Sample, seed: int = 3) -> Sample:
    """The same documents in another order of rows."""
    rows = list(range(len(given)))
    random.Random(seed).shuffle(rows)
    return Sample(given.documents.take(pa.array(rows)), given.labels)


def prose(seed: int, words: int, vocabulary: int = 400, first: int = 0) -> str:
    """Words w0, w1 ... with frequencies that fall as their rank."""
    rng = random.Random(seed)
    ranks = range(vocabulary)
    return " ".join(f"w{first + i}" for i in rng.choices(ranks, [1 / (i + 1) for i in ranks], k=words))
