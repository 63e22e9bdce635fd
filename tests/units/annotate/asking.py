"""Documents for tests of annotators, and a judge that is asked about them with waits too short to notice."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks import units
from tasks.annotate._labels import Given, Labels


def given_of(folder: Path, texts: list[str], *, preview: bool = False, sources: int = 2) -> Given:
    """The texts as the live documents of a run: doc_id is the place, from 1."""
    documents = pa.table(
        {
            "doc_id": pa.array(range(1, len(texts) + 1), pa.uint64()),
            "source": [f"source {i % sources}" for i in range(len(texts))],
            "id": [f"id{i}" for i in range(len(texts))],
            "url": [f"https://example.org/{i}" for i in range(len(texts))],
            "bytes": [len(text.encode()) for text in texts],
        }
    )
    held = documents.select(["doc_id"]).append_column("text", pa.array(texts, pa.large_string()))

    def texts_of(doc_ids: np.ndarray) -> pa.Table:
        return held.filter(pc.is_in(held["doc_id"], pa.array(doc_ids)))

    return Given(documents, texts_of, folder / "answers", preview)


def ask(given: Given, endpoint: str, **settings: Any) -> Labels:
    """Ask the judge as a run does, with settings checked and filled in."""
    quick = {"waits": [0.01, 0.01, 0.01], "timeout": 5.0, "model": "m", "endpoint": endpoint}
    unit = units.unit("annotate", "judge")
    labels: Labels = unit.call(given, **unit.resolve({**quick, **settings}), seed=1)
    return labels


def texts(number: int) -> list[str]:
    """Distinct texts of different lengths."""
    return [f"Document {i} tells of subject {i}. " + "It says a little more. " * (i % 7) for i in range(number)]


def values(labels: Labels, name: str) -> dict[int, Any]:
    """The values of one label by document."""
    return {r["doc_id"]: r["value"] for r in labels.labels.to_pylist() if r["name"] == name}
