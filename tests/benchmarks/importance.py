"""Importance weights against p-lambda/dsir itself, on real documents: the largest difference of log-importance.

    python -m tests.benchmarks.importance --dsir PYTHON [--corpus FOLDER] [--documents 5000]

PYTHON is an interpreter that has the package ``data-selection``. The target is every tenth document; the limit is 1e-6.
"""

import argparse
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import orjson
import pyarrow as pa

from tasks.sample import Sample
from tasks.score.importance import fit, importance
from tasks.text import TextBatch
from tests.benchmarks.units import corpus

LIMIT = 1e-6
LABELS = pa.table({name: [] for name in ("doc_id", "paragraph", "name", "value", "label")})


def main() -> None:
    """Run both and print how far they are apart."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--dsir", required=True)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--documents", type=int, default=5000)
    given = parser.parse_args()
    found = corpus(given.corpus, 60.0)
    texts = [t for t in found["text"].to_pylist() if len(t) < 50_000]
    step = max(1, len(texts) // given.documents)
    texts = texts[::step][: given.documents]
    with TemporaryDirectory() as folder:
        raw, target = Path(folder) / "raw.jsonl", Path(folder) / "target.jsonl"
        for path, chosen in ((raw, texts), (target, texts[::10])):
            path.write_bytes(b"".join(orjson.dumps({"text": text}) + b"\n" for text in chosen))
        theirs, slow = timed(lambda: reference(given.dsir, raw, target, Path(folder)))
        ours, fast = timed(lambda: weighed(texts, str(target)))
    known = ~np.isnan(ours)
    gap = np.abs(ours[known] - theirs[known]).max()
    print(f"{len(texts):,} documents, {known.sum():,} with words; largest difference {gap:.2e} (limit {LIMIT:.0e})")
    print(f"seconds with fitting: dsir {slow:.1f}, here {fast:.1f}, ratio {slow / fast:.0f}")


def timed(work):
    """What it returns, and its seconds."""
    start = time.perf_counter()
    return work(), time.perf_counter() - start


def reference(python: str, raw: Path, target: Path, folder: Path) -> np.ndarray:
    """What the package finds."""
    script = Path(__file__).with_name("_dsir_reference.py")
    subprocess.run([python, str(script), str(raw), str(target), str(folder)], check=True, capture_output=True)
    return np.load(folder / "found.npy")


def weighed(texts: list[str], target: str) -> np.ndarray:
    """What is found here, with the reference's buckets."""
    documents = pa.table(
        {"doc_id": pa.array(range(len(texts)), pa.uint64()), "text": pa.array(texts, pa.large_string())}
    )
    fitted = fit(Sample(documents, LABELS), target=target, hashing="sha256", seed=0)
    batches = (TextBatch(documents["text"].slice(i, 500).combine_chunks()) for i in range(0, len(texts), 500))
    scores = [importance(batch, fitted=fitted, hashing="sha256", min_words=0)["importance"] for batch in batches]
    return np.concatenate([np.array(pa.array(each).to_pylist(), np.float64) for each in scores])


if __name__ == "__main__":
    main()
