"""Answers kept for good: one append-only file per model and prompt, a line per answer, so that none is paid for twice.

A run that is killed leaves at most one torn line, which is passed over. Answers are kept as they came: they are read
again by whatever reads answers now. Failures of transport are not answers and are not kept.
"""

from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

import orjson

from tasks.annotate._pack import Pack
from tasks.parts import key_of


@dataclass(frozen=True)
class Answer:
    """What an endpoint answered, and what it cost."""

    text: str
    finish_reason: str | None
    prompt_tokens: int
    completion_tokens: int
    seconds: float


class Kept:
    """The answers to each request so far, in the order of the attempts; use it as a context manager."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._found: dict[str, list[Answer]] = defaultdict(list)

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        data = self._path.read_bytes() if self._path.exists() else b""
        for line in data.split(b"\n"):
            try:
                row = orjson.loads(line)
                self._found[row.pop("request")].append(Answer(**row))
            except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
                continue
        self._file = self._path.open("ab", buffering=0)
        if data and not data.endswith(b"\n"):
            self._file.write(b"\n")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def of(self, request: str) -> list[Answer]:
        """Return the answers to a request."""
        with self._lock:
            return list(self._found.get(request, ()))

    def add(self, request: str, answer: Answer) -> None:
        """Keep one more answer; it is on its way to the disk when this returns."""
        line = orjson.dumps({"request": request, **asdict(answer)}) + b"\n"
        with self._lock:
            self._file.write(line)
            self._found[request].append(answer)


def file_of(folder: Path, model: str, pack: Pack) -> Path:
    """Return where the answers of a model to a pack are kept."""
    return folder / f"{pack.name}-{pack.version}-{key_of(model)}.jsonl"
