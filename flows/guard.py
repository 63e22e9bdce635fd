"""Runs a command that ends when the process that asked for it is gone: ``python -m flows.guard COMMAND``."""

import os
import signal
import subprocess
import sys

LOOK_SECONDS = 0.5


def guard(command: list[str]) -> int:
    """Run ``command`` until it ends, is interrupted, or this process's parent is gone; return its exit status."""
    parent = os.getppid()
    child = subprocess.Popen(command)
    signal.signal(signal.SIGINT, lambda *_: child.send_signal(signal.SIGINT))
    signal.signal(signal.SIGTERM, lambda *_: child.send_signal(signal.SIGINT))
    while True:
        try:
            return child.wait(timeout=LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            if os.getppid() != parent:
                child.kill()


if __name__ == "__main__":
    sys.exit(guard(sys.argv[1:]))
