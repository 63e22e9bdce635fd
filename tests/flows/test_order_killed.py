"""A run killed by the system while workers search neighbors, and run again."""

import signal
import time
from pathlib import Path

import pytest

from tests.flows.test_run import PATIENCE, finish, published, start
from tests.small import recipe_text, write_corpus


@pytest.mark.slow
def test_a_run_killed_in_mid_search_ends_with_the_same_bytes(tmp_path: Path) -> None:
    folder = write_corpus(tmp_path / "corpus", documents=240)
    recipe = folder / "recipe.yaml"
    recipe.write_text(recipe_text(), encoding="utf-8")
    finish(start(recipe, tmp_path / "undisturbed", "--processes", "1"))
    process = start(recipe, tmp_path / "killed", "--processes", "2")
    steps = tmp_path / "killed" / "parts" / "steps"
    until = time.monotonic() + PATIENCE
    while not list(steps.glob("order-in_context-*/0/words")):
        assert time.monotonic() < until and process.poll() is None, "no search was seen"
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=PATIENCE)
    assert not list(steps.glob("order-in_context-*.parquet")), "the order was ready before the kill"
    assert list(steps.glob("order-in_context-*/0/*")), "nothing was kept for the second run"
    finish(start(recipe, tmp_path / "killed", "--processes", "2"))
    assert published(tmp_path / "killed") == published(tmp_path / "undisturbed")
    assert not list(steps.glob("order-in_context-*/"))
