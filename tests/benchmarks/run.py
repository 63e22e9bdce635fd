"""Time and memory of whole runs, and how they grow with the corpus.

    python -m tests.benchmarks.run [--corpus DIR] [--times 4] [--work DIR]

DIR holds ``*.jsonl.gz`` files; without it the texts are those of this Python. The command line runs as a person runs
it, on an empty warehouse with compiled kernels: on the corpus once, on it TIMES over, and each again with one
threshold changed.
"""

import argparse
import os
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks._corpus import sources, write_input
from tests.benchmarks._watch import Watched, gristmill, watch
from tests.data import corpus

RECIPE = """
name: benchmark
seed: 0
tolerance: 1%
sources:
{sources}
steps:
  - score: [size, word_statistics, line_statistics, repetition, c4_lines, compression_ratio, language]
  - filter:
      - {{rule: "words >= {words}"}}
      - {{rule: "duplicate_line_character_share <= 0.9"}}
      - {{rule: "top_2gram_share <= 0.9"}}
  - deduplicate: {{exact: {{}}, minhash: {{ngram: 5, bands: 14, rows: 8, verify: 0.7}}}}
  - reweight: {{temperature: {{alpha: 0.7, max_epochs: 4}}}}
  - order: {{in_context: {{neighbors: 10}}}}
  - pack: {{best_fit: {{context_length: 8192}}}}
export: [parquet]
"""
WORDS, CHANGED_WORDS = 5, 6
START_UP_SECONDS = 15.0
MEGABYTES_PER_SECOND = 10.0
PEAK_BYTES = 2e9
SHARE_OF_FIRST = 1 / 3


class Measured(NamedTuple):
    """A corpus with its first run, the run with another threshold, and the files of measures before and after it."""

    documents: int
    megabytes: float
    first: Watched
    again: Watched
    measures: int
    measures_after: int


class Figure(NamedTuple):
    """A figure beside what it must reach; ``least`` if that is the least it may be."""

    name: str
    value: float
    limit: float
    unit: str
    least: bool = False

    def __str__(self) -> str:
        ratio = self.value / self.limit if self.limit else 0.0
        good = self.value >= self.limit if self.least else self.value <= self.limit
        sign = ">=" if self.least else "<="
        return (
            f"  {self.name:<58} {self.value:>9.2f} {self.unit:<5} {sign} {self.limit:>6.2f}  {ratio:>6.2f}  "
            f"{'reached' if good else 'MISSED'}"
        )


