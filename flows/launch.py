"""A run started by a person: the recipe checked, services started side by side, the flow called, its figures shown."""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.progress import heard_by
from flows.services import prefect_api, quiet, workers
from flows.terminal import Steps, console, output, progress, table
from schemas.errors import AuditError, GristmillError, ToleranceError
from schemas.recipe import Recipe
from tasks.blanks import NOTHING, Given
from tasks.ledger import Ledger

INTERRUPTED = 130  # what a shell says of a command that Ctrl-C ended


@contextmanager
def _told_if_stopped() -> Iterator[None]:
    """Make of Ctrl-C one line and an exit, whatever the libraries that it passes through make of it."""
    stopped = False

    def stop(*_: object) -> None:
        nonlocal stopped
        stopped = True
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
        return
    except BaseException:
        if not stopped:
            raise
    finally:
        signal.signal(signal.SIGINT, before)
    console.print("stopped; run the same command again to go on from here", highlight=False)
    sys.exit(INTERRUPTED)


@_told_if_stopped()
def launch(
    recipe: Path,
    warehouse: Path,
    given: Given = NOTHING,
    *,
    scheduler: str | None = None,
    processes: int | None = None,
    partitions_per_file: int | None = None,
) -> Path:
    """Run ``recipe`` with what it needs on this machine; return the folder of the release."""
    from tasks.resolve import find_inputs, load
    from tasks.run import early_measures, usable

    plan = load(recipe, given)
    check_files(plan)
    find_inputs(recipe, plan, given)
    warehouse = usable(warehouse)
    quiet()
    begun = time.monotonic()
    with (
        prefect_api(warehouse / "prefect") as api,
        workers(scheduler, processes, warehouse) as pool,
        progress() as bar,
    ):
        pool.warm(early_measures(plan))
        from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

        from flows.curate import curate

        address = api.ready()
        console.print(f"Prefect UI {address}  started in {time.monotonic() - begun:.1f} s", highlight=False)
        # The heartbeat's thread is joined for a second at the end of each flow run; nobody waits for it here.
        with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}), heard_by(Steps(bar)):
            state = curate(
                str(recipe),
                str(warehouse),
                scheduler=pool.address,
                partitions_per_file=partitions_per_file,
                inputs=given.inputs,
                parameters=given.parameters,
                return_state=True,
            )
        _send_last_words()
        api.stop()  # it ends while the workers do
    try:
        return _release(state)
    except (AuditError, ToleranceError):
        stopped = warehouse / "run" / "ledger.duckdb"
        console.print(f"the stopped run's ledger: gristmill sql -w {stopped}", highlight=False, soft_wrap=True)
        raise


def check_files(recipe: Recipe) -> None:
    """Raise InputError now if a file that a unit needs cannot be read, rather than after everything has started."""
    from tasks.run import tokenizer_of
    from tasks.settings import try_files
    from tasks.tokenize import load

    load(tokenizer_of(recipe))
    for step in recipe.steps:
        for call in step.calls:
            try_files(recipe, step.kind, call)


def _send_last_words() -> None:
    """Let Prefect deliver its logs and events while its API is still there."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    for worker in (APILogWorker, EventsWorker):
        worker.drain_all(timeout=5)


def _release(state: object) -> Path:
    try:
        return Path(state.result(raise_on_failure=True))  # type: ignore[attr-defined]  # a Prefect State
    except GristmillError:
        raise
    except Exception as error:
        cause = _first_cause(error)
        if isinstance(cause, GristmillError):
            raise cause from None
        raise


def _first_cause(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error


STEPS = """
SELECT step, kind, sum(entered)::BIGINT AS documents_in, sum(dropped)::BIGINT AS dropped,
    sum(duplicates)::BIGINT AS duplicates, sum(failed)::BIGINT AS failed, sum(kept)::BIGINT AS documents_out,
    round(sum(entered_bytes) / 1e6, 2) AS mb_in, round(sum(kept_bytes) / 1e6, 2) AS mb_out
FROM funnel GROUP BY step, kind ORDER BY step
"""
EMPTY = "SELECT source FROM inputs GROUP BY source HAVING coalesce(sum(records), 0) = 0 ORDER BY source"
EMITTED = "SELECT sum(dropped)::BIGINT AS dropped, sum(repeated)::BIGINT AS repeated FROM emitted"


def say_done(warehouse: Path, release: Path) -> None:
    """Print documents and bytes per step, what a person may not expect, where the release is, and SQL to go on with."""
    with Ledger.published(warehouse) as ledger:
        table(ledger.rows(STEPS))
        files = ledger.rows(
            "SELECT content, format, count(*) AS files, sum(bytes)::BIGINT AS bytes "
            "FROM exports GROUP BY ALL ORDER BY ALL"
        )
        example = ledger.rows("SELECT doc_id FROM drops ORDER BY doc_id LIMIT 1")
        remarks = list(_remarks(ledger))
    output.print()
    table(files)
    for remark in remarks:
        output.print(remark, style="yellow", markup=False, highlight=False, soft_wrap=True)
    at = "" if str(warehouse) == "warehouse" else f" -w {warehouse}"
    lines = [
        f"release   {release}",
        f"report    {release / 'report.html'}",
        f"card      {release / 'card.md'}",
        f"why       gristmill why {example[0]['doc_id'] if example else 'ID_OR_URL'}{at}",
        f'sql       gristmill sql "SELECT rule, count(*) AS dropped FROM drops GROUP BY rule ORDER BY 2 DESC"{at}',
        f'          gristmill sql "FROM decisions WHERE NOT kept LIMIT 20"{at}',
    ]
    if (warehouse / "prefect").is_dir():
        lines.append(f"UI        PREFECT_HOME={(warehouse / 'prefect').absolute()} prefect server start")
    output.print("\n" + "\n".join(lines), highlight=False, soft_wrap=True)


def _remarks(ledger: Ledger) -> Iterator[str]:
    for row in ledger.rows(EMPTY):
        yield f"source {row['source']} holds no record"
    [emitted] = ledger.rows(EMITTED)
    if emitted["dropped"]:
        yield f"{emitted['dropped']:,} tokens of documents are in no context"
    if emitted["repeated"]:
        yield f"{emitted['repeated']:,} tokens of documents are in contexts again"
