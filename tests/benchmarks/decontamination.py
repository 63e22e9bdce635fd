"""Speed of the decontaminators, and agreement of the variant `datatrove` with datatrove's own decisions.

    python -m tests.benchmarks.decontamination ITEMS [--datatrove PYTHON] [--corpus DIR] [--documents 6000] [--plant 3]

ITEMS are evaluation items with `question` and `answer`; PYTHON is the interpreter of an environment with datatrove and
spaCy. Both tools decide on the same DOCUMENTS, drawn evenly over the sources; into every PLANTth, a piece of an item is
put, so that there is more to agree on than that nothing was found. One core, processor seconds, texts in memory.
"""

import argparse
import random
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa

from tasks import units
from tasks.decontaminate._items import items_of
from tasks.text.batch import TextBatch
from tests.benchmarks.scores import BATCH_BYTES, _documents
from tests.data import corpus
from tests.units.decontaminate.planted import decide

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "ngrams, plain": ("ngrams", {"variant": "plain"}),
    "ngrams, datatrove": ("ngrams", {"variant": "datatrove"}),
    "ngrams, datatrove, questions": ("ngrams", {"variant": "datatrove", "question_ngrams": True}),
    "ngrams, janitor": ("ngrams", {"variant": "janitor"}),
    "paragraphs": ("paragraphs", {}),
    "weighted": ("weighted", {}),
}


def main() -> None:
    """Measure, compare and print."""
    arguments = argparse.ArgumentParser(description="Speed and agreement of decontamination.")
    arguments.add_argument("items")
    arguments.add_argument("--datatrove", metavar="PYTHON", help="interpreter of an environment with datatrove")
    arguments.add_argument("--corpus", type=Path, default=corpus(), help="folder of *.jsonl.gz files")
    arguments.add_argument("--documents", type=int, default=6000, help="how many are compared with datatrove")
    arguments.add_argument("--plant", type=int, default=3, help="put a piece of an item into every n-th of them")
    options = arguments.parse_args()
    items = items_of(options.items, "question", "answer")
    texts = [document.text for document in _documents(options.corpus)]
    size = sum(len(text.encode()) for text in texts) / 1e6
    print(f"{len(texts):,} documents, {size:.1f} MB, {len(items):,} items, one core")
    for name in CASES:
        fitted, seconds = index(items, name)
        matches, spent = search(texts, name, fitted)
        documents = len({document for document, _, _ in matches})
        found = len({item for _, item, _ in matches})
        most = max((overlap for _, _, overlap in matches), default=0.0)
        sought = int((fitted["totals"] > 0).sum())
        print(
            f"  {name:<30} {size / spent:>7.1f} MB/s, index {seconds:.2f} s; {sought:,} items sought, {found:,} found "
            f"in {documents:,} documents, at most {most:.0%} of one"
        )
    if options.datatrove:
        drawn = planted(evenly(texts, options.documents), items, options.plant)
        for name, given in (("ngrams, datatrove", ()), ("ngrams, datatrove, questions", ("--questions",))):
            agree(drawn, items, name, decide(options.datatrove, items, drawn, *given))


def index(items: pa.Table, name: str) -> tuple[Any, float]:
    """Return the index of a case and the seconds that it took."""
    unit, settings = units.unit("decontaminate", CASES[name][0]), CASES[name][1]
    start = time.process_time()
    fitted = unit.module.index(items, **units.accepted(unit.module.index, settings))
    return fitted, time.process_time() - start


def search(texts: list[str], name: str, fitted: Any) -> tuple[list[tuple[int, int, float]], float]:
    """Return (document, item, overlap) of every match, and the seconds for the texts once the kernels are loaded."""
    unit, settings = units.unit("decontaminate", CASES[name][0]), CASES[name][1]
    given = units.accepted(unit.call, settings)
    unit.call(TextBatch(pa.array(texts[:10], pa.large_string())), fitted=fitted, **given)
    found, spent, first = [], 0.0, 0
    for piece in batches(texts):
        batch = TextBatch(pa.array(piece, pa.large_string()))
        start = time.process_time()
        matches = unit.call(batch, fitted=fitted, **given)
        spent += time.process_time() - start
        columns = (matches[column].to_pylist() for column in ("document", "item", "overlap"))
        found += [(first + document, item, overlap) for document, item, overlap in zip(*columns, strict=True)]
        first += len(piece)
    return found, spent


def batches(texts: Iterable[str]) -> Iterable[list[str]]:
    """Yield the texts in batches of some megabytes."""
    piece: list[str] = []
    size = 0
    for text in texts:
        piece.append(text)
        size += len(text)
        if size > BATCH_BYTES:
            yield piece
            piece, size = [], 0
    yield piece


def evenly(texts: list[str], count: int) -> list[str]:
    """Draw texts evenly over the sources, which follow one another; long ones only up to 20,000 characters."""
    step = max(len(texts) / count, 1.0)
    return [texts[int(i * step)][:20_000] for i in range(min(count, len(texts)))]


def planted(texts: list[str], items: pa.Table, every: int) -> list[str]:
    """Put 8 to 24 words of an item, or those around the end of its question, into every ``every``-th text."""
    rng = random.Random(5)
    rows = items.to_pylist()
    found = list(texts)
    for i in range(0, len(texts) if every else 0, max(every, 1)):
        row = rng.choice(rows)
        question, words = row["question"].split(), " ".join([row["question"], *row["answers"][:1]]).split()
        first = rng.choice([rng.randrange(len(words)), max(len(question) - rng.randint(1, 14), 0)])
        piece = " ".join(words[first : first + rng.randint(8, 24)])
        piece = rng.choice([piece, piece.upper(), piece.replace(" ", ",\n"), piece.replace("0", "7")])
        place = rng.randint(0, len(texts[i]))
        found[i] = f"{texts[i][:place]} {piece} {texts[i][place:]}"
    return found


def agree(texts: list[str], items: pa.Table, name: str, theirs: list[dict[str, Any]]) -> None:
    """Print on how many documents both decide alike, and the documents on which they do not."""
    fitted, _ = index(items, name)
    matches, spent = search(texts, name, fitted)
    held = {document for document, _, _ in matches}
    size = sum(len(text.encode()) for text in texts) / 1e6
    seconds = sum(row["seconds"] for row in theirs)
    wrong = [i for i, row in enumerate(theirs) if row["kept"] == (i in held)]
    print(
        f"  {name}: {len(texts) - len(wrong):,} of {len(texts):,} documents decided alike, {len(held):,} of them "
        f"contaminated; {size / spent:.1f} MB/s against {size / seconds:.2f} MB/s ({seconds / spent:.0f} times)"
    )
    for i in wrong:
        print(f"    document {i}, ours {'drops' if i in held else 'keeps'}; theirs found {theirs[i]['ngram']!r}")


if __name__ == "__main__":
    main()
