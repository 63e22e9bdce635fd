"""Packing: the order cut into contexts, one table of segments."""

import pyarrow as pa

from schemas.recipe import Step
from tasks import units
from tasks.run import Run, seed_of
from tasks.stages.order import place_as_read


def pack(run: Run, number: int, step: Step) -> None:
    """Put the ordered documents into contexts."""
    if run.step("order") is None:
        place_as_read(run)
    call = step.calls[0]
    documents = run.ledger.table(
        "SELECT doc_id, source, tokens, copy FROM places JOIN documents USING (doc_id) ORDER BY position"
    )
    unit = units.unit("pack", call.name)
    seed = seed_of(run.recipe, number)
    kept = run.keep(f"pack-{call.name}", call, unit.fingerprint, seed, documents)
    segments = run.once(kept, lambda: unit.call(documents, seed=seed, **call.settings))
    with run.ledger.transaction():
        run.ledger.insert("segments", _trainable(segments))
        run.leave(number)


def _trainable(segments: pa.Table) -> pa.Table:
    """Add what every segment of a plain packing has: full loss, positions from 0."""
    ones, zeros = pa.array([1.0] * len(segments)), pa.array([0] * len(segments))
    return segments.append_column("loss_weight", ones).append_column("position_offset", zeros)
