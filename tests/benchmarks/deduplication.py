"""Deduplication measured: pairs found against the S-curve, and the speed and memory of its steps.

python -m tests.benchmarks.deduplication
"""

import resource
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.deduplicate._buckets import buckets, groups, plan, read_pairs
from tasks.deduplicate._recall import expected
from tasks.deduplicate._stars import jaccard, stars
from tasks.deduplicate.minhash import measure, minhash
from tasks.text import TextBatch
from tests import data
from tests.units.deduplicate.corpus import documents, grams, identities, planted, stored
from tests.units.deduplicate.corpus import jaccard as similarity_of_sets

SIMILARITIES = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9)
BANDS, ROWS = 14, 8


def main() -> None:
    """Print every table."""
    curve(pairs=1000)
    candidates(count=1_000_000)
    verification(count=20_000, size=500)
    real_texts(limit=8000)


def curve(pairs: int) -> None:
    """Pairs planted at known similarity that share a band, against the S-curve and three standard deviations."""
    print(f"pairs found, {BANDS} bands of {ROWS} rows, word 5-grams, {pairs} pairs planted per line")
    print(f"{'Jaccard':>8} {'found':>7} {'S-curve':>8} {'3 sd':>6}  within")
    for level in SIMILARITIES:
        found = list(planted(pairs, level, seed=round(level * 1000)))
        exact = np.array([similarity_of_sets(grams(a), grams(b)) for a, b in found])
        left, right = (np.array(_bands([pair[side] for pair in found])) for side in (0, 1))
        share = (left == right).any(axis=1).mean()
        chance = expected(exact, BANDS, ROWS)
        deviation = 3 * np.sqrt((chance * (1 - chance)).sum()) / pairs
        within = "yes" if abs(share - chance.mean()) <= deviation else "NO"
        print(f"{exact.mean():8.4f} {share:7.4f} {chance.mean():8.4f} {deviation:6.4f}  {within}")


def _bands(texts: list[str]) -> Any:
    found = measure(TextBatch(pa.array(texts, pa.large_string())), bands=BANDS, rows=ROWS)["bands"]
    return found.flatten().to_numpy().reshape(-1, BANDS)


def candidates(count: int) -> None:
    """Buckets, components and groups of random signatures, one in ten a near-duplicate of another."""
    generator = np.random.default_rng(0)
    bands = generator.integers(0, 2**63, (count, BANDS), dtype=np.uint64)
    copies = generator.choice(count, count // 10, replace=False)
    bands[copies, :7] = bands[generator.integers(0, count, len(copies)), :7]
    with TemporaryDirectory() as name:
        folder = Path(name)
        ids = np.arange(count, dtype=np.uint64) * np.uint64(9_000_000_000)
        offsets = np.arange(0, bands.size + 1, BANDS, dtype=np.int32)
        table = pa.table({"doc_id": ids, "bands": pa.ListArray.from_arrays(offsets, bands.ravel())})
        pq.write_table(table, folder / "signatures.parquet", compression="zstd", row_group_size=1 << 16)
        np.save(folder / "live.npy", ids)
        del table, bands
        files = [str(folder / "signatures.parquet")]
        pieces = plan(count, BANDS)

        def join() -> tuple[Any, Any]:
            return read_pairs([buckets(p, files, str(folder / "live.npy"), name, BANDS) for p in pieces])

        (bucket, document), joined = timed(join)
        print(f"\ncandidates of {count:,} signatures, {len(pieces)} tasks")
        print(f"  join       {count / joined:12,.0f} documents/s, {len(document):,} pairs of bucket and document")
        found, grouped = timed(lambda: groups(bucket, document, np.full(count, 3000)))
        print(f"  components {len(found[0]) / grouped:12,.0f} candidates/s, {int(found[1].max()) + 1} groups")
        print(f"  peak memory of this process {peak():,.0f} MB")


def verification(count: int, size: int) -> None:
    """Exact similarity of pairs of shingle sets, and a bucket in which all are similar or none is."""
    generator = np.random.default_rng(0)
    base = generator.integers(0, 2**63, size * 2, dtype=np.uint64)
    print(f"\nverification of {count:,} sets of {size} shingles")
    for name, shared in (("similar (0.9)", 0.947), ("at the threshold (0.7)", 0.824), ("unlike (0.3)", 0.46)):
        fixed = round(shared * size)
        fresh = generator.integers(0, 2**63, (count, size - fixed), dtype=np.uint64)
        sets = np.sort(np.concatenate([np.broadcast_to(base[:fixed], (count, fixed)), fresh], axis=1), axis=1)
        values, starts = sets.ravel(), np.arange(count) * size
        jaccard(values, 0, size, size, 2 * size, 0.7)
        members = np.arange(count)
        arrays = (values, starts, starts + size, members, np.zeros(count, np.int64), members)
        stars(*(array[:9] for array in arrays), 0.7, 128, np.full(9, -1), np.zeros(9))
        lost = np.full(count, -1)
        (compared, _), seconds = timed(lambda a=arrays, s=lost: stars(*a, 0.7, 128, s, np.zeros(count)))
        figures = f"{compared / seconds:12,.0f} pairs/s, {count / seconds:12,.0f} documents/s of one bucket"
        print(f"  {name:24} {figures}, {(lost >= 0).sum():,} removed")


def real_texts(limit: int) -> None:
    """The whole of it on real texts: signatures, candidates, verification, audit."""
    texts = list(data.texts(limit))
    size = sum(len(text.encode()) for text in texts) / 1e6
    with TemporaryDirectory() as name:
        ids = identities(len(texts))
        stored(Path(name) / "warm", texts[:10], ids[:10])
        parts, signed = timed(lambda: stored(Path(name), texts, ids, range(1000, len(texts), 1000)))
        found, seconds = timed(lambda: minhash(parts, documents(texts, ids), Path(name) / "work"))
    print(f"\n{len(texts):,} real texts, {size:.1f} MB")
    print(f"  signatures, with both files written {size / signed:8.1f} MB/s")
    print(f"  candidates, verification, audit     {len(texts) / seconds:8,.0f} documents/s ({seconds:.2f} s)")
    print("  " + ", ".join(f"{name} {value:,}" for name, value in found.statistics.items()))
    print(f"  largest clusters {found.clusters['documents'].to_pylist()[:10]}")
    print(f"  {'Jaccard':>8} {'pairs':>6} {'found':>7} {'S-curve':>8} {'3 sd':>6}")
    for row in found.recall.to_pylist():
        share = row["found"] / row["pairs"]
        figures = f"{row['jaccard']:8.3f} {row['pairs']:6} {share:7.3f} {row['expected']:8.3f}"
        print(f"  {figures} {3 * row['deviation']:6.3f}")


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    """Return a call's result and the seconds it took."""
    began = time.perf_counter()
    return call(), time.perf_counter() - began


def peak() -> float:
    """Return the largest memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
