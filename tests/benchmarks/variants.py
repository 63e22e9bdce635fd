"""Agreement of the readings of Gopher's rules with the tools that they are named after.

    python -m tests.benchmarks.variants [--dolma PYTHON] [--dclm PYTHON CHECKOUT] [--documents 5000] [--corpus DIR]

PYTHON is the interpreter of an environment with the package dolma, or with what DCLM's filters import (nltk, uniseg,
fasttext); CHECKOUT is the folder of DCLM's repository. Both are run on documents of every source in turn; what is
compared is every value, and every decision of ``gopher_quality`` and ``gopher_repetition``.
"""

import argparse
import json
import subprocess
from collections import Counter, defaultdict
from itertools import islice, zip_longest
from pathlib import Path

import numpy as np

from tasks.check import scorer_of
from tasks.units import unit
from tests.benchmarks._agreement import kept
from tests.benchmarks.scores import Document, _batches, _documents
from tests.data import corpus

HERE = Path(__file__).parent
RULE_SETS = ("gopher_quality", "gopher_repetition")


def main() -> None:
    """Run the tools that are named, compare and print."""
    arguments = argparse.ArgumentParser(description="Agreement of the variants of Gopher's rules with their tools.")
    arguments.add_argument("--dolma", metavar="PYTHON")
    arguments.add_argument("--dclm", nargs=2, metavar=("PYTHON", "CHECKOUT"))
    arguments.add_argument("--documents", type=int, default=5000)
    arguments.add_argument("--corpus", type=Path, default=corpus())
    options = arguments.parse_args()
    documents = sample(list(_documents(options.corpus)), options.documents)
    print(f"{len(documents):,} documents")
    if options.dolma:
        report("dolma", documents, theirs([options.dolma, str(HERE / "_dolma_reference.py")], documents))
    if options.dclm:
        python, checkout = options.dclm
        report("dclm", documents, theirs([python, str(HERE / "_dclm_reference.py"), checkout], documents))


def sample(documents: list[Document], count: int) -> list[Document]:
    """Take documents of every source in turn, evenly spread over each source."""
    by_source: dict[str, list[Document]] = defaultdict(list)
    for document in documents:
        by_source[document.source].append(document)
    share = max(1, 2 * count // max(1, len(by_source)))
    spread = [found[:: max(1, len(found) // share)] for found in by_source.values()]
    return list(islice((document for row in zip_longest(*spread) for document in row if document), count))


def theirs(command: list[str], documents: list[Document]) -> dict[str, dict]:
    """Run a tool's reference script on the documents; return its lines by document."""
    lines = "".join(json.dumps(document._asdict()) + "\n" for document in documents)
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    return {line["id"]: line for line in map(json.loads, done.stdout.splitlines())}


def ours(documents: list[Document], scores: set[str]) -> dict[str, list[float]]:
    """The values of our scores over the documents in order."""
    found: dict[str, list[float]] = defaultdict(list)
    names = sorted({scorer_of()[score] for score in scores})
    for batch in _batches(documents):
        for name in names:
            for column, values in unit("score", name).call(batch).items():
                found[column] += np.asarray(values).tolist()
    return {score: found[score] for score in scores}


def report(tool: str, documents: list[Document], reference: dict[str, dict]) -> None:
    """Print which values and decisions differ."""
    done = [document for document in documents if document.id in reference]
    scores = {score for line in reference.values() for score in line["values"]}
    values = ours(done, scores)
    differing: Counter[str] = Counter()
    decisions: Counter[str] = Counter()
    for row, document in enumerate(done):
        line = reference[document.id]
        here = {score: values[score][row] for score in scores}
        differing.update(s for s in scores if abs(here[s] - line["values"][s]) > 1e-9 * max(1, abs(here[s])))
        for name in RULE_SETS:
            decided = all(kept(rule, here) for rule in unit("filter", name).call.variants[tool])
            decisions[name] += decided == line["decisions"][name]
    print(f"{tool}: {len(done):,} documents, {len(scores)} scores; values that differ: {dict(differing) or 'none'}")
    for name in RULE_SETS:
        print(f"  {name:<18} {decisions[name] / max(1, len(done)):.3%} of the decisions agree")


if __name__ == "__main__":
    main()
