"""The pipeline: a recipe becomes a release. One Prefect task run is one step; its partitions are Dask tasks."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from flows import artifacts
from flows.progress import listener
from flows.release import publish
from flows.services import workers
from tasks.blanks import Given
from tasks.resolve import load
from tasks.run import Run, opened
from tasks.stages import STEPS, audit, export, read


def run_name() -> str:
    """Name a flow run after its recipe and warehouse."""
    given = flow_run.parameters
    return f"{Path(given['recipe']).stem} in {Path(given['warehouse']).name}"


@flow(name="curate", flow_run_name=run_name)
def curate(
    recipe: str,
    warehouse: str,
    scheduler: str | None = None,
    processes: int | None = None,
    partitions_per_file: int | None = None,
    inputs: tuple[str, ...] = (),
    parameters: dict[str, Any] | None = None,
) -> str:
    """Curate the sources of ``recipe``, or ``inputs``, into a release in ``warehouse``; return the release's folder."""
    plan, home = load(Path(recipe), Given(tuple(inputs), parameters or {})), Path(warehouse)
    with workers(scheduler, processes, home) as pool, opened(plan, home, pool, partitions_per_file) as run:
        stage("read", run, read.read)
        for number, step in enumerate(run.recipe.steps, 1):
            stage(f"{number} {step.kind}", run, STEPS[step.kind], number, step)
        stage("export", run, export.export)
        stage("audit", run, audit.audit)
        release = stage("publish", run, publish)
        artifacts.show_release(release)
    return str(release)


def stage(name: str, run: Run, function: Callable[..., Any], *given: Any) -> Any:
    """Run one step as a Prefect task run, tell the listener, and leave its counts in the UI."""

    @task(name=name, cache_policy=NO_CACHE, persist_result=False)
    def step() -> Any:
        result = function(run, *given)
        if name == "audit":
            artifacts.show_funnel(run.ledger)
        elif name == "read" or given:
            artifacts.show_step(name, run.ledger)
        return result

    listener().started(name)
    start = time.monotonic()
    result = step()
    listener().ended(name, time.monotonic() - start, *run.standing())
    return result
