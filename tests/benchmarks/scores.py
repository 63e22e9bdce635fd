"""Speed of the scores behind the four rule sets, and agreement of their decisions with datatrove.

    python -m tests.benchmarks.scores [--datatrove PYTHON] [--corpus DIR] [--seconds 60] [--reference FILE]

PYTHON is the interpreter of an environment with datatrove and spaCy. Both tools run one after the other on one core, on
texts in memory, and are compared by processor seconds on the documents that datatrove gets through in SECONDS. FILE is
an earlier output of ``_datatrove_reference.py --values`` to compare decisions with, instead of the one of this run.
"""

import argparse
import gzip
import json
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from schemas.rule import RuleSet
from tasks.check import scorer_of
from tasks.text.batch import TextBatch
from tasks.text.minhash import signatures
from tasks.units import unit
from tests.benchmarks._agreement import Agreement, compare
from tests.data import corpus, texts

BATCH_BYTES = 8_000_000
RULE_SETS = ("c4_quality", "fineweb_quality", "gopher_quality", "gopher_repetition")
PROSE = {
    *("ansible_docs", "d2l", "eips", "gsm8k", "movie_reviews", "openstax_physics", "openstax_psychology", "peps"),
    *("react_docs", "rust_rfcs", "state_union", "wikitext"),
}


class Document(NamedTuple):
    """A text with the name under which both tools report it."""

    id: str
    source: str
    text: str


def main() -> None:
    """Measure, compare and print."""
    arguments = argparse.ArgumentParser(description="Speed and agreement of the rule sets' scores.")
    arguments.add_argument("--datatrove", metavar="PYTHON", help="interpreter of an environment with datatrove")
    arguments.add_argument("--corpus", type=Path, default=corpus(), help="folder of *.jsonl.gz files")
    arguments.add_argument("--seconds", type=float, default=60, help="how long datatrove may run")
    arguments.add_argument("--reference", type=Path, help="an earlier output of _datatrove_reference.py")
    options = arguments.parse_args()
    documents = {document.id: document for document in _documents(options.corpus)}
    rule_sets = {name: unit("filter", name).call for name in RULE_SETS}
    speeds, values = measure(list(documents.values()), rule_sets)
    print(f"{len(documents):,} documents, {_megabytes(documents.values()):.1f} MB, one core")
    for name, speed in speeds.items():
        print(f"  {name:<28} {speed:>9.1f} MB/s")
    theirs = _theirs(options.datatrove, list(documents.values()), options.seconds) if options.datatrove else []
    if theirs:
        speeds, _ = measure([documents[line["id"]] for line in theirs], rule_sets)
        _print_ratio(speeds, theirs)
    if options.reference:
        theirs = [json.loads(line) for line in options.reference.read_text().splitlines()]
    if theirs:
        _print_agreement(compare(rule_sets, values, theirs), list(rule_sets))


def _documents(folder: Path | None) -> Iterator[Document]:
    if folder is None:
        yield from (Document(str(i), "python", text) for i, text in enumerate(texts()))
        return
    for file in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(file, "rt", encoding="utf-8", newline="\n") as lines:
            for line in lines:
                found = json.loads(line)
                yield Document(found["id"], file.name.removesuffix(".jsonl.gz"), found["text"])


