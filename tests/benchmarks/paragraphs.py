"""Do the paragraphs of a document find each other again: ``python -m tests.benchmarks.paragraphs [--corpus FOLDER]``.

Documents are cut at blank lines and their paragraphs shuffled; each order puts them into contexts, and the share of
paragraphs is counted whose context holds another paragraph of their document. All orders see the same texts and the
same contexts' length; the published script gets the same neighbors as our own.
"""

import argparse
import gzip
import json
import time
from collections.abc import Callable, Iterator
from multiprocessing.pool import ThreadPool
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sklearn.cluster import MiniBatchKMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from tasks.order._related import relate, vectors_of
from tasks.order.in_context import in_context, measure
from tasks.order.random import random
from tasks.pack.concatenate import concatenate
from tasks.text.batch import TextBatch
from tests.benchmarks._sorted_as_published import sorted_as_published
from tests.data import corpus as usual_corpus
from tests.data import texts

LENGTH = 2_048
BYTES_PER_TOKEN = 4
SHORTEST = 200  # characters; shorter paragraphs are headings and the like
LONGEST = LENGTH * BYTES_PER_TOKEN // 2  # a paragraph that fills a context leaves no room for another
WORKERS = 2
Order = NDArray[np.int64]


def documents(corpus: Path | None) -> Iterator[str]:
    """The texts of every file of a corpus, or sources of this Python."""
    if corpus is None:
        yield from texts(200)
        return
    for file in sorted(corpus.glob("*.jsonl.gz")):
        with gzip.open(file, "rt", encoding="utf-8", newline="\n") as lines:
            yield from (json.loads(line)["text"] for line in lines)


def paragraphs(found: list[str]) -> tuple[list[str], NDArray[np.int64]]:
    """The paragraphs of those documents that have two or more, shuffled, with the number of their document."""
    parts, owners = [], []
    for number, text in enumerate(found):
        own = {part.strip() for part in text.split("\n\n")}
        fit = sorted(part for part in own if SHORTEST <= len(part) <= LONGEST)
        if len(fit) > 1:
            parts += fit
            owners += [number] * len(fit)
    shuffled = np.random.default_rng(0).permutation(len(parts))
    return [parts[i] for i in shuffled], np.array(owners, np.int64)[shuffled]


def table_of(parts: list[str]) -> pa.Table:
    """The table that an orderer gets; doc_ids are the numbers of the shuffled paragraphs."""
    batch = TextBatch(pa.array(parts, pa.large_string()))
    tokens = np.diff(batch.offsets) // BYTES_PER_TOKEN + 1
    ids = np.arange(len(parts), dtype=np.uint64)
    return pa.table({"doc_id": ids, "copy": np.zeros(len(parts), np.int32), "tokens": tokens, **measure(batch)})


def companions(table: pa.Table, order: Order, owners: NDArray[np.int64]) -> tuple[float, float]:
    """Share of all paragraphs with another of their document in a context of theirs, and right after them."""
    segments = concatenate(table.select(["doc_id", "copy", "tokens"]).take(pa.array(order)), context_length=LENGTH)
    context, part = segments["context_id"].to_numpy(), segments["doc_id"].to_numpy().astype(np.int64)
    pairs = np.unique(np.column_stack([context, owners[part], part]), axis=0)
    groups, counts = np.unique(pairs[:, :2], axis=0, return_counts=True)
    several = groups[counts > 1]
    keys = several[:, 0] * (owners.max() + 1) + several[:, 1]
    together = np.unique(part[np.isin(context * (owners.max() + 1) + owners[part], keys)])
    return len(together) / len(owners), float((owners[order[:-1]] == owners[order[1:]]).sum() / len(owners))


def clustered(parts: list[str], size: int, directions: int | None) -> Order:
    """By k-means clusters of tf-idf vectors, of so many paragraphs each on average, at random within one."""
    features = TfidfVectorizer(sublinear_tf=True, min_df=2, max_features=100_000).fit_transform(parts)
    if directions:
        features = normalize(TruncatedSVD(directions, random_state=0).fit_transform(features))
    k = max(len(parts) // size, 2)
    labels = MiniBatchKMeans(k, batch_size=4_096, n_init=1, max_iter=20, random_state=0).fit_predict(features)
    return np.lexsort((np.random.default_rng(1).permutation(len(parts)), labels))


def main() -> None:
    """Print one table of all orders."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=usual_corpus(), help="folder of *.jsonl.gz files with texts")
    parser.add_argument("--every", type=int, default=1, help="take every so manyth document")
    asked = parser.parse_args()
    parts, owners = paragraphs(list(documents(asked.corpus))[:: asked.every])
    table = table_of(parts)
    per_context = round(LENGTH / float(np.mean(table["tokens"].to_numpy())))
    whole = len(np.unique(owners))
    print(f"{len(parts):,} paragraphs of {whole:,} documents, about {per_context} to a context of {LENGTH:,}")
    with ThreadPool(WORKERS) as pool:
        related = relate(vectors_of(table), neighbors=10, mapper=pool.imap)
        published: list[str] = []

        def script() -> Order:
            found = sorted_as_published(related.ids, parts)
            published.append(f"the script drops {found.dropped:,} and would have stopped at {found.stuck:,} paragraphs")
            return found.order

        def ours(traversal: str) -> Order:
            return in_context(table, seed=0, traversal=traversal, apart_tokens=LENGTH, mapper=pool.imap)

        orders: dict[str, Callable[[], Order]] = {
            "random": lambda: random(table, seed=0),
            f"tf-idf k-means, {100} each": lambda: clustered(parts, 100, None),
            f"tf-idf, 100 directions, k-means, {per_context} each": lambda: clustered(parts, per_context, 100),
            "published script, same neighbors": script,
            "in_context, residual_degree": lambda: ours("residual_degree"),
            "in_context, greedy_edges": lambda: ours("greedy_edges"),
        }
        report(table, owners, orders)
    print(*published, f"recall of the neighbors: {related.recall:.4f}", sep="\n")


def report(table: pa.Table, owners: NDArray[np.int64], orders: dict[str, Callable[[], Order]]) -> None:
    """Print what each order reaches, how many times the share of a random one, and how long it took."""
    print(f"{'order':46}{'in context':>12}{'x random':>10}{'right after':>13}{'x random':>10}{'seconds':>9}")
    first: tuple[float, float] | None = None
    for name, make in orders.items():
        start = time.perf_counter()
        order = make()
        took = time.perf_counter() - start
        found = companions(table, order, owners)
        first = first or found
        ratios = [share / max(base, 1e-9) for share, base in zip(found, first, strict=True)]
        print(f"{name:46}{found[0]:12.4f}{ratios[0]:10.1f}{found[1]:13.4f}{ratios[1]:10.1f}{took:9.1f}", flush=True)


if __name__ == "__main__":
    main()
