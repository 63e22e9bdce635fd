"""Ordering: each pass over the documents (those with one copy more) put in order, one pass after the other."""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from schemas.recipe import Call, Step
from schemas.tables.documents import documents
from tasks import units
from tasks.check import columns_of
from tasks.order._placing import placing_figures
from tasks.partition import measured_file
from tasks.run import Run, seed_of, unit_measure

GIVEN = ("doc_id", "source", "domain", "tokens")


def order(run: Run, number: int, step: Step) -> None:
    """Give every copy of every live document its place."""
    weigh_equally(run)
    call = step.calls[0]
    unit = units.unit("order", call.name)
    files = _measured(run, call) if "measured" in units.parameters(unit.call) else None
    table = featured(run, call, apart=files is not None)
    seed = seed_of(run.recipe, number)
    kept = run.keep(f"order-{call.name}", call, unit.fingerprint, seed, table, files and _keys(run))
    folder = kept.with_suffix("")
    places = run.once(kept, lambda: _places(run, call, table, seed, {"measured": files} if files else None, folder))
    shutil.rmtree(folder, ignore_errors=True)
    with run.ledger.transaction():
        run.ledger.insert("places", places)
        run.leave(number)
    _note(run, number, call, table, places)


def weigh_equally(run: Run) -> None:
    """Give weight 1 and one copy to every live document that no mixture or selection weighed."""
    run.ledger.run("INSERT INTO weights SELECT doc_id, 1, 1 FROM live ANTI JOIN weights USING (doc_id) ORDER BY doc_id")


def place_as_read(run: Run) -> None:
    """Place the documents as they were read, for a recipe without an order."""
    weigh_equally(run)
    run.ledger.run(
        """INSERT INTO places
        SELECT row_number() OVER (ORDER BY copy, documents.source, file, row) - 1, doc_id, copy
        FROM (SELECT doc_id, unnest(range(copies))::INTEGER AS copy FROM weights) JOIN documents USING (doc_id)"""
    )


def _measured(run: Run, call: Call) -> list[str]:
    """The files of what the orderer measured of the documents, for one that reads them itself."""
    measure = unit_measure("order", call)
    return [str(run.home(partition) / measured_file(measure)) for partition in run.partitions] if measure else []


def _keys(run: Run) -> list[str]:
    return [partition.key for partition in run.partitions]


def featured(run: Run, call: Call, apart: bool = False) -> pa.Table:
    """The live documents by doc_id, with what the orderer needs of them; what it measured may stay ``apart``."""
    measure = None if apart else unit_measure("order", call)
    unit = units.unit("order", call.name)
    asked = [*columns_of("order", call), *(name for name in unit.needs if name in documents.arrow.names)]
    given = "".join(f', m."{name}"' for name in dict.fromkeys(asked) if name not in GIVEN)
    features = "JOIN read_parquet(?, hive_partitioning = false) AS features USING (doc_id)" if measure else ""
    columns = "".join(f', features."{column.name}"' for column in measure.columns) if measure else ""
    files = [[str(run.home(p) / measured_file(measure)) for p in run.partitions]] if measure else []
    return run.ledger.table(
        f"""SELECT m.doc_id, m.source, m.domain, m.tokens, weights.copies{given}{columns}
        FROM measured m JOIN weights USING (doc_id) {features} SEMI JOIN live USING (doc_id) ORDER BY m.doc_id""",
        files,
    )


def _places(
    run: Run, call: Call, table: pa.Table, seed: int, measured: dict[str, Any] | None, folder: Path
) -> pa.Table:
    """Order each pass on its own, or all copies at once where the orderer says so (COPIES).

    An orderer that reads what was ``measured`` itself keeps what it finds on the way in a folder of the pass, where it
    finds it again after a crash.
    """
    unit = units.unit("order", call.name)
    given = call.settings | {"mapper": run.map} | (measured or {})
    copies = table["copies"].to_numpy()
    turns = [_copy(table, copies, turn) for turn in range(int(copies.max(initial=0)))]
    if turns and getattr(unit.module, "COPIES", False):
        turns = [pa.concat_tables(turns)]
    placed = []
    for turn, drawn in enumerate(turns):
        asked = given | ({"folder": folder / str(turn)} if measured else {})
        placed.append(drawn.take(pa.array(unit.apply(drawn, seed=seed + turn, **asked))))
    found = pa.concat_tables(placed or [_copy(table, copies, 0)]).select(["doc_id", "copy"])
    return found.add_column(0, "position", pa.array(np.arange(len(found)))).combine_chunks()


def _copy(table: pa.Table, copies: np.ndarray[Any, np.dtype[Any]], turn: int) -> pa.Table:
    drawn = table.filter(pa.array(copies > turn))
    return drawn.append_column("copy", pa.array(np.full(len(drawn), turn, np.int32)))


def _note(run: Run, number: int, call: Call, table: pa.Table, places: pa.Table) -> None:
    """Note what the order did to scores, sources, lengths and repeats, and what the orderer has to say of it."""
    rows = np.searchsorted(table["doc_id"].to_numpy(), places["doc_id"].to_numpy())
    ordered = table.take(pa.array(rows)).append_column("copy", places["copy"])
    own = getattr(units.unit("order", call.name).module, "placed", None)
    run.beside(partial(_figures, ordered, call, own), partial(note, run, number))


def _figures(ordered: pa.Table, call: Call, own: Callable[..., dict[str, float]] | None) -> dict[str, float]:
    found = placing_figures(ordered, call.settings.get("score"))
    return found | (own(ordered, **units.accepted(own, call.settings)) if own else {})


def note(run: Run, number: int, found: dict[str, float]) -> None:
    """Write figures of a step into the ledger."""
    run.ledger.insert("metrics", [{"step": number, "name": name, "value": value} for name, value in found.items()])
