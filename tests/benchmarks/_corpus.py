"""The input of a whole run: real texts as they are, and several times over with words replaced by a seeded rule."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from tests.data import texts

WORD = re.compile(r"(\w+)")
REPLACED = 0.2  # share of words: of five in a row one is new more often than not, so that no copy is a near-duplicate
POOL = 50_000
STDLIB_TEXTS = 200


def write_input(folder: Path, corpus: Path | None, times: int) -> dict[str, float]:
    """Write ``corpus`` (or texts of this Python) ``times`` over into ``folder``, one file per source and time.

    The first time is the corpus as it is; each other has ids of its own and a fifth of its words replaced by words of
    the same source. Returns what is there: documents and megabytes (10^6 bytes) of text. A folder that is complete is
    left as it is.
    """
    done = folder / "input.json"
    if not done.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        totals = {"documents": 0.0, "megabytes": 0.0}
        for name, rows in _sources(corpus):
            for time in range(times):
                lines = list(_lines(rows, time))
                totals["documents"] += len(lines)
                totals["megabytes"] += sum(size for _, size in lines) / 1e6
                with gzip.open(folder / f"{name}-{time}.jsonl.gz", "wb", compresslevel=6) as file:
                    file.write(b"".join(line for line, _ in lines))
        done.write_bytes(orjson.dumps(totals))
    found: dict[str, float] = orjson.loads(done.read_bytes())
    return found


def sources(folder: Path) -> list[str]:
    """Return the names of the sources that ``write_input`` has put into ``folder``."""
    return sorted({file.name.rsplit("-", 1)[0] for file in folder.glob("*.jsonl.gz")})


def _sources(corpus: Path | None) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    if corpus is None:
        yield "python", [{"id": str(i), "text": text} for i, text in enumerate(texts(STDLIB_TEXTS))]
        return
    for file in sorted(corpus.glob("*.jsonl.gz")):
        yield (
            file.name.removesuffix(".jsonl.gz"),
            [orjson.loads(line) for line in gzip.decompress(file.read_bytes()).split(b"\n") if line],
        )


def _lines(rows: list[dict[str, Any]], time: int) -> Iterator[tuple[bytes, int]]:
    pool = _pool(rows) if time else []
    random = np.random.Generator(np.random.PCG64(time))
    for row in rows:
        text = _perturbed(row["text"], pool, random) if time else row["text"]
        given = {**row, "text": text, "id": f"{row['id']}-{time}"}
        yield orjson.dumps(given) + b"\n", len(text.encode())


def _pool(rows: list[dict[str, Any]]) -> list[str]:
    found: list[str] = []
    for row in rows:
        found += WORD.findall(row["text"])
        if len(found) >= POOL:
            break
    return found


def _perturbed(text: str, pool: list[str], random: np.random.Generator) -> str:
    pieces = WORD.split(text)  # words are at the odd places
    words = len(pieces) // 2
    chosen = np.flatnonzero(random.random(words) < REPLACED)
    for place, word in zip(chosen.tolist(), random.integers(0, len(pool), len(chosen)).tolist(), strict=True):
        pieces[2 * place + 1] = pool[word]
    return "".join(pieces)
