"""Ordering and packing as many made documents as one asks for: time, processor seconds, memory, disk, recall."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import psutil

from tasks.order._pipeline import Settings, arrange
from tasks.pack.best_fit import best_fit
from tests.benchmarks.clustered import PER_TOPIC, write

WORKERS = 2
LENGTH = 8_192
SETTINGS = Settings(10, "greedy_edges", 0.9, LENGTH, 128, 0)


class Watch:
    """Memory of this process and its children, looked at five times a second; shared pages count once each share."""

    def __init__(self) -> None:
        self.peak = 0
        self.largest = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        me = psutil.Process()
        while not self._stop.wait(0.2):
            sizes = []
            for process in [me, *me.children(recursive=True)]:
                try:
                    sizes.append(process.memory_full_info().pss)
                except psutil.Error:
                    continue
            self.peak = max(self.peak, sum(sizes))
            self.largest = max([self.largest, *sizes])


def seconds() -> float:
    """Processor seconds of this process and of its children."""
    me = psutil.Process()
    return sum(sum(process.cpu_times()[:2]) for process in (me, *me.children(recursive=True)))


@contextmanager
def stage(name: str, count: int, told: dict[str, float]) -> Iterator[None]:
    """Print what a stage takes."""
    wall, cpu = time.perf_counter(), seconds()
    yield
    wall, cpu = time.perf_counter() - wall, seconds() - cpu
    told[name] = cpu
    print(f"  {name:44} {wall:8.1f} s   {cpu:8.1f} processor s   {cpu / count * 1e6:8.1f} us a document", flush=True)


class Pooled:
    """Map over processes, and print what each call took."""

    def __init__(self, pool: Any) -> None:
        self.pool = pool

    def __call__(self, function: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        listed, wall, cpu = list(items), time.perf_counter(), seconds()
        found: list[Any] = self.pool.map(function, listed, chunksize=1)
        wall, cpu = time.perf_counter() - wall, seconds() - cpu
        name = getattr(getattr(function, "func", function), "__name__", "")
        print(f"    {name:20} {len(listed):6,} tasks {wall:8.1f} s {cpu:8.1f} processor s", flush=True)
        return found


def warm(pool: Any) -> None:
    """Compile the kernels, in every process, on a few documents."""
    with TemporaryDirectory() as where:
        for turn in range(2):
            documents, files = write(Path(where) / f"measured-{turn}", 3_000)
            cells = replace(SETTINGS, cell=500)
            arrange(documents, files, Path(where) / f"order-{turn}", cells, pool.map if turn else map, True)
            best_fit(documents, context_length=LENGTH)


def run(count: int, folder: Path | None) -> None:
    """Make ``count`` documents, order and pack them, and print what each stage took."""
    with TemporaryDirectory(dir=folder) as where:
        home = Path(where)
        documents, files = write(home / "measured", count)
        size = sum(Path(file).stat().st_size for file in files)
        print(
            f"{count:,} made documents, {PER_TOPIC} to a topic; measured words on disk: {size / count:.0f} bytes each"
        )
        told: dict[str, float] = {}
        with Watch() as watch, get_context("spawn").Pool(WORKERS) as pool:
            warm(pool)
            wall = time.perf_counter()
            with stage("cells, neighbors, graph, path", count, told):
                way = arrange(documents, files, home / "order", SETTINGS, Pooled(pool), True)
            with stage("best-fit packing on the path", count, told):
                segments = best_fit(documents.take(way.order), context_length=LENGTH)
            wall = time.perf_counter() - wall
        assert (np.sort(way.order) == np.arange(count)).all()
        disk = sum(file.stat().st_size for file in (home / "order").rglob("*.npy"))
        contexts = int(segments["context_id"].to_numpy().max()) + 1
        cpu = sum(told.values())
        print(f"  in all {wall:.1f} s, {cpu:.1f} processor s: {cpu / count * 1e6:.0f} us a document")
        print(f"  peak memory of all processes {watch.peak / 1e9:.2f} GB, of the largest {watch.largest / 1e9:.2f} GB")
        print(f"  files on the way {disk / count:.0f} bytes a document; {contexts:,} contexts")
        print(f"  recall@10 against all, sample of 256: {way.recall:.4f} with {way.effort}")
        print(f"  fragments left: {way.pieces:,}; near-duplicates without a place: {way.unplaced:,}")
