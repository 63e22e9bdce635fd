"""Decontaminating: evaluation items looked for in the live documents; what holds them is flagged, cut or dropped."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from schemas.errors import InputError
from schemas.recipe import Call, Step
from schemas.tables.edits import edits
from tasks import parts, units
from tasks.decontaminate._actions import Cut, Searched, acted, plan
from tasks.decontaminate._handling import handling
from tasks.decontaminate._items import items_of
from tasks.decontaminate._matches import FOUND, shown
from tasks.distinct import distinct
from tasks.run import Run
from tasks.sample import pieces
from tasks.settings import files_of, found_at
from tasks.stages.edit import lay
from tasks.text import TextBatch

LIVE = "SELECT part, doc_id, live.characters, live.tokens FROM documents JOIN live USING (doc_id) ORDER BY part, doc_id"


def decontaminate(run: Run, number: int, step: Step) -> None:
    """Look for the items of every call among the same live documents, then act on what was found."""
    live = run.ledger.table(LIVE)
    found = [_search(run, call, live) for call in step.calls]
    holders = pa.concat_arrays([pa.array([], pa.uint64()), *(s.matches["doc_id"].combine_chunks() for s in found)])
    held = live.filter(pc.is_in(live["doc_id"], holders))
    gone, cut = plan(found, dict(zip(held["doc_id"].to_pylist(), held["characters"].to_pylist(), strict=True)))
    with run.ledger.transaction():
        for searched in found:
            matches = acted(searched.matches, {row["doc_id"] for row in gone}, cut)
            run.ledger.insert("matches", _noted(searched, matches, number))
            run.ledger.insert("evaluations", _counted(searched, matches, number, held))
        run.ledger.insert("drops", [row | {"step": number, "rule": f"decontaminate.{row['name']}"} for row in gone])
    if cut:
        lay(run, number, given=_edits(cut))
    run.leave(number)


def _edits(cut: dict[int, Cut]) -> pa.Table:
    rows = [
        {"doc_id": doc_id, "start": start, "stop": stop, "replacement": "", "reason": f"decontaminate.{edit.name}"}
        for doc_id, edit in cut.items()
        for start, stop in edit.spans
    ]
    names = ("doc_id", "start", "stop", "replacement", "reason")
    return pa.Table.from_pylist(rows, schema=pa.schema([edits.arrow.field(name) for name in names]))


def _search(run: Run, call: Call, live: pa.Table) -> Searched:
    """Look for the items of one call; what was found before in the same documents is taken as it is."""
    files = files_of(run.recipe, "decontaminate", call)
    asked = handling(**units.accepted(handling, found_at(call.settings, files)))
    items = items_of(asked.items, asked.question, asked.answer)
    unit = units.unit("decontaminate", call.name)
    given = units.accepted(unit.module.index, call.settings), units.accepted(unit.call, call.settings)
    key = parts.key_of(unit.fingerprint, items, *given)
    index = run.folder / "learnt" / f"{call.name}-{key}.npz"
    if not index.is_file():
        with units.blamed(unit):
            parts.write_arrays(index, unit.module.index(items, **given[0]))
    sought = parts.read_arrays(index)["totals"] > 0
    if not sought.any():
        raise InputError(f"{call.name} can find none of the {len(items)} items of {asked.items}: they are too short")
    return Searched(call.name, asked, items, sought, _matches(run, call.name, live, given[1], index))


def _matches(run: Run, name: str, live: pa.Table, settings: dict[str, Any], index: Path) -> pa.Table:
    part, doc_id = live["part"].to_numpy(), live["doc_id"].to_numpy()
    wanted = [doc_id[part == i] for i in range(len(run.partitions))]
    homes = [run.home(p) / f"of-{parts.key_of(ids.tolist())}" for p, ids in zip(run.partitions, wanted, strict=True)]
    targets = [home / f"matches-{index.stem}.parquet" for home in homes]
    same = [[thing] * len(targets) for thing in (name, settings, index)]
    run.map(search, run.texts(), targets, wanted, *same)
    found = pa.concat_tables([FOUND.empty_table(), *map(parts.read, targets)])
    return found.sort_by([(column, "ascending") for column in ("doc_id", "item", "start")])


def search(texts: Path, target: Path, wanted: np.ndarray, name: str, settings: dict[str, Any], index: Path) -> None:
    """Look through the ``wanted`` documents of a file of texts, unless it was done before: the task of a worker."""
    if target.is_file():
        return
    unit, fitted = units.unit("decontaminate", name), parts.read_arrays(index)
    found = [FOUND.empty_table()]
    with pq.ParquetFile(texts) as part:
        for group in range(part.num_row_groups):
            table = part.read_row_group(group, columns=["doc_id", "text"])
            for piece in pieces(table.filter(np.isin(table["doc_id"].to_numpy(), wanted))):
                batch = TextBatch(piece["text"])
                matches = unit.apply(batch, fitted=fitted, **settings)
                found.append(shown(batch, piece["doc_id"], matches))
    parts.write(target, pa.concat_tables(found))


def _noted(searched: Searched, matches: pa.Table, number: int) -> pa.Table:
    named = searched.items.select(["evaluation", "item"]).take(matches["item"])
    noted = matches.drop_columns("item").append_column("step", pa.array([number] * len(matches), pa.int32()))
    noted = noted.append_column("method", pa.array([searched.name] * len(matches), pa.string()))
    return noted.append_column("evaluation", named["evaluation"]).append_column("item", named["item"])


def _counted(searched: Searched, matches: pa.Table, number: int, held: pa.Table) -> list[dict[str, Any]]:
    """A row per evaluation set: what was found of it, and what is left after the step."""
    tokens = dict(zip(held["doc_id"].to_pylist(), held["tokens"].to_pylist(), strict=True))
    sets = np.asarray(searched.items["evaluation"].to_pylist())
    item, doc_id = matches["item"].to_numpy(), matches["doc_id"].to_numpy()
    stays = np.asarray(matches["action"].to_pylist(), "U4") == "flag"
    rows = []
    for name in dict.fromkeys(sets.tolist()):
        mine, size = sets[item] == name, int((sets == name).sum())
        holders, found = distinct(doc_id[mine]).tolist(), len(distinct(item[mine]))
        counts = {
            "items": size,
            "sought": int(searched.sought[sets == name].sum()),
            "found": found,
            "found_share": found / size,
            "documents": len(holders),
            "tokens": sum(tokens[holder] for holder in holders),
            "found_after": len(distinct(item[mine & stays])),
            "documents_after": len(distinct(doc_id[mine & stays])),
        }
        rows.append({"step": number, "method": searched.name, "evaluation": name, **counts})
    return rows
