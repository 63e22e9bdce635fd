"""The command as a person starts it: a whole process with its own Prefect API and workers, killed and run again."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tasks.ledger import Ledger
from tests.small import digests, recipe_text, write_corpus

COMMAND = [sys.executable, "-m", "flows.cli", "run"]
PATIENCE = 240


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_corpus(tmp_path_factory.mktemp("corpus"), documents=240)
    (folder / "recipe.yaml").write_text(recipe_text(), encoding="utf-8")
    return folder / "recipe.yaml"


@pytest.fixture(scope="module")
def undisturbed(recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    warehouse = tmp_path_factory.mktemp("undisturbed")
    done = finish(start(recipe, warehouse, "--processes", "1"))
    assert "release " in done and "gristmill why" in done
    return published(warehouse)


def start(recipe: Path, warehouse: Path, *options: str, start_new_session: bool = False) -> subprocess.Popen[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
    return subprocess.Popen(
        [*COMMAND, str(recipe), "-w", str(warehouse), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        cwd=Path(__file__).parents[2],
        start_new_session=start_new_session,
    )


def finish(process: subprocess.Popen[str]) -> str:
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, output
    return output


def published(warehouse: Path) -> dict[str, str]:
    with Ledger.published(warehouse) as ledger:
        return digests(warehouse / ledger.value("SELECT release FROM runs"))


def wait_for(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if text in line:
            return
    raise AssertionError(f"the run ended before it said {text!r}: {''.join(said)}")


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["Prefect UI", "deduplicate", "export"])
def test_a_killed_run_ends_with_the_same_bytes(
    recipe: Path, undisturbed: dict[str, str], tmp_path: Path, moment: str
) -> None:
    process = start(recipe, tmp_path, "--processes", "2")
    wait_for(process, moment)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=PATIENCE)
    finish(start(recipe, tmp_path, "--processes", "2"))
    assert published(tmp_path) == undisturbed


@pytest.mark.slow
def test_a_killed_worker_changes_no_byte(recipe: Path, undisturbed: dict[str, str], tmp_path: Path) -> None:
    process = start(recipe, tmp_path, "--processes", "2")
    wait_for(process, "Prefect UI")
    killed = kill_a_worker(psutil.Process(process.pid))
    assert killed, "no worker was there to kill"
    finish(process)
    assert published(tmp_path) == undisturbed


def kill_a_worker(root: psutil.Process) -> bool:
    for _ in range(100):
        for child in root.children(recursive=True):
            if "spawn_main" in " ".join(child.cmdline()) and not child.children():
                child.kill()
                return True
        time.sleep(0.05)
    return False


@pytest.mark.slow
def test_nothing_is_left_running_after_a_kill(recipe: Path, tmp_path: Path) -> None:
    process = start(recipe, tmp_path, "--processes", "1")
    wait_for(process, "Prefect UI")
    family = psutil.Process(process.pid).children(recursive=True)
    assert family
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=PATIENCE)
    _, alive = psutil.wait_procs(family, timeout=30)
    assert not alive


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["", "Prefect UI"])
def test_ctrl_c_stops_a_run_in_one_line(recipe: Path, tmp_path: Path, moment: str) -> None:
    process = start(recipe, tmp_path, "--processes", "2", start_new_session=True)
    if moment:
        wait_for(process, moment)
    else:
        wait_until_busy(psutil.Process(process.pid))
    os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to the workers, too
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert output.strip().splitlines()[-1] == "stopped; run the same command again to go on from here"
    assert "Traceback" not in output


def wait_until_busy(root: psutil.Process) -> None:
    """Wait until a worker is being started."""
    while not any("spawn_main" in " ".join(child.cmdline()) for child in root.children(recursive=True)):
        time.sleep(0.02)
