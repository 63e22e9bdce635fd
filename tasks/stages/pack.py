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
from tasks.stages.against import Integers, Packed, compare
from tasks.stages.order import featured, note, place_as_read
from tasks.stages.transform import PLACES, current, replace_segments, unsaid
from tasks.transform._pieces import attending, context_lengths, firsts, placed

GIVEN = ("doc_id", "copy", "tokens", "source")
SAMPLE = 500
DUPLICATE = 0.9
NEIGHBORS = 10


def pack(run: Run, number: int, step: Step) -> None:
    """Put the ordered documents into contexts."""
    if run.ledger.value("SELECT count(*) FROM places") == 0:
        place_as_read(run)
    call = step.calls[0]
    unit = units.unit("pack", call.name)
    documents = _documents(run, call)
    ordered = _featured(run, documents)
    for name in unit.needs:
        if ordered is not None and name in ordered.column_names:
            documents = documents.append_column(name, ordered[name])
    items = current(run) if run.ledger.value("SELECT count(*) FROM segments") else None
    packed = documents if items is None else _as_documents(items, documents)
    seed = seed_of(run.recipe, number)
    kept = run.keep(f"pack-{call.name}", call, unit.fingerprint, seed, packed)
    segments = run.once(kept, lambda: unit.apply(packed, seed=seed, **call.settings))
    room = _room(unit, call, packed, segments)
    found = _figures(unit, call, packed, segments, room)
    with run.ledger.transaction():
        replace_segments(run, attending(placed(segments, items), step.attention))
        note(run, number, found)
        run.leave(number)
    if items is None:
        _note_order(run, ordered, segments, seed)
    _compare(run, number, call, ordered, packed, (segments, room), items)


def _documents(run: Run, call: Call) -> pa.Table:
    """The documents' copies in their order, with the columns that the packer's settings name."""
    extra = [name for name in dict.fromkeys(columns_of("pack", call)) if name not in GIVEN]
    if not extra:
        return run.ledger.table(PLACES)
    columns = "".join(f', m."{name}"' for name in extra)
    return run.ledger.table(
        f"SELECT m.doc_id, copy, m.tokens, m.source{columns} FROM places JOIN measured m USING (doc_id) "
        "ORDER BY position"
    )


def _figures(
    unit: units.Unit, call: Call, packed: pa.Table, segments: pa.Table, room: int | Integers
) -> dict[str, float]:
    """What the packing costs and keeps; UnitError if it loses tokens without saying that it does."""
    own = getattr(unit.module, "figures", None)
    found = packing_metrics(segments, packed, context_length=room)
    if found.lost_token_share and not getattr(unit.module, "DROPS", False):
        lost = f"{unit.name} lost {found.lost_token_share:.2%} of the tokens without saying that it drops any"
        raise UnitError(f"{lost}: {unsaid(unit, 'DROPS')}")
    return found.numbers() | (own(packed, segments, **units.accepted(own, call.settings)) if own else {})


def _room(unit: units.Unit, call: Call, packed: pa.Table, segments: pa.Table) -> int | Integers:
    """The tokens that a context can hold: one number, or one for each of the packer's contexts."""
    rooms = getattr(unit.module, "rooms", None)
    if rooms is None:
        return int(call.settings["context_length"])
    found: Integers = rooms(packed, segments, **units.accepted(rooms, call.settings))
    return found


def _as_documents(items: pa.Table, documents: pa.Table) -> pa.Table:
    """What a packer takes for documents where transforms came first: each of their contexts is one.

    What is said of it beside its tokens is what is said of the document of its first piece that is of one.
    """
    first = items.take(pa.array(_first_of_documents(items)))
    sizes = context_lengths(items)
    row = pc.index_in(first["doc_id"], documents["doc_id"])
    said = documents.drop_columns(["doc_id", "copy", "tokens"]).take(row.combine_chunks())
    found = {
        "doc_id": pa.array(np.arange(len(sizes)), pa.uint64()),
        "copy": pa.array(np.zeros(len(sizes)), pa.int32()),
        "tokens": pa.array(sizes),
    }
    return pa.table(found | {name: said[name] for name in said.column_names})


def _first_of_documents(items: pa.Table) -> Integers:
    """The row of each context's first piece that is of a document; of its first piece if none is."""
    begins = firsts(items)
    owned = np.append(np.flatnonzero(items["doc_id"].is_valid().to_numpy()), begins[-1])
    found = owned[np.searchsorted(owned, begins[:-1])]
    return np.where(found < begins[1:], found, begins[:-1])


def _featured(run: Run, documents: pa.Table) -> pa.Table | None:
    """What the orderer measured of the documents, in their order; None if that tells nothing of an order."""
    found = run.step("order")
    if found is None or not len(documents):
        return None
    call = found[1].calls[0]
    measure = unit_measure("order", call)
    own = hasattr(units.unit("order", call.name).module, "figures")
    if measure is None or not (own or any(column.name == "word_buckets" for column in measure.columns)):
        return None
    features = featured(run, call)
    return features.take(pa.array(np.searchsorted(features["doc_id"].to_numpy(), documents["doc_id"].to_numpy())))


def _note_order(run: Run, ordered: pa.Table | None, segments: pa.Table, seed: int) -> None:
    """Note what the order gained, by the orderer's own figures or from words counted for it; only the report waits."""
    found = run.step("order")
    if found is None or ordered is None:
        return
    number, step = found
    settings = step.calls[0].settings
    own = getattr(units.unit("order", step.calls[0].name).module, "figures", None)
    if own is not None:
        run.beside(partial(own, ordered, segments, **units.accepted(own, settings)), partial(note, run, number))
    elif "word_buckets" in ordered.column_names:
        asked = units.accepted(measure_order, settings) | {"seed": seed, "sample": SAMPLE}
        asked["duplicate"] = settings.get("apart", DUPLICATE)
        run.beside(partial(measure_order, ordered, segments, **asked), partial(note, run, number))


def _compare(
    run: Run,
    number: int,
    call: Call,
    ordered: pa.Table | None,
    packed: pa.Table,
    made: Packed,
    items: pa.Table | None,
) -> None:
    """Note the order and its packing beside two others of the same documents; only the report waits."""
    if not len(packed):
        return
    unit, seed, found = units.unit("pack", call.name), seed_of(run.recipe, number), run.step("order")
    settings = found[1].calls[0].settings if found else {}
    worded = ordered is not None and "word_buckets" in ordered.column_names

    def repacked(documents: pa.Table) -> Packed:
        segments = unit.apply(documents, seed=seed, **call.settings)
        return segments, _room(unit, call, documents, segments)

    asked = {
        "pack": repacked,
        "items": items,
        "features": ordered if worded else None,
        "model": settings.get("model"),
        "neighbors": settings.get("neighbors", NEIGHBORS),
        "duplicate": settings.get("apart", DUPLICATE),
        "seed": seed,
    }
    run.beside(partial(compare, packed, made, **asked), partial(note, run, number))
