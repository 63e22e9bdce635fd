"""How full contexts get, what is cut, what stays together, and how fast: ``python -m tests.benchmarks.packing``.

Lengths are log-normal with the median (447 tokens) and mean (819) of a web corpus, at most 200,000; one seed. The first
table is on 200,000 documents, the second times one core on 1,000,000. The third is on the corpus in in-context order
(a token is taken to be four bytes): the similarity of neighbors in a context, as a share of the order's own, beside
padding. The fourth decomposes the corpus, the fifth makes long documents more frequent.
"""

import gzip
import json
import os
import time
from collections.abc import Callable

import numpy as np
import pyarrow as pa

from tasks.order._related import vectors_of
from tasks.order._vectors import cosines
from tasks.order.in_context import in_context, measure
from tasks.pack._metrics import packing_metrics
from tasks.pack._segments import Integers, segments_table
from tasks.pack.best_fit import best_fit
from tasks.pack.concatenate import concatenate
from tasks.pack.decompose import decompose
from tasks.pack.decompose import figures as decomposition
from tasks.pack.near_fit import near_fit
from tasks.select.long_documents import long_documents
from tasks.text.batch import TextBatch
from tests.data import corpus, texts

MEDIAN, MEAN, LONGEST = 447, 819, 200_000
BYTES_PER_TOKEN = 4
SPEEDS = (
    "concatenate",
    "best_fit, window: null",
    "best_fit, window: 16 (default)",
    "near_fit (lengths only)",
)
Packer = Callable[[pa.Table, int], pa.Table]


def documents(count: int, seed: int = 0) -> pa.Table:
    """Draw ``count`` documents in order."""
    sigma = np.sqrt(2 * np.log(MEAN / MEDIAN))
    lengths = np.random.default_rng(seed).lognormal(np.log(MEDIAN), sigma, count)
    return pa.table(
        {
            "doc_id": np.arange(count, dtype=np.uint64),
            "copy": np.zeros(count, np.int32),
            "tokens": np.clip(lengths, 1, LONGEST).astype(np.int64),
            "source": pa.array(np.full(count, "web")),
        }
    )


def corpus_documents() -> pa.Table:
    """The corpus (or some texts of this Python) with what an in-context order needs of it."""
    folder = corpus()
    found = [("python", text) for text in texts()]
    if folder is not None:
        found = [
            (file.name.split(".")[0], json.loads(line)["text"])
            for file in sorted(folder.glob("*.jsonl.gz"))
            for line in gzip.decompress(file.read_bytes()).split(b"\n")
            if line
        ]
    batch = TextBatch(pa.array([text for _, text in found], pa.large_string()))
    told = measure(batch)
    return pa.table(
        {
            "doc_id": np.arange(len(found), dtype=np.uint64),
            "copy": np.zeros(len(found), np.int32),
            "tokens": np.diff(batch.offsets) // BYTES_PER_TOKEN + 1,
            "source": [source for source, _ in found],
            "word_buckets": told["word_buckets"],
            "word_counts": told["word_counts"],
        }
    )


def next_fit(table: pa.Table, limit: int) -> pa.Table:
    """The baseline: a document that does not fit the open context closes it."""
    segments = _pieces(table, limit)
    context, room = [-1], 0
    for size in (segments["stop"].to_numpy() - segments["start"].to_numpy()).tolist():
        opens = size > room
        room = (limit if opens else room) - size
        context.append(context[-1] + opens)
    return _packed(table, segments, np.array(context[1:]))


def in_batches(table: pa.Table, limit: int, size: int = 1000) -> pa.Table:
    """Best fit over batches that share nothing, as trainers do that pack while mapping over rows."""
    batches = [table.slice(begin, size) for begin in range(0, table.num_rows, size)]
    found, contexts = [], 0
    for batch in batches:
        segments = best_fit(batch, context_length=limit, window=None, shuffle=False)
        ids = segments["context_id"].to_numpy() + contexts
        contexts = int(ids.max()) + 1
        found.append(segments.set_column(0, "context_id", pa.array(ids)))
    return pa.concat_tables(found)


def whole_only(table: pa.Table, limit: int) -> pa.Table:
    """The baseline: every context begins with a document's beginning, and what does not fit is lost."""
    found, room = [], 0
    contexts = -1
    for row, size in enumerate(table["tokens"].to_pylist()):
        if room == 0:
            contexts, room = contexts + 1, limit
        taken = min(size, room)
        room -= taken
        found.append((row, taken, contexts))
    spans = np.array(found, np.int64).T
    return segments_table(table, spans[0], np.zeros(len(found), np.int64), spans[1], spans[2])


def _pieces(table: pa.Table, limit: int) -> pa.Table:
    """Return all pieces in order, each in a context of its own."""
    return best_fit(table.slice(0), context_length=limit, window=1, shuffle=False).sort_by(
        [("doc_id", "ascending"), ("start", "ascending")]
    )


def _packed(table: pa.Table, segments: pa.Table, context: Integers) -> pa.Table:
    row = segments["doc_id"].to_numpy().astype(np.int64)
    return segments_table(table, row, segments["start"].to_numpy(), segments["stop"].to_numpy(), context)


PACKERS: dict[str, Packer] = {
    "concatenate": lambda table, limit: concatenate(table, context_length=limit),
    "best_fit, window: null": lambda table, limit: best_fit(table, context_length=limit, window=None),
    "best_fit, window: 16384": lambda table, limit: best_fit(table, context_length=limit, window=16384),
    "best_fit, window: 1024": lambda table, limit: best_fit(table, context_length=limit, window=1024),
    "best_fit, window: 128": lambda table, limit: best_fit(table, context_length=limit, window=128),
    "best_fit, window: 16 (default)": lambda table, limit: best_fit(table, context_length=limit),
    "near_fit (lengths only)": lambda table, limit: near_fit(table, context_length=limit),
    "best fit in batches of 1000": in_batches,
    "next fit": next_fit,
    "whole beginnings, the rest lost": whole_only,
}


