"""What a run starts on this machine: Dask workers that ask for nothing that somebody else may have."""

import socket
import warnings
from contextlib import suppress
from pathlib import Path

from flows.services import workers

DASHBOARD = 8787  # the port that Dask asks for by default


def test_workers_start_without_a_word_where_another_cluster_is(tmp_path: Path) -> None:
    with socket.socket() as taken, warnings.catch_warnings():
        with suppress(OSError):  # somebody has it: as good
            taken.bind(("127.0.0.1", DASHBOARD))
            taken.listen()
        warnings.filterwarnings("error", message=".*already in use")
        with workers(None, 1, tmp_path) as pool:
            assert pool(abs, [-1, 2]) == [1, 2]
