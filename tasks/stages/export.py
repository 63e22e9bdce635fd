"""Exporting: the texts of the kept documents read once more and written in their final order, with their contexts."""

from functools import partial

from tasks import parts
from tasks.run import Run, tokenizer_of
from tasks.stages.order import place_as_read
from tasks.write._gather import gather, jobs
from tasks.write._plan import Plan, plan_export
from tasks.write._scatter import scatter

PLACES = """
SELECT position, doc_id, copy, part, source, domain, url, created, declared_language, license, weight, bytes, tokens
FROM places JOIN documents USING (doc_id) JOIN weights USING (doc_id) ORDER BY position
"""


def export(run: Run) -> None:
    """Write the release's files aside; what an interrupted run has written already is taken as it is."""
    if run.step("order") is None and run.step("pack") is None:
        place_as_read(run)
    if not run.recipe.export:
        return
    places = run.ledger.table(PLACES)
    segments = run.ledger.table("SELECT * FROM segments ORDER BY context_id, position") if run.step("pack") else None
    _write(run, plan_export(places, segments), parts.key_of(places, segments or []))


def _write(run: Run, plan: Plan, name: str) -> None:
    formats = {call.name: call.settings for call in run.recipe.export}
    texts = run.texts()
    tokenizer = tokenizer_of(run.recipe)
    with run.scratch("export") as folder:
        shelves = run.map(
            partial(scatter, tokenizer=tokenizer),
            [str(texts[part]) for part in plan.shares],
            list(plan.shares.values()),
            [str(folder / f"{name}-{part}.arrow") for part in plan.shares],
        )
        target = run.release if (run.release / "manifest.json").is_file() else run.release_aside
        found = run.map(partial(gather, release=str(target), formats=formats), jobs(plan, shelves))
    run.ledger.insert("exports", [row for rows in found for row in rows])