def measure(
    documents: list[Document], rule_sets: dict[str, RuleSet]
) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Return the megabytes per second of each part, and the score values of each document by id."""
    wanted = {rule.score for rule_set in rule_sets.values() for rule in rule_set.rules}
    scorers = {name: unit("score", name).call for name in sorted({scorer_of()[score] for score in wanted})}
    _score(TextBatch(pa.array(["Compiled by the first use."])), scorers, defaultdict(float))
    seconds: dict[str, float] = defaultdict(float)
    columns: dict[str, list[np.ndarray]] = defaultdict(list)
    for batch in _batches(documents):
        for name, found in _score(batch, scorers, seconds).items():
            columns[name].append(np.asarray(found))
    table = {name: np.concatenate(parts) for name, parts in columns.items() if name in wanted}
    values = {d.id: {name: float(table[name][i]) for name in table} for i, d in enumerate(documents)}
    rules = sum(seconds.values()) - seconds["minhash signatures"]
    seconds |= {"all four rule sets": rules, "rule sets and minhash": rules + seconds["minhash signatures"]}
    return {name: _megabytes(documents) / spent for name, spent in seconds.items()}, values


def _megabytes(documents: Iterable[Document]) -> float:
    return sum(len(document.text.encode()) for document in documents) / 1e6


def _batches(documents: list[Document]) -> Iterator[TextBatch]:
    part: list[str] = []
    size = 0
    for document in documents:
        part.append(document.text)
        size += len(document.text)
        if size >= BATCH_BYTES:
            yield TextBatch(pa.array(part, pa.large_string()))
            part, size = [], 0
    if part:
        yield TextBatch(pa.array(part, pa.large_string()))


def _score(batch: TextBatch, scorers: dict[str, Callable[..., Any]], seconds: dict[str, float]) -> dict[str, Any]:
    """Run every scorer and the signatures on a batch, adding the time of each to ``seconds``."""
    found: dict[str, Any] = {}

    def timed(name: str, call: Callable[[], Any]) -> Any:
        start = time.process_time()
        result = call()
        seconds[name] += time.process_time() - start
        return result

    timed("words (shared)", lambda: batch.words)
    for name, scorer in scorers.items():
        result = timed(name, lambda scorer=scorer: scorer(batch))
        found |= result if isinstance(result, dict) else {name: result}
    timed("minhash signatures", lambda: signatures(batch, ngram=5, bands=14, rows=8, seed=0))
    return found


def _theirs(python: str, documents: list[Document], seconds: float) -> list[dict]:
    """Run datatrove in its own interpreter on the sources in turn, until the seconds are used up."""
    by_source: dict[str, list[Document]] = defaultdict(list)
    for document in documents:
        by_source[document.source].append(document)
    spread = [found[:: max(1, len(found) // 200)] for found in by_source.values()]
    sample = [document for row in zip_longest(*spread) for document in row if document]
    script = Path(__file__).with_name("_datatrove_reference.py")
    done = subprocess.run(
        [python, str(script), "--values", "--seconds", str(seconds)],
        input="".join(json.dumps(document._asdict()) + "\n" for document in sample),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{python} {script.name} failed:\n{done.stderr[-2000:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def _print_ratio(speeds: dict[str, float], theirs: list[dict]) -> None:
    measured = sum(line["bytes"] for line in theirs) / 1e6
    filters = sum(line["filter_seconds"] for line in theirs)
    signature = sum(line["signature_seconds"] for line in theirs)
    print(f"\nBoth on {len(theirs):,} of these documents, {measured:.1f} MB, one core")
    print(f"  {'':<24} {'datatrove':>12} {'Gristmill':>12} {'ratio':>8}")
    for name, spent in (
        ("all four rule sets", filters),
        ("minhash signatures", signature),
        ("rule sets and minhash", filters + signature),
    ):
        rate = measured / spent
        print(f"  {name:<24} {rate:>7.2f} MB/s {speeds[name]:>7.1f} MB/s {speeds[name] / rate:>7.0f}x")


def _print_agreement(found: Agreement, names: list[str]) -> None:
    sources = sorted({source for source, _ in found.documents})
    print(
        f"\nSame decision, share of documents\n  {'source':<22} {'documents':>9} " + " ".join(f"{n:>18}" for n in names)
    )
    groups = [(source, [source]) for source in sources]
    groups += [("all prose", [s for s in sources if s in PROSE]), ("all", sources)]
    for label, group in groups:
        documents = sum(found.documents[source, names[0]] for source in group)
        shares = " ".join(f"{found.share(name, group):>17.2%} " for name in names)
        print(f"  {label:<22} {documents:>9,} {shares}")
    print("\nWhat disagrees (rule set, rule, who drops: documents; ours / theirs of one), and why")
    for kind, count in found.kinds.most_common():
        identity, pair = found.examples[kind][0]
        example = f"; {identity}: {pair[0]:.4g} / {pair[1]:.4g}" if pair else f"; {identity}"
        print(f"  {kind[0]}.{kind[1]}, {kind[2]}: {count}{example}\n      {kind[3]}")


if __name__ == "__main__":
    main()
