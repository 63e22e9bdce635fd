"""What a student learns of real texts and how fast it labels: the sources of the corpus as labels.

    python -m tests.benchmarks.student [--corpus DIR] [--documents 3000]

Learns the name of the source from DOCUMENTS drawn documents and prints the agreement on those held out, then labels
texts with students of 1, 15 and 30 outputs. Times are processor seconds of one core, words and lines given.
"""

import argparse
import gzip
import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from schemas.tables import tables
from tasks.sample import Sample
from tasks.score._agreement import figures_of, refused
from tasks.score._features import HEURISTICS
from tasks.score._predict import predict
from tasks.score.student import fit
from tasks.text.features import BUCKETS, padded, whole_documents
from tests.data import corpus, texts


def main() -> None:
    """Learn, measure and print."""
    arguments = argparse.ArgumentParser(description="Agreement and speed of a student.")
    arguments.add_argument("--corpus", type=Path, default=corpus(), help="folder of *.jsonl.gz files")
    arguments.add_argument("--documents", type=int, default=3000)
    options = arguments.parse_args()
    sample = _sample(list(_documents(options.corpus)), options.documents)
    start = time.process_time()
    fitted = fit(sample, seed=0, heads={"origin": "label"})
    print(f"learnt from {len(sample):,} documents in {time.process_time() - start:.1f} s; refused: {refused(fitted)}")
    for row in figures_of(fitted, 1, "student").to_pylist():
        if row["source"] is None and row["metric"] in ("f1", "accuracy", "kappa", "calibration_error"):
            print(f"  {row['metric']:<18} {row['part'] or 'all':<22} {row['value']:.4f} of {row['documents']}")
    _speeds(sample)


def _documents(folder: Path | None) -> Iterator[tuple[str, str, str | None]]:
    if folder is None:
        yield from ((text, f"part {i % 2}", None) for i, text in enumerate(texts()))
        return
    for file in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(file, "rt", encoding="utf-8", newline="\n") as lines:
            for line in lines:
                found = json.loads(line)
                yield found["text"], file.name.removesuffix(".jsonl.gz"), found.get("url")


def _sample(found: list[tuple[str, str, str | None]], count: int) -> Sample:
    random = np.random.default_rng(0)
    rows = random.permutation(len(found))[:count]
    texts_, sources, urls = zip(*(found[i] for i in rows), strict=True)
    ids = random.integers(0, 2**64, len(rows), dtype=np.uint64)
    documents = pa.table(
        {
            "doc_id": ids,
            "text": pa.array(texts_, pa.large_string()),
            "source": sources,
            "url": pa.array(urls, pa.string()),
        }
    )
    schema = tables()["labels"].arrow
    labels = [{"doc_id": int(i), "name": "origin", "label": source} for i, source in zip(ids, sources, strict=True)]
    return Sample(documents, pa.Table.from_pylist(labels, schema=schema))


def _speeds(sample: Sample) -> None:
    batches = list(sample.batches())
    size = sum(int(batch.offsets[-1] - batch.offsets[0]) for batch in batches) / 1e6
    for batch in batches:
        len(batch.words), len(batch.lines)
    random = np.random.default_rng(0)
    for outputs in (1, 15, 30):
        for characters in (False, True):
            fitted = _student(random, outputs, characters)
            predict(batches[0], whole_documents(batches[0]), fitted)
            start = time.process_time()
            for batch in batches:
                predict(batch, whole_documents(batch), fitted)
            speed = size / (time.process_time() - start)
            print(f"  {outputs:>2} outputs, {'with' if characters else 'without'} characters: {speed:6.1f} MB/s")


def _student(random: np.random.Generator, outputs: int, characters: bool) -> dict[str, np.ndarray]:
    names = [f"head{k}" for k in range(outputs)]
    heads = {f"{name}.{part}": np.zeros(0) for name in names for part in ("labels", "shift", "weight")}
    heads |= {f"{name}.limits": np.array([0.0, 5.0]) for name in names} | {
        f"{name}.scale": np.array(1.0) for name in names
    }
    return {
        **heads,
        "heads": np.array(names),
        "outputs": np.ones(outputs, np.int64),
        "weights": padded(random.standard_normal((BUCKETS, outputs))),
        "dense": random.standard_normal((len(HEURISTICS), outputs)),
        "bias": np.zeros(outputs),
        "center": np.zeros(len(HEURISTICS)),
        "spread": np.ones(len(HEURISTICS)),
        "ngram": np.array(2),
        "characters": np.array(characters),
    }


if __name__ == "__main__":
    main()
