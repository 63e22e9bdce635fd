"""A judge for rehearsals and tests: an OpenAI-compatible server on loopback, without a model.

``python -m tests.judge --port 8321`` answers every prompt pack by transparent heuristics over the fenced document, so
that a recipe can be rehearsed. In tests it also misbehaves: ``script`` gives, for the n-th request about a document,
what happens instead of an answer.
"""

import argparse
import json
import re
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

FENCE = re.compile(r"<<<DOCUMENT (\w+)>>>\n(.*)\n<<<END \1>>>", re.DOTALL)
BLANK = re.compile(r"^([A-Z][^\n:]*): _(?:/(\d+))?$", re.MULTILINE)
JSON_FORM = re.compile(r"^\{\"(?:[^\n]*)\}$", re.MULTILINE)
MEMBER = re.compile(r'"(\w+)": ("[^,}]*"|[\d.]+ to [\d.]+)')
FIELDS = {
    "Mathematics": r"theorem|equation|number|sum",
    "Coding": r"def |function|code|import|class ",
    "Medicine": r"patient|disease|treatment",
    "Law": r"law|court|right",
    "Government": r"government|congress|president",
    "Education": r"student|learn|chapter|figure",
    "Entertainment": r"film|movie|actor|scene",
}


@dataclass
class Reply:
    """What the server does with one request: a status, headers and a body, after a delay; ``cut`` sends half of it."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: bool = False
    drip: float = 0.0


Script = Callable[[str, int, dict[str, Any]], Reply | None]


def completion(text: str | None, finish_reason: str = "stop", prompt: int = 100) -> Reply:
    """Return a chat completion that says ``text``."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish_reason}
    usage = {"prompt_tokens": prompt, "completion_tokens": len(text or "") // 4}
    return Reply(body=json.dumps({"object": "chat.completion", "choices": [choice], "usage": usage}).encode())


def shown(request: dict[str, Any]) -> str:
    """Return the document that a request is about, as it stands between the fences."""
    found = FENCE.search(request["messages"][-1]["content"])
    return found[2] if found else ""


def heuristic(request: dict[str, Any]) -> str:
    """Fill in the form of a prompt by what can be counted in the document."""
    prompt, text = request["messages"][-1]["content"], shown(request)
    outside = FENCE.sub("", prompt)
    if members := [MEMBER.findall(form) for form in JSON_FORM.findall(outside)]:
        return json.dumps({name: _member(name, form, text) for name, form in members[-1]})
    blanks = BLANK.findall(outside)
    if not blanks:
        return "1" if re.search(r"\b(?:pathogen|toxin|aerosol)", text, re.IGNORECASE) else "0"
    return "\n".join(
        f"{ask}: {f'{_score(ask, text, int(most))}/{most}' if most else _field(text)}" for ask, most in blanks
    )


def _member(name: str, form: str, text: str) -> Any:
    if " to " in form:
        return max(1, _score(name, text, int(float(form.rpartition(" ")[2]))))
    choices = re.findall(r'"([^"]+)"', form)
    return next((c for c in choices if c in text.lower()), choices[-1])


def _score(ask: str, text: str, most: int) -> int:
    words = text.split() or [""]
    traits = {
        "length": min(1.0, len(words) / 800),
        "long words": min(1.0, sum(len(w) for w in words) / len(words) / 7),
        "variety": len({w.lower() for w in words}) / len(words),
        "sentences": min(1.0, len(re.findall(r"[.!?](?:\s|$)", text)) / (len(words) / 20 + 1)),
    }
    if ask == "Originality":
        share = traits["variety"]
    elif ask in ("Points", "Likeness", "educational_quality"):
        share = 0.5 * traits["sentences"] + 0.3 * traits["long words"] + 0.2 * traits["length"]
    else:
        most_of_it = list(traits.values())[zlib.crc32(ask.encode()) % len(traits)]
        share = 0.6 * most_of_it + 0.4 * sum(traits.values()) / len(traits)
    return max(1, min(most, round(share * most)))


def _field(text: str) -> str:
    counts = {name: len(re.findall(pattern, text, re.IGNORECASE)) for name, pattern in FIELDS.items()}
    best = max(counts, key=lambda name: (counts[name], name))
    return best if counts[best] else "Other"


class Judge:
    """The server, with what it was asked; use it as a context manager."""

    def __init__(
        self, script: Script | None = None, *, port: int = 0, key: str | None = None, delay: float = 0.0
    ) -> None:
        self.requests: list[dict[str, Any]] = []
        self.times: list[float] = []
        self.authorizations: list[str | None] = []
        self.busiest = 0
        self._busy = 0
        self._asked: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._script, self._key, self._delay = script, key, delay
        self._server = _Server(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True

    @property
    def endpoint(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def serve(self) -> None:
        """Answer until interrupted."""
        self._server.serve_forever()

    @contextmanager
    def _counted(self, request: dict[str, Any], authorization: str | None) -> Iterator[int]:
        with self._lock:
            self.requests.append(request)
            self.times.append(time.monotonic())
            self.authorizations.append(authorization)
            turn = self._asked[shown(request)]
            self._asked[shown(request)] += 1
            self._busy += 1
            self.busiest = max(self.busiest, self._busy)
        try:
            yield turn
        finally:
            with self._lock:
                self._busy -= 1

    def reply(self, path: str, request: dict[str, Any], authorization: str | None) -> Reply:
        """Say what comes back for one request."""
        with self._counted(request, authorization) as turn:
            if not path.endswith("/chat/completions"):
                return Reply(404, b'{"error": "no such path"}')
            if self._key is not None and authorization != f"Bearer {self._key}":
                return Reply(401, json.dumps({"error": f"wrong key {authorization}"}).encode())
            found = self._script(shown(request), turn, request) if self._script else None
            reply = found or completion(heuristic(request), prompt=len(json.dumps(request["messages"])) // 4)
            time.sleep(self._delay + reply.delay)
            return reply


class _Server(ThreadingHTTPServer):
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


def _handler(judge: Judge) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:  # the name that http.server calls
            body = self.rfile.read(int(self.headers["Content-Length"]))
            reply = judge.reply(self.path, json.loads(body), self.headers.get("Authorization"))
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if reply.drip:
                for byte in reply.body:
                    self.wfile.write(bytes([byte]))
                    time.sleep(reply.drip)
            else:
                self.wfile.write(reply.body[: len(reply.body) // 2] if reply.cut else reply.body)
            self.close_connection = self.close_connection or reply.cut

        def log_message(self, *given: Any) -> None:
            """Say nothing."""

    return Handler


def main() -> None:
    """Serve the rehearsal judge until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8321)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    given = parser.parse_args()
    try:
        judge = Judge(port=given.port, delay=given.delay)
    except OSError as error:
        parser.error(f"port {given.port}: {error.strerror}")
    print(f"a judge without a model answers at {judge.endpoint}", flush=True)
    judge.serve()


if __name__ == "__main__":
    main()
