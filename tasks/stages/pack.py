"""Packing: the order cut into contexts, one table of segments."""

from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.errors import UnitError
from schemas.recipe import Call, Step
from tasks import units
from tasks.check import columns_of
from tasks.order._metrics import measure_order
from tasks.pack._metrics import packing_metrics
from tasks.run import Run, seed_of, unit_measure
from tasks.stages.order import featured, note, place_as_read
from tasks.stages.transform import PLACES, current, replace_segments
from tasks.transform._pieces import attending, context_lengths, cut, firsts, pieces

GIVEN = ("doc_id", "copy", "tokens", "source")
SAMPLE = 500
DUPLICATE = 0.9


def pack(run: Run, number: int, step: Step) -> None:
    """Put the ordered documents into contexts."""
    if run.ledger.value("SELECT count(*) FROM places") == 0:
        place_as_read(run)
    call = step.calls[0]
    documents = _documents(run, call)
    items = current(run) if run.ledger.value("SELECT count(*) FROM segments") else None
    packed = documents if items is None else _as_documents(items, documents)
    unit = units.unit("pack", call.name)
    seed = seed_of(run.recipe, number)
    kept = run.keep(f"pack-{call.name}", call, unit.fingerprint, seed, packed)
    segments = run.once(kept, lambda: unit.call(packed, seed=seed, **call.settings))
    found = _figures(unit, call, packed, segments)
    contexts = (
        pieces(**{name: segments[name] for name in segments.column_names}) if items is None else _of(items, segments)
    )
    with run.ledger.transaction():
        replace_segments(run, attending(contexts, step.attention))
        note(run, number, found)
        run.leave(number)
    if items is None:
        _note_order(run, documents, segments, seed)


def _documents(run: Run, call: Call) -> pa.Table:
    """The documents' copies in their order, with the columns that the packer goes by."""
    extra = [name for name in dict.fromkeys(columns_of("pack", call)) if name not in GIVEN]
    if not extra:
        return run.ledger.table(PLACES)
    columns = "".join(f', m."{name}"' for name in extra)
    return run.ledger.table(
        f"SELECT m.doc_id, copy, m.tokens, m.source{columns} FROM places JOIN measured m USING (doc_id) "
        "ORDER BY position"
    )


def _figures(unit: units.Unit, call: Call, packed: pa.Table, segments: pa.Table) -> dict[str, float]:
    """What the packing costs and keeps; UnitError if it loses tokens without saying that it does."""
    own, rooms = (getattr(unit.module, name, None) for name in ("figures", "rooms"))
    length = rooms(packed, segments, **units.accepted(rooms, call.settings)) if rooms else None
    found = packing_metrics(
        segments, packed, context_length=call.settings["context_length"] if length is None else length
    )
    if found.lost_token_share and not getattr(unit.module, "DROPS", False):
        raise UnitError(f"{unit.name} lost {found.lost_token_share:.2%} of the tokens without saying that it drops any")
    return found.numbers() | (own(packed, segments, **units.accepted(own, call.settings)) if own else {})


def _as_documents(items: pa.Table, documents: pa.Table) -> pa.Table:
    """What a packer takes for documents where transforms came first: each of their contexts is one.

    What is said of it beside its tokens is what is said of the document of its first piece.
    """
    first = items.take(pa.array(firsts(items)[:-1]))
    sizes = context_lengths(items)
    row = pc.index_in(first["doc_id"], documents["doc_id"])
    said = documents.drop_columns(["doc_id", "copy", "tokens"]).take(row.combine_chunks())
    found = {
        "doc_id": pa.array(np.arange(len(sizes)), pa.uint64()),
        "copy": pa.array(np.zeros(len(sizes)), pa.int32()),
        "tokens": pa.array(sizes),
    }
    return pa.table(found | {name: said[name] for name in said.column_names})


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
