"""Packing: the order cut into contexts, one table of segments."""

from functools import partial

import numpy as np
import pyarrow as pa

from schemas.recipe import Step
from tasks import units
from tasks.order._metrics import measure_order
from tasks.pack._metrics import packing_metrics
from tasks.run import Run, seed_of, unit_measure
from tasks.stages.order import featured, place_as_read

SAMPLE = 500
DUPLICATE = 0.9


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
    figures = packing_metrics(segments, documents, context_length=call.settings["context_length"]).numbers()
    with run.ledger.transaction():
        run.ledger.insert("segments", _trainable(segments))
        _note(run, number, figures)
        run.leave(number)
    _note_order(run, documents, segments, seed)


def _note(run: Run, number: int, figures: dict[str, float]) -> None:
    run.ledger.insert("metrics", [{"step": number, "name": name, "value": value} for name, value in figures.items()])


def _note_order(run: Run, documents: pa.Table, segments: pa.Table, seed: int) -> None:
    """Note what the order gained, where the documents' words were counted for it; nobody but the report waits."""
    found = run.step("order")
    if found is None or unit_measure("order", found[1].calls[0]) is None or not len(documents):
        return
    number, step = found
    settings = step.calls[0].settings
    features = featured(run, step.calls[0])
    ordered = features.take(pa.array(np.searchsorted(features["doc_id"].to_numpy(), documents["doc_id"].to_numpy())))
    asked = units.accepted(measure_order, settings) | {"seed": seed, "sample": SAMPLE}
    asked["duplicate"] = settings.get("apart", DUPLICATE)
    run.beside(partial(measure_order, ordered, segments, **asked), partial(_note, run, number))


def _trainable(segments: pa.Table) -> pa.Table:
    """Add what every segment of a plain packing has: full loss, positions from 0."""
    ones, zeros = pa.array([1.0] * len(segments)), pa.array([0] * len(segments))
    return segments.append_column("loss_weight", ones).append_column("position_offset", zeros)
