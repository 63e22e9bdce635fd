"""What ordering gains and costs on the real corpus: ``python -m tests.benchmarks.ordering``."""

import gzip
import json
import time
from collections.abc import Callable
from multiprocessing.pool import ThreadPool
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tasks.order._graph import link
from tasks.order._greedy_edges import greedy_edges
from tasks.order._metrics import order_figures
from tasks.order._neighbors import Mapper
from tasks.order._pipeline import Related, arrange, relate, vectors_of
from tasks.order._residual_degree import residual_degree
from tasks.order.in_context import measure
from tasks.order.random import random
from tasks.pack.concatenate import concatenate
from tasks.text.batch import TextBatch
from tests.data import corpus, texts

NEIGHBORS = 10
LENGTHS = (2_048, 8_192)
BYTES_PER_TOKEN = 4
WORKERS = 2
Orders = dict[str, NDArray[np.int64]]


def read() -> list[str]:
    """The texts of the corpus (or some of this Python's), source by source as their files have them."""
    folder = corpus()
    if folder is None:
        return list(texts())
    found: list[str] = []
    for file in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(file, "rt", encoding="utf-8", newline="\n") as lines:
            found += [json.loads(line)["text"] for line in lines]
    return found


def documents_of(found: list[str]) -> pa.Table:
    """The table that an orderer gets; a token is taken to be four bytes, and doc_ids to be in random order."""
    batch = TextBatch(pa.array(found, pa.large_string()))
    timed("words of all texts (shared with the scorers)", lambda: batch.words)
    columns = timed("hashed word counts", lambda: measure(batch))
    tokens = np.diff(batch.offsets) // BYTES_PER_TOKEN + 1
    doc_ids = np.random.default_rng(0).permutation(len(found)).astype(np.uint64)
    table = pa.table(
        {"doc_id": doc_ids, "copy": np.zeros(len(found), np.int32), "row": np.arange(len(found)), "tokens": tokens}
    )
    for name, values in columns.items():
        table = table.append_column(name, values)
    return table.sort_by("doc_id")


def timed(what: str, act: Callable[[], Any]) -> Any:
    """Run ``act`` and print how long it took."""
    start = time.perf_counter()
    result = act()
    print(f"  {what:60} {time.perf_counter() - start:8.3f} s")
    return result


def warm() -> None:
    """Compile the kernels on a few texts, so that no figure contains it."""
    some = list(texts(50))
    table = documents_of(some)
    for traversal in ("residual_degree", "greedy_edges"):
        order_of(table, related_of(table), traversal)


def related_of(documents: pa.Table, mapper: Mapper = map) -> Related:
    """Vectors and neighbors, timed."""
    vectors = timed("vectors", lambda: vectors_of(documents, dimensions=128, seed=0))
    found: Related = timed(
        f"neighbors, {WORKERS} threads", lambda: relate(vectors, neighbors=NEIGHBORS, seed=0, mapper=mapper)
    )
    return found


def order_of(documents: pa.Table, related: Related, traversal: str) -> NDArray[np.int64]:
    """An in-context order from ready neighbors."""
    path = arrange(
        related,
        documents["tokens"].to_numpy(),
        neighbors=NEIGHBORS,
        traversal=traversal,
        apart=0.9,
        apart_tokens=max(LENGTHS),
        seed=0,
    )
    return path.order


def traversals(related: Related) -> None:
    """Print how fast the traversals are from a ready table of neighbors, its graph included."""
    for name, traverse in (("residual_degree", residual_degree), ("greedy_edges, unlinked", greedy_edges)):
        start = time.perf_counter()
        graph = link(related.ids, related.similarities, neighbors=NEIGHBORS, apart=900_000)
        middle = time.perf_counter()
        traverse(graph)
        end = time.perf_counter()
        count = len(graph)
        print(
            f"  {name:24} {count / (end - middle):12,.0f} documents/s, {count / (end - start):12,.0f} with the graph, "
            "one core"
        )


def compare(documents: pa.Table, related: Related, orders: Orders) -> None:
    """Print every figure of every order in contexts of every length."""
    for length in LENGTHS:
        figures = {name: _figures(documents, related, order, length) for name, order in orders.items()}
        print(f"\ncontexts of {length:,} tokens, concatenated and shuffled")
        print(f"  {'':34}" + "".join(f"{name:>18}" for name in figures))
        for row in next(iter(figures.values())):
            print(f"  {row:34}" + "".join(f"{figure[row]:18.4f}" for figure in figures.values()))


def _figures(documents: pa.Table, related: Related, order: NDArray[np.int64], length: int) -> dict[str, float]:
    placed = documents.select(["doc_id", "copy", "tokens"]).take(pa.array(order))
    segments = concatenate(placed, context_length=length, seed=0)
    members = segments["context_id"].to_numpy().astype(np.int64), segments["doc_id"].to_numpy().astype(np.int64)
    return order_figures(order, members, related, neighbors=NEIGHBORS)


def main() -> None:
    """Order the corpus in four ways and print what each gains and costs."""
    print("warming up")
    warm()
    found = read()
    print(f"\n{len(found):,} documents, {sum(len(text.encode()) for text in found) / 1e6:.1f} MB")
    documents = documents_of(found)
    with ThreadPool(WORKERS) as pool:
        related = related_of(documents, pool.imap)
    print(f"  recall of the neighbor search (sample): {related.recall:.4f}")
    traversals(related)
    orders = {
        "random": random(documents, seed=0),
        "by source": np.argsort(documents["row"].to_numpy()),
    }
    for traversal in ("residual_degree", "greedy_edges"):
        orders[traversal] = timed(
            f"order by {traversal}, from ready neighbors", lambda name=traversal: order_of(documents, related, name)
        )
    compare(documents, related, orders)


if __name__ == "__main__":
    main()
