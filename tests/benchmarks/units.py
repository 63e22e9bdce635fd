"""What each scorer costs, sorted, and all of them in one pass over the text: megabytes per second of one core.

    python -m tests.benchmarks.units [--corpus FOLDER] [--megabytes 30]

A scorer's own work is its time on batches whose words, lines and paragraphs are found already; finding them is a line
of its own, and is paid once however many scorers are asked for. Scorers that learn are fitted before, which is not
counted. The limit for one pass of all that need no trained model is 20 MB/s; the language model stands apart, and those
that parse Python file by file do, because what they cost depends on how much of the corpus is Python.
"""

import argparse
import gzip
import time
from collections import defaultdict
from pathlib import Path

import orjson
import pyarrow as pa

from tasks import units
from tasks.sample import pieces
from tasks.text import TextBatch
from tests.contracts.test_units import measure_of
from tests.data import texts

TRAINED = ("language",)
PARSING = ("python_comments", "python_lint", "python_syntax")
LIMIT = 20.0
SHARED = ("words", "lines", "paragraphs", "characters", "marks", "sentences")


def corpus(folder: Path | None, megabytes: float) -> pa.Table:
    """About so many megabytes of texts, from every source alike."""
    if folder is None:
        found = [(text, None, None) for text in texts(200)]
    else:
        files = sorted(folder.glob("*.jsonl.gz"))
        found = [row for file in files for row in _head(file, megabytes * 1e6 / len(files))]
    columns = dict(zip(("text", "url", "created"), zip(*found, strict=True), strict=True))
    table = pa.table({"text": pa.array(columns["text"], pa.large_string())})
    for name in ("url", "created"):
        table = table.append_column(name, pa.array(columns[name], pa.string()))
    return table


def _head(file: Path, size: float) -> list[tuple[str, str | None, str | None]]:
    found, used = [], 0.0
    for line in gzip.decompress(file.read_bytes()).split(b"\n"):
        if not line or used >= size:
            break
        row = orjson.loads(line)
        found.append((row["text"], row.get("url"), row.get("date")))
        used += len(row["text"].encode())
    return found


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--megabytes", type=float, default=30.0)
    given = parser.parse_args()
    table = corpus(given.corpus, given.megabytes)
    measures = [measure_of(unit) for unit in units.units("score")]
    measured(next(pieces(table)), measures)  # loads the kernels
    spent, size = measured(table, measures)
    show(spent, size, {unit.name for unit in units.units("score") if unit.fit})


def measured(table: pa.Table, measures: list) -> tuple[dict[str, float], float]:
    """Processor seconds of the shared work and of each scorer, and the megabytes of text."""
    spent: dict[str, float] = defaultdict(float)
    size = 0.0
    for piece in pieces(table):
        batch = TextBatch(piece["text"].combine_chunks(), piece)
        size += piece["text"].nbytes / 1e6
        start = time.process_time()
        for name in SHARED:
            getattr(batch, name)
        spent["(words, lines, paragraphs, sentences)"] += time.process_time() - start
        for measure in measures:
            start = time.process_time()
            measure.compute(batch)
            spent[measure.name] += time.process_time() - start
    return dict(spent), size


def show(spent: dict[str, float], size: float, learnt: set[str]) -> None:
    """Print MB/s per unit, the slowest first, and of one pass of each family."""
    print(f"{size:.1f} MB of text, one core; processor time\n")
    print(f"{'scorer':40} {'MB/s':>9}  needs")
    for name, seconds in sorted(spent.items(), key=lambda pair: -pair[1]):
        kind = (
            "a sample to learn from"
            if name in learnt
            else "parses Python"
            if name in PARSING
            else "a model"
            if name in TRAINED
            else ""
        )
        print(f"{name:40} {size / seconds if seconds else float('inf'):9.1f}  {kind}")
    apart = {*learnt, *PARSING, *TRAINED}
    plain = sum(s for name, s in spent.items() if name not in apart)
    trained, parsing = (sum(spent[name] for name in names) for names in (TRAINED, PARSING))
    everything = sum(spent.values())
    print(f"\n{'in one pass':40} {'MB/s':>9} {'limit':>6} {'ratio':>6}")
    print(f"{'all that need no trained model':40} {size / plain:9.1f} {LIMIT:6.0f} {size / plain / LIMIT:6.2f}")
    print(f"{'and the language model':40} {size / (plain + trained):9.1f}")
    print(f"{'and those that parse Python':40} {size / (plain + trained + parsing):9.1f}")
    print(f"{'and those that learn from a sample':40} {size / everything:9.1f}")


if __name__ == "__main__":
    main()
