"""Who is told how a run goes: nobody by default, the terminal when a person started it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Listener(Protocol):
    """Hears when a step starts, moves on and ends."""

    def started(self, step: str) -> None:
        """A step has begun."""

    def moved(self, done: int, total: int) -> None:
        """``done`` of ``total`` partitions of the step at hand are ready."""

    def ended(self, step: str, seconds: float, documents: int, size: int) -> None:
        """A step has ended with this many documents and bytes left."""


class Silence:
    """Hears and says nothing."""

    def started(self, step: str) -> None:
        """Nothing."""

    def moved(self, done: int, total: int) -> None:
        """Nothing."""

    def ended(self, step: str, seconds: float, documents: int, size: int) -> None:
        """Nothing."""


_listener: list[Listener] = [Silence()]


def listener() -> Listener:
    """Return who listens now."""
    return _listener[-1]


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Let ``listener`` hear the runs of this block."""
    _listener.append(listener)
    try:
        yield
    finally:
        _listener.pop()
