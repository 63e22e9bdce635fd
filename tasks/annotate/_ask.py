"""Asking an OpenAI-compatible endpoint: paced, tried again where that helps, patient when told to wait.

Retried: a connection that fails or breaks, a reply that takes too long or is no chat completion, 408, 409, 425, 429 and
5xx, each after the next of ``waits``. A ``Retry-After`` is obeyed by every request at once and uses up none of the
waits, up to ``patience`` seconds in all. Any other status is final; 401, 403 and 404 mean that no request can succeed.
"""

import os
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Event, Lock
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
import orjson

from schemas.errors import InputError, RecipeError
from tasks.annotate._kept import Answer
from tasks.annotate._pack import tokens_of

LOOPBACK = re.compile(r"^(?:localhost|127(?:\.\d+){3}|::1)$")
VARIABLE = re.compile(r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")
AGAIN = {408, 409, 425, 429}
HOPELESS = {401, 403, 404}
LARGEST_REPLY = 4 << 20
SHOWN = 200


class AskError(Exception):
    """A request that got no answer; the message says why."""


class StoppedError(AskError):
    """The run is being stopped: nothing more is asked."""


class _AgainError(Exception):
    """A failure that may pass; ``after`` is how long the endpoint said to wait."""

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


@dataclass(frozen=True)
class Manners:
    """How an endpoint is treated: its address and key, how often and how long to try, how fast to ask."""

    endpoint: str
    key_from: str | None = None
    timeout: float = 120.0
    waits: tuple[float, ...] = (1.0, 2.0, 4.0)
    patience: float = 600.0
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None


def check_endpoint(endpoint: str, key_from: str | None) -> None:
    """Raise RecipeError if the address is none or holds a secret, or the key is not the name of a variable."""
    try:
        parts = urlsplit(endpoint)
        parts.port  # noqa: B018  # raises where the port is no number
    except ValueError:
        raise RecipeError("endpoint is not an address such as http://localhost:8000/v1") from None
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise RecipeError("endpoint must hold no user, password or query: the recipe is kept; use `key_from`")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise RecipeError(f"endpoint is not an address such as http://localhost:8000/v1, got {endpoint!r}")
    if key_from is not None and not VARIABLE.match(key_from):
        raise RecipeError("key_from takes the name of an environment variable that holds the key, not the key itself")


class Pace:
    """Lets requests through one by one, so that no minute holds more requests or tokens than allowed."""

    def __init__(self, requests: float | None, tokens: float | None, stop: Event) -> None:
        self._per_request = 60 / requests if requests else 0.0
        self._per_token = 60 / tokens if tokens else 0.0
        self._stop = stop
        self._lock = Lock()
        self._next = 0.0
        self._held = 0.0

    def take(self, tokens: int) -> None:
        """Wait for a turn, for a request of about so many tokens."""
        with self._lock:
            turn = max(time.monotonic(), self._next)
            self._next = turn + max(self._per_request, tokens * self._per_token)
        while (left := max(turn, self._held) - time.monotonic()) > 0:
            self.pause(left)

    def hold(self, seconds: float) -> None:
        """Let nothing through for so long."""
        with self._lock:
            self._held = max(self._held, time.monotonic() + seconds)

    def pause(self, seconds: float) -> None:
        """Wait, unless the run is stopped meanwhile."""
        if self._stop.wait(seconds):
            raise StoppedError("stopped")


class Endpoint:
    """Asks one endpoint, from several threads; use it as a context manager."""

    def __init__(self, manners: Manners, concurrency: int, stop: Event) -> None:
        self._manners = manners
        self._stop = stop
        self._secret = _secret(manners.key_from)
        self._pace = Pace(manners.requests_per_minute, manners.tokens_per_minute, stop)
        host = urlsplit(manners.endpoint).hostname or ""
        self._client = httpx.Client(
            timeout=manners.timeout,
            headers={"Authorization": f"Bearer {self._secret}"} if self._secret else {},
            limits=httpx.Limits(max_connections=concurrency),
            # A proxy of the environment is for other machines.
            trust_env=not LOOPBACK.match(host),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def ask(self, body: dict[str, Any], tokens: int) -> Answer:
        """Return the answer to a request of about so many tokens; AskError when there is none to be had."""
        waits = iter(self._manners.waits)
        waited = 0.0
        while True:
            self._pace.take(tokens)
            if self._stop.is_set():
                raise StoppedError("stopped")
            try:
                return self._once(body)
            except _AgainError as error:
                if error.after:
                    waited += error.after
                    if waited > self._manners.patience:
                        raise AskError(f"{self._said(error)}; asked to wait {waited:g} s in all") from None
                    self._pace.hold(error.after)
                    continue
                wait = next(waits, None)
                if wait is None:
                    raise AskError(f"{self._said(error)}, tried {len(self._manners.waits) + 1} times") from None
                self._pace.pause(wait)

    def _once(self, body: dict[str, Any]) -> Answer:
        start = time.monotonic()
        try:
            with self._client.stream("POST", f"{self._manners.endpoint.rstrip('/')}/chat/completions", json=body) as r:
                data = self._data(r, start + self._manners.timeout)
                status, headers = r.status_code, r.headers
        except httpx.HTTPError as error:
            raise _AgainError(f"{type(error).__name__}: {error}") from None
        if status in AGAIN or status >= 500:
            raise _AgainError(f"status {status}: {_shown(data)}", _after(headers.get("retry-after")))
        if status in HOPELESS:
            address = self._manners.endpoint
            raise InputError(self._said(f"the judge at {address} answers with status {status}: {_shown(data)}"))
        if status != 200:
            raise AskError(self._said(f"status {status}: {_shown(data)}"))
        return _answer(data, body, time.monotonic() - start)

    def _data(self, response: httpx.Response, deadline: float) -> bytes:
        data = b""
        for piece in response.iter_bytes():
            data += piece
            if time.monotonic() > deadline:
                raise _AgainError(f"no whole reply in {self._manners.timeout:g} s")
            if len(data) > LARGEST_REPLY:
                raise _AgainError(f"a reply of more than {LARGEST_REPLY} bytes")
        return data

    def _said(self, message: object) -> str:
        """A message without the key, should the endpoint have repeated it."""
        return str(message).replace(self._secret, "[key]") if self._secret else str(message)


def _secret(key_from: str | None) -> str:
    if key_from is None:
        return ""
    found = os.environ.get(key_from, "").strip()
    if not found:
        raise InputError(f"the environment variable {key_from} that should hold the judge's key is not set")
    if not (found.isascii() and found.isprintable()) or " " in found:
        raise InputError(f"what the environment variable {key_from} holds cannot be a key: it is not plain ASCII")
    return found


def _after(value: str | None) -> float | None:
    """Seconds that a Retry-After asks for, given as a number or as a date."""
    if value is None:
        return None
    if re.fullmatch(r"\d+(?:\.\d+)?", value.strip()):
        return float(value)
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())


def _answer(data: bytes, body: dict[str, Any], seconds: float) -> Answer:
    try:
        reply = orjson.loads(data)
        choice = reply["choices"][0]
        text = choice["message"]["content"]
        usage = reply.get("usage") or {}
        prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
        if not isinstance(text, str | None):
            raise TypeError(f"content is {type(text).__name__}")
    except (orjson.JSONDecodeError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise _AgainError(
            f"the reply is no chat completion ({type(error).__name__}: {error}): {_shown(data)}"
        ) from None
    sent = sum(tokens_of(message["content"]) for message in body["messages"])
    return Answer(
        text=text or "",
        finish_reason=choice.get("finish_reason"),
        prompt_tokens=prompt if isinstance(prompt, int) else sent,
        completion_tokens=completion if isinstance(completion, int) else tokens_of(text or ""),
        seconds=seconds,
    )


def _shown(data: bytes) -> str:
    return " ".join(data[:SHOWN].decode(errors="replace").split()) or "no body"