def main() -> None:
    """Measure and print."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="gristmill-benchmark-") as temporary:
        work = options.work or Path(temporary)
        _measure(work / "small", None, 1)  # compiles what is not compiled yet
        once = _measure(work / "once", options.corpus, 1)
        many = _measure(work / "many", options.corpus, options.times)
    print(f"{os.cpu_count()} cores")
    for name, found in (("once", once), (f"{options.times} times", many)):
        print(f"{name}: {found.documents:,} documents, {found.megabytes:.1f} MB; load {found.first.load:.1f} before")
    print(f"\n  {'figure':<58} {'value':>9} {'':<5}    {'limit':>6}  {'ratio':>6}")
    for figure in figures(once, many):
        print(figure)
    _print_memory(once, many)
    _print_steps({"once": once.first, "again": once.again, "many": many.first, "many again": many.again})


def _options() -> argparse.Namespace:
    arguments = argparse.ArgumentParser(description="Time and memory of whole runs.")
    arguments.add_argument("--corpus", type=Path, default=corpus(), help="folder of *.jsonl.gz files")
    arguments.add_argument("--times", type=int, default=4, help="how many times over the larger input is")
    arguments.add_argument("--work", type=Path, help="folder to work in and to keep; else a temporary one")
    return arguments.parse_args()


def _measure(folder: Path, corpus: Path | None, times: int) -> Measured:
    given = write_input(folder / f"input-{times}", corpus, times)
    warehouse = folder / "warehouse"
    shutil.rmtree(warehouse, ignore_errors=True)
    first = watch(gristmill(_recipe(folder, times, WORDS), warehouse))
    before = _measure_files(warehouse)
    again = watch(gristmill(_recipe(folder, times, CHANGED_WORDS), warehouse))
    new = _measure_files(warehouse) - before
    return Measured(int(given["documents"]), given["megabytes"], first, again, len(before), len(new))


def _recipe(folder: Path, times: int, words: int) -> Path:
    home = folder / f"input-{times}"
    named = "\n".join(f'  {name}: {{path: "{home.name}/{name}-*.jsonl.gz"}}' for name in sources(home))
    path = folder / f"words-{words}.yaml"
    path.write_text(RECIPE.format(sources=named, words=words), encoding="utf-8")
    return path


def _measure_files(warehouse: Path) -> set[tuple[str, int]]:
    """Every file that reading and scoring keep, with its time: a file made again is another one."""
    files = (path for path in (warehouse / "parts").rglob("*.parquet") if path.parent.name != "steps")
    return {(str(path), path.stat().st_mtime_ns) for path in files}


def figures(once: Measured, many: Measured) -> list[Figure]:
    """Return every figure that has a limit."""
    rate = (many.megabytes - once.megabytes) / (many.first.whole - once.first.whole)
    peaks = [max(found.first.peaks.values()) for found in (once, many)]
    return [
        Figure("start-up, until the first step begins", once.first.start_up, START_UP_SECONDS, "s"),
        Figure("start-up, many times over", many.first.start_up, START_UP_SECONDS, "s"),
        Figure("each further megabyte", rate, MEGABYTES_PER_SECOND, "MB/s", least=True),
        Figure("peak memory of any process, once", peaks[0] / 1e9, PEAK_BYTES / 1e9, "GB"),
        Figure("peak memory of any process, many times over", peaks[1] / 1e9, PEAK_BYTES / 1e9, "GB"),
        *(
            figure
            for name, found in (("once", once), ("many times over", many))
            for figure in (
                Figure(f"changed threshold, {name}: share of the first run", _share(found), SHARE_OF_FIRST, ""),
                Figure(
                    f"changed threshold, {name}: new measure files of {found.measures}", found.measures_after, 0, ""
                ),
            )
        ),
    ]


def _share(found: Measured) -> float:
    return found.again.beyond / found.first.beyond


def _print_memory(once: Measured, many: Measured) -> None:
    print("\n  largest process of a role: peak memory in MB, growth in bytes per document, processor seconds of all")
    print(f"  {'role':<10} {'once':>8} {'many':>8} {'bytes per document':>20} {'once':>9} {'many':>9}")
    for role, peak in once.first.peaks.items():
        larger = many.first.peaks.get(role, 0)
        growth = (larger - peak) / max(many.documents - once.documents, 1)
        used = "".join(f" {found.first.seconds.get(role, 0.0):>9.1f}" for found in (once, many))
        print(f"  {role:<10} {peak / 1e6:>8.0f} {larger / 1e6:>8.0f} {growth:>20.0f}{used}")


def _print_steps(runs: dict[str, Watched]) -> None:
    print(f"\n  {'seconds':<16}" + "".join(f"{name:>12}" for name in runs))
    print(f"  {'start-up':<16}" + "".join(f"{run.start_up:>12.1f}" for run in runs.values()))
    for step in next(iter(runs.values())).steps:
        print(f"  {step:<16}" + "".join(f"{run.steps.get(step, 0.0):>12.1f}" for run in runs.values()))
    rest = {name: run.beyond - sum(run.steps.values()) for name, run in runs.items()}
    print(f"  {'between and end':<16}" + "".join(f"{seconds:>12.1f}" for seconds in rest.values()))
    print(f"  {'whole':<16}" + "".join(f"{run.whole:>12.1f}" for run in runs.values()))
    print(f"  {'processor':<16}" + "".join(f"{sum(run.seconds.values()):>12.1f}" for run in runs.values()))
    print(f"  {'load at end':<16}" + "".join(f"{run.load:>12.1f}" for run in runs.values()))


if __name__ == "__main__":
    main()
