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
from tasks.stages.transform import PLACES, current, note, replace_segments
from tasks.transform._pieces import attending, context_lengths, cut, firsts, pieces

SAMPLE = 500
DUPLICATE = 0.9


def pack(run: Run, number: int, step: Step) -> None:
    """Put the ordered documents into contexts."""
    if run.ledger.value("SELECT count(*) FROM places") == 0:
        place_as_read(run)
    call = step.calls[0]
    documents = run.ledger.table(PLACES)
    items = current(run) if run.ledger.value("SELECT count(*) FROM segments") else None
    packed = documents if items is None else _as_documents(items, documents)
    unit = units.unit("pack", call.name)
    seed = seed_of(run.recipe, number)
    kept = run.keep(f"pack-{call.name}", call, unit.fingerprint, seed, packed)
    segments = run.once(kept, lambda: unit.call(packed, seed=seed, **call.settings))
    length = int(call.settings.get("context_length") or call.settings["longest"])
    found = packing_metrics(segments, packed, context_length=length).numbers()
    contexts = (
        pieces(**{name: segments[name] for name in segments.column_names}) if items is None else _of(items, segments)
    )
    with run.ledger.transaction():
        replace_segments(run, attending(contexts, step.attention))
        note(run, number, found)
        run.leave(number)
    if items is None:
        _note_order(run, documents, segments, seed)


def _as_documents(items: pa.Table, documents: pa.Table) -> pa.Table:
    """What a packer takes for documents where transforms came first: each of their contexts is one."""
    first = items.take(pa.array(firsts(items)[:-1]))
    known = dict(zip(documents["doc_id"].to_pylist(), documents["source"].to_pylist(), strict=True))
    sizes = context_lengths(items)
    return pa.table(
        {
            "doc_id": pa.array(np.arange(len(sizes)), pa.uint64()),
            "copy": pa.array(np.zeros(len(sizes)), pa.int32()),
            "tokens": sizes,
            "source": [known.get(doc_id, "") for doc_id in first["doc_id"].to_pylist()],
        }
    )


def _of(items: pa.Table, segments: pa.Table) -> pa.Table:
    item = segments["doc_id"].to_numpy().astype(np.int64)
    names = ("start", "stop", "context_id", "position")
    return cut(items, item, *(segments[name].to_numpy() for name in names))


def _note_order(run: Run, documents: pa.Table, segments: pa.Table, seed: int) -> None:
    """Note what the order gained, by the orderer's own figures or from words counted for it; only the report waits."""
    found = run.step("order")
    measure = unit_measure("order", found[1].calls[0]) if found else None
    if found is None or measure is None or not len(documents):
        return
    number, step = found
    settings = step.calls[0].settings
    own = getattr(units.unit("order", step.calls[0].name).module, "figures", None)
    worded = any(column.name == "word_buckets" for column in measure.columns)
    if own is None and not worded:
        return
    features = featured(run, step.calls[0])
    ordered = features.take(pa.array(np.searchsorted(features["doc_id"].to_numpy(), documents["doc_id"].to_numpy())))
    if own is not None:
        run.beside(partial(own, ordered, segments, **units.accepted(own, settings)), partial(note, run, number))
        return
    asked = units.accepted(measure_order, settings) | {"seed": seed, "sample": SAMPLE}
    asked["duplicate"] = settings.get("apart", DUPLICATE)
    run.beside(partial(measure_order, ordered, segments, **asked), partial(note, run, number))
