"""Made-up texts with a known number or label, and samples of them."""

from typing import Any

import numpy as np
import pyarrow as pa

from schemas.tables import tables
from tasks.sample import Sample

FILLER = [f"word{i}" for i in range(200)]
TERMS = {"study": ["cohort", "trial", "placebo"], "case": ["patient", "admitted"], "other": ["market", "price", "sale"]}
LABELS = pa.schema(
    {name: tables()["labels"].arrow.field(name).type for name in ("doc_id", "paragraph", "name", "value", "label")}
)


def about(label: str, words: int, random: np.random.Generator, share: float = 0.2, filler: list[str] = FILLER) -> str:
    """A text of so many words, a ``share`` of which are terms of the label."""
    terms = random.random(words) < share
    return " ".join(np.where(terms, random.choice(TERMS[label], words), random.choice(filler, words)).tolist())


def sample_of(texts: list[str], labels: list[dict[str, Any]], **fields: list[str | None]) -> Sample:
    """A sample of the texts; ``labels`` name a text by its index under ``doc_id``."""
    ids = np.random.default_rng(9).permutation(np.arange(1, 10 * len(texts) + 1, dtype=np.uint64))[: len(texts)]
    documents = pa.table(
        {
            "doc_id": ids,
            "text": pa.array(texts, pa.large_string()),
            "source": fields.get("source", [f"source {i % 2}" for i in range(len(texts))]),
            "url": pa.array(fields.get("url", [None] * len(texts)), pa.string()),
        }
    )
    rows = [{**label, "doc_id": int(ids[label["doc_id"]])} for label in labels]
    return Sample(documents, pa.Table.from_pylist(rows, schema=LABELS))


def shuffled(sample: Sample, seed: int) -> Sample:
    """The same sample with its rows in another order."""
    random = np.random.default_rng(seed)
    order = [random.permutation(table.num_rows) for table in (sample.documents, sample.labels)]
    return Sample(sample.documents.take(pa.array(order[0])), sample.labels.take(pa.array(order[1])))
