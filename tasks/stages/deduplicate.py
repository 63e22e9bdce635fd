"""Deduplicating: each deduplicator of the step in turn, on what the one before left."""

from typing import Any

import pyarrow as pa

from schemas.recipe import Call, Step
from tasks import parts, units
from tasks.deduplicate.minhash import Part
from tasks.partition import measured_file
from tasks.run import Run, unit_measure

LOADED = ("metrics", "recall", "duplicates")


def deduplicate(run: Run, number: int, step: Step) -> None:
    """Remove the live documents that are copies of a survivor, with the evidence."""
    for call in step.calls:
        documents = run.live(*dict.fromkeys(["characters", *_columns(call)]))
        made_of = (call, units.unit("deduplicate", call.name).fingerprint, documents, _keys(run, call))
        kept = {name: run.keep(f"{call.name}-{name}", *made_of) for name in LOADED}
        if not all(path.is_file() for path in kept.values()):
            found = _find(run, call, documents)
            figures = [{"name": f"{call.name}.{name}", "value": float(n)} for name, n in found.statistics.items()]
            parts.write(kept["metrics"], pa.Table.from_pylist(figures))
            parts.write(kept["recall"], found.recall)
            parts.write(kept["duplicates"], found.removed)
        for name, path in kept.items():
            rows = parts.read(path)
            run.ledger.insert(name, rows.append_column("step", pa.array([number] * len(rows), pa.int32())))
        run.ledger.run("DELETE FROM live WHERE doc_id IN (SELECT doc_id FROM duplicates WHERE step = ?)", [number])
    run.leave(number)


def _columns(call: Call) -> list[str]:
    prefer = call.settings.get("prefer")
    return [*units.unit("deduplicate", call.name).needs, *([prefer] if prefer else [])]


def _keys(run: Run, call: Call) -> list[str]:
    return [partition.key for partition in run.partitions] if unit_measure("deduplicate", call) else []


def _find(run: Run, call: Call, documents: pa.Table) -> Any:
    unit = units.unit("deduplicate", call.name)
    measure = unit_measure("deduplicate", call)
    if measure is None:
        return unit.apply(documents, **call.settings)
    files = [
        Part(str(run.home(p) / measured_file(measure)), str(run.home(p) / "texts.parquet")) for p in run.partitions
    ]
    with run.scratch(call.name) as folder:
        return unit.apply(files, documents, folder, **call.settings, mapper=run.map)
