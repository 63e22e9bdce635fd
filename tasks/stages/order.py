"""Ordering: each pass over the documents (those with one copy more) put in order, one pass after the other."""

import numpy as np
import pyarrow as pa

from schemas.recipe import Call, Step
from schemas.tables.documents import documents
from tasks import units
from tasks.partition import measured_file
from tasks.run import Run, seed_of, unit_measure


def order(run: Run, number: int, step: Step) -> None:
    """Give every copy of every live document its place."""
    weigh_equally(run)
    call = step.calls[0]
    table = featured(run, call)
    unit = units.unit("order", call.name)
    seed = seed_of(run.recipe, number)
    kept = run.keep(f"order-{call.name}", call, unit.fingerprint, seed, table)
    places = run.once(kept, lambda: _places(run, call, table, seed))
    with run.ledger.transaction():
        run.ledger.insert("places", places)
        run.leave(number)


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


def featured(run: Run, call: Call) -> pa.Table:
    """The live documents by doc_id, with what the orderer needs of them."""
    measure = unit_measure("order", call)
    unit = units.unit("order", call.name)
    score = call.settings.get("score")
    given = f', m."{score}"' if score and score not in ("source", "domain", "tokens") else ""
    given += "".join(f', m."{name}"' for name in unit.needs if name in documents.arrow.names)
    features = "JOIN read_parquet(?, hive_partitioning = false) AS features USING (doc_id)" if measure else ""
    columns = "".join(f', features."{column.name}"' for column in measure.columns) if measure else ""
    files = [[str(run.home(p) / measured_file(measure)) for p in run.partitions]] if measure else []
    return run.ledger.table(
        f"""SELECT m.doc_id, m.source, m.domain, m.tokens, weights.copies{given}{columns}
        FROM measured m JOIN weights USING (doc_id) {features} SEMI JOIN live USING (doc_id) ORDER BY m.doc_id""",
        files,
    )


def _places(run: Run, call: Call, table: pa.Table, seed: int) -> pa.Table:
    unit = units.unit("order", call.name)
    mapper = {"mapper": run.map} if "mapper" in units.parameters(unit.call) else {}
    copies = table["copies"].to_numpy()
    doc_ids, copy = [], []
    for turn in range(int(copies.max(initial=0))):
        drawn = table.filter(pa.array(copies > turn))
        sequence = unit.call(drawn, seed=seed + turn, **call.settings, **mapper)
        doc_ids.append(drawn["doc_id"].to_numpy()[sequence])
        copy.append(np.full(len(sequence), turn, np.int32))
    ids = np.concatenate(doc_ids) if doc_ids else np.empty(0, np.uint64)
    turns = np.concatenate(copy) if copy else np.empty(0, np.int32)
    return pa.table({"position": np.arange(len(ids)), "doc_id": ids, "copy": turns})