def near_share(segments: pa.Table, reach: int = 16) -> float:
    """Return the share of neighbors in a context that are at most ``reach`` places apart in the order."""
    context, place = segments["context_id"].to_numpy(), segments["doc_id"].to_numpy().astype(np.int64)
    return float((np.abs(np.diff(place))[np.diff(context) == 0] <= reach).mean())


def fullness(count: int = 200_000) -> None:
    """Print what each packing pads, cuts and keeps together."""
    table = documents(count)
    print(
        f"{'L':>5} {'packing':31} {'pad':>8} {'extra contexts':>18} {'cut':>6} {'avoidably':>9} {'cuts':>8} "
        f"{'near':>5} {'lost':>6}"
    )
    for limit in (2048, 8192):
        for name, packer in PACKERS.items():
            segments = packer(table, limit)
            m = packing_metrics(segments, table, context_length=limit)
            assert m.conserved or packer is whole_only
            extra = f"{m.extra_contexts} ({m.extra_context_share:.4%})"
            print(
                f"{limit:>5} {name:31} {m.padding_share:>8.4%} {extra:>18} {m.cut_document_share:>6.1%} "
                f"{m.avoidably_cut_share:>9.1%} {m.cuts:>8} {near_share(segments):>5.2f} {m.lost_token_share:>6.1%}"
            )


def speed(count: int = 1_000_000) -> None:
    """Print documents per second of one core."""
    table = documents(count)
    for limit in (2048, 8192):
        for name in SPEEDS:
            some = table.slice(0, count // 20) if "near" in name else table
            begin = time.perf_counter()
            PACKERS[name](some, limit)
            took = time.perf_counter() - begin
            print(f"{limit:>5} {name:31} {len(some) / took:>12,.0f} documents/s ({len(some):,} in {took:.2f} s)")


def along_an_order(documents: pa.Table) -> None:
    """Print how much of an order's similarity packings keep, at which padding."""
    ordered = documents.take(pa.array(in_context(documents, seed=0)))
    vectors, ids = vectors_of(ordered), ordered["doc_id"].to_numpy()
    rank = np.argsort(ids)
    for limit in (2048, 8192):
        own = 0.0
        for name in (
            "concatenate",
            *(name for name in PACKERS if "window" in name),
            "near_fit (lengths only)",
            "near_fit",
        ):
            packer = PACKERS.get(name) or (lambda table, limit: near_fit(table, context_length=limit))
            table = ordered if name == "near_fit" else ordered.drop_columns(["word_buckets", "word_counts"])
            begin = time.perf_counter()
            segments = packer(table, limit)
            took = time.perf_counter() - begin
            row = rank[np.searchsorted(ids[rank], segments["doc_id"].to_numpy())]
            inside = (np.diff(segments["context_id"].to_numpy()) == 0) & (np.diff(row) != 0)
            similarity = float(cosines(vectors, row[:-1][inside], row[1:][inside]).mean())
            own = own or similarity
            padding = packing_metrics(segments, table, context_length=limit).padding_share
            print(f"{limit:>5} {name:31} {padding:>8.3%} {similarity:>7.4f} {similarity / own:>7.1%} {took:>6.1f} s")


def decomposed(documents: pa.Table) -> None:
    """Print the tokens in contexts of each length, as cut and at random, and what is lost."""
    for pieces in ("longest", "random"):
        segments = decompose(documents, pieces=pieces)
        found = decomposition(documents, segments, shortest=256, longest=8192, ahead=0, batch_tokens=None)
        held = {name.rpartition("_")[2]: value for name, value in found.items() if name.startswith("tokens_of_length")}
        total = int(documents["tokens"].to_numpy().sum())
        shares = ", ".join(f"{length}: {value / total:.2%}" for length, value in held.items())
        print(
            f"{pieces:8} {shares}; lost {1 - sum(held.values()) / total:.2%}; mean {found['mean_context_tokens']:.0f}"
        )


def longer(documents: pa.Table) -> None:
    """Print each source's share of tokens and of long documents, before and after; of sources that have some."""
    sources, tokens = documents["source"], documents["tokens"].to_numpy()
    codes = sources.combine_chunks().dictionary_encode().indices.to_numpy()
    share = np.bincount(codes, weights=tokens >= 4096) / np.bincount(codes)
    documents = documents.filter(pa.array(share[codes] >= 0.2))
    found = long_documents(documents, seed=0, long_share=0.7)
    tokens, source = documents["tokens"].to_numpy(), documents["source"].to_numpy(zero_copy_only=False)
    kept = tokens * found.copies
    print(f"{kept.sum() / tokens.sum():.1%} of the tokens are kept; no document more than {found.copies.max()} time")
    for name in np.unique(source):
        mine = source == name
        before, after = (amount[mine].sum() / amount.sum() for amount in (tokens, kept))
        long = [float((tokens[mine & there] >= 4096).mean()) for there in (tokens > 0, kept > 0)]
        print(
            f"{name:20} {before:>7.3%} -> {after:>7.3%} ({after / before - 1:+.2%}); "
            f"long {long[0]:>6.1%} -> {long[1]:>6.1%}"
        )


if __name__ == "__main__":
    print(f"{os.cpu_count()} cores; one is used. near: neighbors in a context at most 16 places apart in the order")
    fullness()
    speed()
    found = corpus_documents()
    along_an_order(found)
    decomposed(found)
    longer(found)
