"""Deduplicating: each deduplicator of the step in turn, on what the one before left."""

from typing import Any

import pyarrow as pa

from schemas.recipe import Call, Step
from tasks import parts, units
from tasks.deduplicate._clusters import RECALL, REMOVED
from tasks.deduplicate.minhash import Part
from tasks.partition import measured_file
from tasks.run import Run, unit_measure


def deduplicate(run: Run, number: int, step: Step) -> None:
    """Remove the live documents that are copies of a survivor, with the evidence."""
    for call in step.calls:
        documents = run.live(*dict.fromkeys(["characters", *_columns(call)]))
        made_of = (call, units.unit("deduplicate", call.name).fingerprint, documents, _keys(run, call))
        removed_at, recall_at = run.keep(f"{call.name}-removed", *made_of), run.keep(f"{call.name}-recall", *made_of)
        if not (removed_at.is_file() and recall_at.is_file()):
            found = _find(run, call, documents)
            parts.write(recall_at, found.recall)
            parts.write(removed_at, found.removed)
        _load(run, number, parts.once(removed_at, REMOVED.empty_table), parts.once(recall_at, RECALL.empty_table))
        run.ledger.run("DELETE FROM live WHERE doc_id IN (SELECT doc_id FROM duplicates WHERE step = ?)", [number])
    run.leave(number)


def _columns(call: Call) -> list[str]:
    prefer = call.settings.get("prefer")
    return [*(["content_hash"] if call.name == "exact" else []), *([prefer] if prefer else [])]


def _keys(run: Run, call: Call) -> list[str]:
    return [] if call.name == "exact" else [partition.key for partition in run.partitions]


def _find(run: Run, call: Call, documents: pa.Table) -> Any:
    unit = units.unit("deduplicate", call.name)
    measure = unit_measure("deduplicate", call)
    if measure is None:
        return unit.call(documents, **call.settings)
    files = [
        Part(str(run.home(p) / measured_file(measure)), str(run.home(p) / "texts.parquet")) for p in run.partitions
    ]
    with run.scratch(call.name) as folder:
        return unit.call(files, documents, folder, **call.settings, mapper=run.map)


def _load(run: Run, number: int, removed: pa.Table, recall: pa.Table) -> None:
    for name, rows in (("duplicates", removed), ("recall", recall)):
        run.ledger.insert(name, rows.append_column("step", pa.array([number] * len(rows), pa.int32())))
