"""Made documents around topics, as many as one asks for, in files as a run's reading pass leaves them."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tasks.draw import noise
from tasks.order._features import word_counts

SLICE = 1 << 16
PER_TOPIC = 200  # documents per topic on average, whatever the number of documents
WORDS = 120  # mean length of a document, log-normal
TOPIC_WORDS = 150
COMMON = 30_000
RARE = 3_000_000
SHARES = (0.45, 0.45, 0.10)  # of a document's words: common to all, of its topic, rare
SPREAD = 0.7
FEATURES = 256


def write(folder: Path, count: int, seed: int = 0) -> tuple[pa.Table, list[str]]:
    """Write the hashed words of ``count`` documents; return doc_id, copy, tokens and source of all, and the files."""
    folder.mkdir(parents=True, exist_ok=True)
    tables, files = [], []
    for number, start in enumerate(range(0, count, SLICE)):
        size = min(SLICE, count - start)
        path = folder / f"measured-{number}.parquet"
        tables.append(_write(path, start, size, max(count // PER_TOPIC, 1), seed))
        files.append(str(path))
    return pa.concat_tables(tables).sort_by("doc_id"), files


def _write(path: Path, start: int, size: int, topics: int, seed: int) -> pa.Table:
    random = np.random.default_rng([seed, start])
    doc_ids = noise(np.arange(start, start + size, dtype=np.uint64), seed)
    lengths = np.clip(random.lognormal(np.log(WORDS), SPREAD, size), 8, 2_000).astype(np.int64)
    topic = (topics * random.random(size) ** 1.5).astype(np.int64)  # sizes fall with the topic's number
    words = _words(np.repeat(topic, lengths), random)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    buckets, counts = word_counts(words, offsets, FEATURES)
    columns = {"doc_id": pa.array(doc_ids), "word_buckets": buckets, "word_counts": counts}
    pq.write_table(pa.table(columns), path, compression="zstd", compression_level=1)
    tokens = lengths * 4 // 3 + 1
    copies, source = np.zeros(size, np.int32), pa.array(np.full(size, "made"))
    return pa.table({"doc_id": pa.array(doc_ids), "copy": copies, "tokens": tokens, "source": source})


def _words(topic: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.uint64]:
    """A word per entry: common and topic words by a power law of their rank, rare ones evenly."""
    kind = random.choice(3, len(topic), p=SHARES)
    rank = random.random(len(topic)) ** 3
    common = (COMMON * rank).astype(np.int64)
    own = COMMON + RARE + topic * 40 + (TOPIC_WORDS * rank).astype(np.int64)  # topics that lie close share words
    rare = COMMON + random.integers(0, RARE, len(topic))
    return noise(np.choose(kind, [common, own, rare]).astype(np.uint64), 1)
