"""Exporting: the texts of the kept documents read once more and written in their final order, with their contexts."""

import pickle
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from tasks import parts
from tasks.edits import Laid
from tasks.run import Run, tokenizer_of
from tasks.stages.edit import edits_of
from tasks.stages.order import place_as_read
from tasks.tokenize import TokenizerSpec
from tasks.transform._pieces import context_lengths
from tasks.write._gather import Job, finished, gather, jobs
from tasks.write._plan import Plan, Share, plan_export
from tasks.write._scatter import scatter
from tasks.write._shelf import Shelf

PLACES = """
SELECT position, doc_id, copy, part, source, id, domain, url, created, declared_language, license, weight, bytes, tokens
FROM places JOIN documents USING (doc_id) JOIN weights USING (doc_id) ORDER BY position
"""


def export(run: Run) -> None:
    """Write the release's files aside; what an interrupted run has written already is taken as it is."""
    if run.ledger.value("SELECT count(*) FROM places") == 0:
        place_as_read(run)
    if not run.recipe.export:
        return
    places = run.ledger.table(PLACES)
    contexts = run.ledger.table("SELECT * FROM segments ORDER BY context_id, position")
    segments = contexts if run.step("pack") or run.step("transform") else None
    full = _full_context(run, segments) if segments is not None and len(segments) else None
    _write(run, plan_export(places, segments), full)


def _write(run: Run, plan: Plan, full: int | None) -> None:
    formats = {call.name: {**call.settings, "full_context": full} for call in run.recipe.export}
    texts = run.texts()
    target = run.release if (run.release / "manifest.json").is_file() else run.release_aside
    with run.scratch("export") as folder:
        laid = edits_of(run, folder)
        shelves = run.map(
            partial(_scatter, tokenizer=tokenizer_of(run.recipe)),
            [str(texts[part]) for part in plan.shares],
            [_given(folder / f"{part}.share", share) for part, share in plan.shares.items()],
            [str(folder / f"{part}.arrow") for part in plan.shares],
            [laid[part] for part in plan.shares],
        )
        todo = [_given(folder / f"{job.file.name}.job", job) for job in jobs(plan, shelves)]
        found = run.map(partial(_gather, release=str(target), formats=formats), todo)
    rows = [row for rows in found for row in rows]
    run.ledger.insert("exports", rows + list(finished(target, formats, rows)))


def _full_context(run: Run, contexts: pa.Table) -> int | None:
    """Return the one length that contexts are padded to, if the pack step fills them up to one.

    A transform may make room for what it adds by a ``context_length`` of its own.
    """
    found = run.step("pack")
    if found is None:
        return None
    number, step = found
    room = step.calls[0].settings.get("context_length")
    if room is None:
        return None
    transforms = (call for later in run.recipe.steps[number:] for call in later.calls)
    rooms = (call.settings.get("context_length") or 0 for call in transforms)
    return max(int(room), int(context_lengths(contexts).max()), *map(int, rooms))


def _given(path: Path, work: Share | Job) -> str:
    """Leave work for a worker in a file: places by the thousand are too much to send by way of the scheduler."""
    with parts.aside(path) as temporary:
        temporary.write_bytes(pickle.dumps(work, protocol=pickle.HIGHEST_PROTOCOL))
    return str(path)


def _scatter(texts: str, share: str, target: str, laid: Laid | None, *, tokenizer: TokenizerSpec) -> Shelf:
    edits = laid.read() if laid else None
    return scatter(texts, pickle.loads(Path(share).read_bytes()), target, tokenizer=tokenizer, edits=edits)


def _gather(job: str, *, release: str, formats: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return gather(pickle.loads(Path(job).read_bytes()), release, formats=formats)
