"""How full contexts get, what is cut, and how fast: ``python -m tests.benchmarks.packing``.

Lengths are log-normal with the median (447 tokens) and mean (819) of a web corpus, at most 200,000; one seed. The first
table is on 200,000 documents, the second times one core on 1,000,000.
"""

import os
import time
from collections.abc import Callable

import numpy as np
import pyarrow as pa

from tasks.pack._metrics import packing_metrics
from tasks.pack._segments import Integers, segments_table
from tasks.pack.best_fit import best_fit
from tasks.pack.concatenate import concatenate

MEDIAN, MEAN, LONGEST = 447, 819, 200_000
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
    "best fit in batches of 1000": in_batches,
    "next fit": next_fit,
}


def near_share(segments: pa.Table, reach: int = 16) -> float:
    """Return the share of neighbors in a context that are at most ``reach`` places apart in the order."""
    context, place = segments["context_id"].to_numpy(), segments["doc_id"].to_numpy().astype(np.int64)
    return float((np.abs(np.diff(place))[np.diff(context) == 0] <= reach).mean())


def fullness(count: int = 200_000) -> None:
    """Print what each packing pads, cuts and keeps together."""
    table = documents(count)
    print(
        f"{'L':>5} {'packing':31} {'pad':>8} {'extra contexts':>18} {'cut':>6} {'avoidably':>9} {'cuts':>8} {'near':>5}"
    )
    for limit in (2048, 8192):
        for name, packer in PACKERS.items():
            segments = packer(table, limit)
            m = packing_metrics(segments, table, context_length=limit)
            assert m.conserved
            extra = f"{m.extra_contexts} ({m.extra_context_share:.4%})"
            print(
                f"{limit:>5} {name:31} {m.padding_share:>8.4%} {extra:>18} {m.cut_document_share:>6.1%} "
                f"{m.avoidably_cut_share:>9.1%} {m.cuts:>8} {near_share(segments):>5.2f}"
            )


def speed(count: int = 1_000_000) -> None:
    """Print documents per second of one core."""
    table = documents(count)
    for limit in (2048, 8192):
        for name in ("concatenate", "best_fit, window: null", "best_fit, window: 16 (default)"):
            begin = time.perf_counter()
            PACKERS[name](table, limit)
            took = time.perf_counter() - begin
            print(f"{limit:>5} {name:31} {count / took:>12,.0f} documents/s ({count:,} in {took:.2f} s)")


if __name__ == "__main__":
    print(f"{os.cpu_count()} cores; one is used. near: neighbors in a context at most 16 places apart in the order")
    fullness()
    speed()
