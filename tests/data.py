"""Real texts for tests: the corpus named by GRISTMILL_DATA when there is one, else sources of this Python."""

import gzip
import json
import os
import sysconfig
from functools import cache
from pathlib import Path


def corpus() -> Path | None:
    """The folder of ``*.jsonl.gz`` files that GRISTMILL_DATA names (or ``../shared/data``), if it is there."""
    folder = Path(os.environ.get("GRISTMILL_DATA", Path(__file__).parents[2] / "shared" / "data")) / "corpus"
    return folder if folder.is_dir() else None


@cache
def texts(limit: int = 200) -> tuple[str, ...]:
    """Return ``limit`` real texts, the same on every call."""
    folder = corpus()
    return tuple(_from_corpus(folder, limit) if folder else _from_python(limit))


def _from_corpus(folder: Path, limit: int) -> list[str]:
    files = sorted(folder.glob("*.jsonl.gz"))
    share = -(-limit // len(files))
    found: list[str] = []
    for file in files:
        with gzip.open(file, "rt", encoding="utf-8", newline="\n") as lines:
            found += [json.loads(line)["text"] for line, _ in zip(lines, range(share), strict=False)]
    return found[:limit]


def _from_python(limit: int) -> list[str]:
    modules = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))
    return [module.read_text(encoding="utf-8", errors="replace") for module in modules[:limit]]
