"""The main text of web pages, taken out by a child process that may hang or crash without harm.

Extractors take minutes on some pages of a megabyte (a tag with 100,000 attributes), never end on others (tags nested
200,000 deep), and some of their code is C. So they run beside the worker, which waits for so long and then starts
another. This file is also the child's program: it imports nothing of Gristmill.
"""

import json
import os
import selectors
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

HEAD = struct.Struct("<BI")
STARTING = 120.0  # seconds for the child to import its extractor
PAGES = 2000  # extractors keep caches that only grow


class ExtractionError(ValueError):
    """The text of a page could not be taken out; the message says why."""


class Extractor:
    """A child process that takes the text out of pages; ended by ``close``, started when it is needed."""

    def __init__(self, extractor: str, favor: str, seconds: float) -> None:
        self._settings = json.dumps({"extractor": extractor, "favor": favor})
        self._seconds = seconds
        self._child: subprocess.Popen[bytes] | None = None
        self._given = 0

    def text(self, html: str) -> str:
        """Return the main text of a page, empty if it has none; ExtractionError if that fails or takes too long."""
        page = html.encode("utf-8", "replace")
        try:
            failed, answer = self._ask(page)
        except (OSError, EOFError):
            raise ExtractionError(f"the extractor died on this page (exit status {self._ended()})") from None
        if failed:
            raise ExtractionError(f"the extractor failed on this page: {answer}")
        return answer

    def _ask(self, page: bytes) -> tuple[int, str]:
        if self._child is None or self._given >= PAGES:
            self._start()
        assert self._child is not None and self._child.stdin is not None
        self._given += 1
        deadline = time.monotonic() + self._seconds
        self._child.stdin.write(HEAD.pack(0, len(page)) + page)
        self._child.stdin.flush()
        failed, size = HEAD.unpack(self._read(HEAD.size, deadline))
        return failed, self._read(size, deadline).decode("utf-8", "replace")

    def close(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.kill()
            self._ended()

    def _ended(self) -> int:
        """Wait for the end of a child that is dying, and return its exit status."""
        child, self._child = self._child, None
        assert child is not None and child.stdin is not None and child.stdout is not None
        status = child.wait()
        with suppress(OSError):
            child.stdin.close()
        child.stdout.close()
        return status

    def _start(self) -> None:
        self.close()
        self._given = 0
        # -P: the folder of this file holds a csv.py, which is not the standard library's
        command = [sys.executable, "-P", str(Path(__file__)), self._settings]
        pipe = subprocess.PIPE
        self._child = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
        self._read(HEAD.size, time.monotonic() + STARTING)

    def _read(self, size: int, deadline: float) -> bytes:
        """Return ``size`` bytes of the child's answer; EOFError if it has died."""
        assert self._child is not None and self._child.stdout is not None
        parts: list[bytes] = []
        with selectors.DefaultSelector() as selector:
            selector.register(self._child.stdout, selectors.EVENT_READ)
            while size:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    self.close()
                    raise ExtractionError(f"the extractor took more than {self._seconds:g} seconds for this page")
                data = os.read(self._child.stdout.fileno(), size)
                if not data:
                    raise EOFError
                parts.append(data)
                size -= len(data)
        return b"".join(parts)


def serve(settings: dict[str, str], pages: BinaryIO, texts: BinaryIO) -> None:
    """Answer pages with their texts until there are no more."""
    extract = {"trafilatura": _trafilatura, "resiliparse": _resiliparse}[settings["extractor"]](settings["favor"])
    texts.write(HEAD.pack(0, 0))
    texts.flush()
    while head := pages.read(HEAD.size):
        html = pages.read(HEAD.unpack(head)[1]).decode()
        failed = 0
        try:
            text = extract(html)
        except Exception as error:  # whatever a parser of hostile pages may raise is that page's failure
            failed, text = 1, f"{type(error).__name__}: {str(error)[:200]}"
        answer = text.encode("utf-8", "replace")
        texts.write(HEAD.pack(failed, len(answer)) + answer)
        texts.flush()


def _trafilatura(favor: str) -> Callable[[str], str]:
    import trafilatura

    # its own deduplication remembers other pages: a text would depend on what was read before it
    settings: dict[str, Any] = {"include_comments": False, "deduplicate": False}
    settings |= {"favor_precision": favor == "precision", "favor_recall": favor == "recall"}
    return lambda html: trafilatura.extract(html, **settings) or ""


def _resiliparse(favor: str) -> Callable[[str], str]:
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.html import HTMLTree

    main = favor != "recall"
    return lambda html: str(
        extract_plain_text(HTMLTree.parse(html), main_content=main, alt_texts=False, links=False, comments=False)
    )


if __name__ == "__main__":
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what an extractor prints is no answer
        serve(json.loads(sys.argv[1]), sys.stdin.buffer, answers)
