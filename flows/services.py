"""What a run needs on one machine: a Prefect API and Dask workers, started here unless they are named."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flows import guard
from flows.progress import listener
from schemas.errors import GristmillError
from tasks import parts
from tasks.environment import code_version
from tasks.partition import Measure

QUIET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
    "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "DASK_LOGGING__DISTRIBUTED": "error",
}
START_SECONDS = 120.0
RESTART_SECONDS = 10.0


def quiet() -> None:
    """Set what keeps Prefect and Dask from calling home and from flooding the terminal; a user's own settings win."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)


class Server:
    """A Prefect API of this run's own, with its database and UI, kept in ``home``."""

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        self.address = f"http://127.0.0.1:{_free_port()}"
        environment = os.environ | {"PREFECT_HOME": str(home.absolute()), "PREFECT_API_URL": f"{self.address}/api"}
        host, port = self.address.removeprefix("http://").split(":")
        server = [sys.executable, "-P", "-m", "prefect", "server", "start", "--host", host, "--port", port]
        command = [sys.executable, "-P", guard.__file__, *server]
        self._stopping = False
        self._log = (home / "server.log").open("wb")
        self._process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )

    def ready(self) -> str:
        """Wait until the API answers and return the UI's address; GristmillError if it does not start."""
        deadline = time.monotonic() + START_SECONDS
        while not _answers(f"{self.address}/api/health"):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise GristmillError(f"the Prefect server did not start; see {self.home / 'server.log'}")
            time.sleep(0.05)
        return self.address

    def stop(self) -> None:
        """Tell the server to stop, without waiting for it."""
        # A second signal would make it drop what it has yet to write.
        if not self._stopping:
            self._stopping = True
            self._process.send_signal(signal.SIGINT)

    def close(self) -> None:
        """Stop the server."""
        self.stop()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()


@dataclass(frozen=True)
class Named:
    """A Prefect API that somebody else runs, at ``address``."""

    address: str

    def ready(self) -> str:
        """Return the UI's address."""
        return self.address

    def stop(self) -> None:
        """Nothing: others may need it."""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@contextmanager
def prefect_api(home: Path) -> Iterator["Server | Named"]:
    """Give the Prefect API: the one named by PREFECT_API_URL, else a server that starts now, in the background."""
    named = os.environ.get("PREFECT_API_URL")
    if named:
        if not _answers(f"{named.rstrip('/')}/health"):
            raise GristmillError(
                f"no Prefect API answers at {named}, which PREFECT_API_URL names; start it, or unset the variable"
            )
        yield Named(named.removesuffix("/api"))
        return
    server = Server(home)
    os.environ["PREFECT_API_URL"] = f"{server.address}/api"
    os.environ.setdefault("PREFECT_HOME", str(home.absolute()))
    try:
        yield server
    finally:
        del os.environ["PREFECT_API_URL"]
        server.close()


@contextmanager
def workers(scheduler: str | None, number: int | None, scratch: Path) -> Iterator["Workers"]:
    """Give Dask workers: those of ``scheduler``, or ``number`` processes on this machine."""
    from distributed import Client, LocalCluster

    if scheduler:
        with _connected(scheduler) as client:
            yield Workers(client, scratch / "shared")
        return
    count = number or os.cpu_count() or 1
    with (
        TemporaryDirectory(prefix="gristmill-") as local,
        _deaf_to_interrupts(
            LocalCluster,
            n_workers=count,
            threads_per_worker=1,
            memory_limit="1900MiB",
            dashboard_address=None,
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # left out, it is port 8787, free or not
            local_directory=local,
            silence_logs=50,
        ) as cluster,
        Client(cluster) as client,
    ):
        yield Workers(client, scratch / "shared")


def _deaf_to_interrupts(start: Callable[..., Any], **given: Any) -> Any:
    """Start something whose threads and processes leave Ctrl-C, which a terminal sends to all, to this thread.

    Threads and processes inherit which signals are blocked, those that are started anew later as well.
    """
    resource_tracker.ensure_running()  # it would unblock the signal in the thread that starts the first process
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return start(**given)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _connected(scheduler: str) -> Iterator[Any]:
    """Connect to a cluster that is there, if it has workers that run this code; GristmillError if not."""
    from distributed import Client

    try:
        client = Client(scheduler, timeout="30s")
    except (OSError, TimeoutError, ValueError) as error:
        raise GristmillError(f"no Dask scheduler answers at {scheduler}: {error}") from None
    with client:
        versions = _versions(client)
        if not versions:
            raise GristmillError(f"the Dask scheduler at {scheduler} has no workers")
        if set(versions.values()) != {code_version()}:
            others = ", ".join(sorted(address for address, found in versions.items() if found != code_version()))
            raise GristmillError(f"workers run another version of Gristmill than this one; restart them: {others}")
        yield client


def _versions(client: Any) -> dict[str, str]:
    """Return the code that each worker runs; a worker that dies meanwhile starts again with the same code."""
    versions: dict[str, str] = client.run(code_version, on_error="ignore")
    if not versions:
        with suppress(TimeoutError):
            client.wait_for_workers(1, timeout=RESTART_SECONDS)
        versions = client.run(code_version, on_error="ignore")
    return versions


class Workers:
    """Dask workers that run one function over many items; a worker that dies has its item run again."""

    def __init__(self, client: Any, shared: Path) -> None:
        self._client = client
        self._shared = shared

    @property
    def number(self) -> int:
        """How many workers there are."""
        return len(self._client.scheduler_info(n_workers=-1)["workers"])

    @property
    def address(self) -> str:
        """Where their scheduler is."""
        return str(self._client.scheduler.address)

    def warm(self, measures: tuple[Measure, ...]) -> None:
        """Let every worker import what measures and load its kernels, without waiting for it."""
        from tasks.partition import warm

        addresses = self._client.scheduler_info(n_workers=-1)["workers"]
        self._warm = [self._client.submit(warm, measures, workers=[a], key=f"warm-{a}") for a in addresses]

    def __call__(self, function: Callable[..., Any], *items: Iterable[Any]) -> list[Any]:
        """Return the results in the items' order; the first failure stops the rest and is raised."""
        from distributed import as_completed

        columns = [list(column) for column in items]
        function = parts.shared(function, self._shared)
        futures = self._client.map(function, *columns, pure=False, retries=0, batch_size=1000)
        total = len(futures)
        try:
            for done, future in enumerate(as_completed(futures), 1):
                if future.status == "error":
                    future.result()
                listener().moved(done, total)
            return self._client.gather(futures)
        finally:
            self._client.cancel(futures)
