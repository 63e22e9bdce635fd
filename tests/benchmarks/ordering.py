"""What ordering gains and costs: ``python -m tests.benchmarks.ordering [--documents N]``.

Without a number: on the real corpus, every order with every figure. With one: that many made documents, put in cells,
searched, laid on a path and packed, with time, processor seconds and memory.

What a corpus of n documents of 100 distinct words takes, in bytes a document. On disk: measured words 400 (kept as
parts), cells 1,300 (words 600, lists of their documents 600, the rest: ranks, squares, near cells up to 128), what was
found 90. In a task: one cell (131,072 documents, 170 MB) for its index and another for its own slice, mapped, so that
the system may drop it; 250 MB of working memory while a cell is filled; never more with more documents. In the process
of the run: doc_id and tokens 16, neighbors 80, graph 160 (as much again while it is sorted), edges 80, path 20, places
and segments of packing 60: about 500.

The plan for 10^9 documents: 7,600 cells in 1.7 TB of shared files; 250,000 slices of 4,096 documents, independent of
each other, each probing up to 32 cells, so that the work per document stays what it is at 10^6 (400 to 600
microseconds of a core: 150 core-hours). What grows is the flow's process: 500 GB of integers, or one machine of
that size; or greedy edges per group of neighboring cells (each group's ids are its own, its ends are linked as they are
now, among ends alone), groups laid one after the other along the path of centroids, which is how fragments are chained
today; 100 groups need 5 GB each. What was not shown is the recall at that size: a document's neighbors must lie in
the 32 cells nearest to it, and the run says what share does.
"""

import argparse
import gzip
import json
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tasks.order._graph import link
from tasks.order._greedy_edges import greedy_edges
from tasks.order._metrics import context_similarities, order_figures
from tasks.order._related import Related, relate, vectors_of
from tasks.order._residual_degree import residual_degree
from tasks.order.in_context import in_context, measure
from tasks.order.random import random
from tasks.pack.concatenate import concatenate
from tasks.text.batch import TextBatch
from tests.benchmarks._scale import run as scale
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
    table = documents_of(list(texts(50)))
    relate(vectors_of(table), neighbors=NEIGHBORS)
    for traversal in ("residual_degree", "greedy_edges"):
        in_context(table, seed=0, traversal=traversal)


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
        in_order = {name: _figures(documents, related, order, length, False) for name, order in orders.items()}
        print(f"  {'':34}" + "".join(f"{name:>18}" for name in figures))
        for row in next(iter(figures.values())):
            print(f"  {row:34}" + "".join(f"{figure[row]:18.4f}" for figure in figures.values()))
        row = "next_context_similarity"
        print(f"  {'the same, contexts not shuffled':34}" + "".join(f"{f[row]:18.4f}" for f in in_order.values()))
        row = "next_by_documents"
        print(f"  {'the same, shuffled, by documents':34}" + "".join(f"{f[row]:18.4f}" for f in figures.values()))


def _figures(
    documents: pa.Table, related: Related, order: NDArray[np.int64], length: int, shuffle: bool = True
) -> dict[str, float]:
    placed = documents.select(["doc_id", "copy", "tokens"]).take(pa.array(order))
    segments = concatenate(placed, context_length=length, seed=0, shuffle=shuffle)
    members = segments["context_id"].to_numpy().astype(np.int64), segments["doc_id"].to_numpy().astype(np.int64)
    tokens = segments["stop"].to_numpy() - segments["start"].to_numpy()
    found = order_figures(order, members, related, neighbors=NEIGHBORS, tokens=tokens)
    return found | {"next_by_documents": float(context_similarities(members, related.vectors)[1].mean())}


def gains() -> None:
    """Order the corpus in four ways and print what each gains and costs."""
    print("warming up")
    warm()
    found = read()
    print(f"\n{len(found):,} documents, {sum(len(text.encode()) for text in found) / 1e6:.1f} MB")
    documents = documents_of(found)
    with ThreadPool(WORKERS) as pool:
        vectors = timed("vectors", lambda: vectors_of(documents))
        related = timed(
            f"neighbors to measure by, {WORKERS} threads",
            lambda: relate(vectors, neighbors=NEIGHBORS, mapper=pool.imap),
        )
        print(f"  recall of those neighbors (sample, against all): {related.recall:.4f}")
        traversals(related)
        orders = {
            "random": random(documents, seed=0),
            "by source": np.argsort(documents["row"].to_numpy()),
        }
        for traversal in ("residual_degree", "greedy_edges"):
            asked = {"seed": 0, "traversal": traversal, "apart_tokens": max(LENGTHS), "mapper": pool.imap}
            orders[traversal] = timed(
                f"order in_context, {traversal}, from measured words", partial(in_context, documents, **asked)
            )
    compare(documents, related, orders)


def main() -> None:
    """Measure gains on the real corpus, or the cost of many made documents."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, help="order and pack so many made documents instead")
    parser.add_argument("--folder", type=Path, help="where to keep files on the way")
    asked = parser.parse_args()
    if asked.documents:
        scale(asked.documents, asked.folder)
    else:
        gains()


if __name__ == "__main__":
    main()
