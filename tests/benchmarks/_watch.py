"""A command run as a whole, watched from outside: when its lines come, and what each of its processes takes."""

import os
import re
import subprocess
import sys
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import psutil

LOOK_SECONDS = 0.1
STEP = re.compile(r"✓ (.+?)\s+([\d,]+) documents\s+\S+ \S+\s+([\d.]+) s")
STARTED = re.compile(r"started in ([\d.]+) s")
ROLES = (
    ("prefect server", "server"),
    ("flows.guard", "guard"),
    ("spawn_main", "worker"),
    ("resource_tracker", "tracker"),
)


@dataclass
class Process:
    """One process of the tree: what it is for, its peak resident memory in bytes, its processor seconds."""

    role: str
    peak: int = 0
    seconds: float = 0.0


@dataclass
class Watched:
    """What was seen of a command: times are in seconds since it was started."""

    lines: list[tuple[float, str]] = field(default_factory=list)
    processes: dict[int, Process] = field(default_factory=dict)
    whole: float = 0.0
    load: float = 0.0

    @property
    def steps(self) -> dict[str, float]:
        """Seconds of each step, as the command said."""
        found = [STEP.search(line) for _, line in self.lines]
        return {match[1].strip(): float(match[3]) for match in found if match}

    @property
    def start_up(self) -> float:
        """Seconds until the first step began."""
        for at, line in self.lines:
            if match := STEP.search(line):
                return at - float(match[3])
        raise RuntimeError("no step ended:\n" + "\n".join(line for _, line in self.lines))

    @property
    def said(self) -> float:
        """Seconds of start-up as the command said: its services, without the imports before and the flow after."""
        return next(float(match[1]) for _, line in self.lines if (match := STARTED.search(line)))

    @property
    def beyond(self) -> float:
        """Seconds beyond start-up."""
        return self.whole - self.start_up

    @property
    def peaks(self) -> dict[str, int]:
        """Peak memory in bytes of the largest process of each role."""
        found: dict[str, int] = defaultdict(int)
        for process in self.processes.values():
            found[process.role] = max(found[process.role], process.peak)
        return dict(found)

    @property
    def seconds(self) -> dict[str, float]:
        """Processor seconds of all processes of each role."""
        found: dict[str, float] = defaultdict(float)
        for process in self.processes.values():
            found[process.role] += process.seconds
        return dict(found)


def watch(command: list[str]) -> Watched:
    """Run ``command`` to its end and look at its processes ten times a second; RuntimeError if it fails."""
    seen = Watched(load=os.getloadavg()[0])
    start = time.monotonic()
    # Libraries are compiled to bytecode where they are installed; a shell that forbids it would time the compiler.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        reader = threading.Thread(target=_read, args=(process, seen, start))
        reader.start()
        while process.poll() is None:
            _look(process.pid, seen)
            time.sleep(LOOK_SECONDS)
        seen.whole = time.monotonic() - start
        reader.join()
    if process.returncode:
        raise RuntimeError(
            f"{' '.join(command)} ended with {process.returncode}:\n" + "\n".join(line for _, line in seen.lines)
        )
    return seen


def gristmill(recipe: Path, warehouse: Path) -> list[str]:
    """Return the command that runs ``recipe``."""
    return [sys.executable, "-m", "flows.cli", "run", str(recipe), "--warehouse", str(warehouse)]


def _read(process: subprocess.Popen[str], seen: Watched, start: float) -> None:
    for line in process.stdout or ():
        seen.lines.append((time.monotonic() - start, line.rstrip("\n")))


def _look(root: int, seen: Watched) -> None:
    try:
        processes = [psutil.Process(root), *psutil.Process(root).children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for process in processes:
        try:
            known = seen.processes.setdefault(process.pid, Process("flow" if process.pid == root else ""))
            known.role = known.role or _role(process)
            known.peak = max(known.peak, _peak(process))
            used = process.cpu_times()
            known.seconds = used.user + used.system
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue


def _role(process: psutil.Process) -> str:
    command = " ".join(process.cmdline())
    return next((role for part, role in ROLES if part in command), "other")


def _peak(process: psutil.Process) -> int:
    """Return the largest resident size that the kernel has seen, or that we see where it does not say."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    except OSError:
        return int(process.memory_info().rss)
    high = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(high[1]) * 1024 if high else int(process.memory_info().rss)
