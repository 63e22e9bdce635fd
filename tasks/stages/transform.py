"""Transforming: contexts (before packing, one per document copy) made into contexts of other pieces."""

from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

from schemas.errors import UnitError
from schemas.recipe import Call, Step
from tasks import units
from tasks.distinct import distinct
from tasks.partition import measured_file
from tasks.run import Run, seed_of, tokenizer_of, unit_measure
from tasks.settings import files_of, found_at, known_by_content
from tasks.stages.order import note, place_as_read
from tasks.tokenize import load, plain
from tasks.transform._pieces import Integers, is_inserted, lengths, one_each

PLACES = "SELECT doc_id, copy, tokens, source FROM places JOIN documents USING (doc_id) ORDER BY position"


def transform(run: Run, number: int, step: Step) -> None:
    """Hand the contexts to each transform of the step in turn."""
    if run.step("order") is None and run.ledger.value("SELECT count(*) FROM places") == 0:
        place_as_read(run)
    pack = run.step("pack")
    packed = pack is not None and pack[0] < number
    for turn, call in enumerate(step.calls):
        contexts = current(run)
        made = _made(run, call, contexts, seed_of(run.recipe, number) + turn, packed)
        with run.ledger.transaction():
            replace_segments(run, made)
            found = figures(contexts, made) | special_tokens(run, call) | _own_figures(call, made)
            note(run, number, {f"{call.name}.{name}": value for name, value in found.items()})
    run.leave(number)


def current(run: Run) -> pa.Table:
    """The contexts as they are: those in the ledger, or one per document copy if there are none yet."""
    if run.ledger.value("SELECT count(*) FROM segments"):
        return run.ledger.table("SELECT * FROM segments ORDER BY context_id, position").combine_chunks()
    return one_each(run.ledger.table(PLACES))


def _made(run: Run, call: Call, contexts: pa.Table, seed: int, packed: bool) -> pa.Table:
    unit = units.unit("transform", call.name)
    files = files_of(run.recipe, "transform", call)
    documents = _documents(run, unit, call)
    kept = run.keep(
        f"transform-{call.name}",
        *(known_by_content(call.settings, files), unit.fingerprint, seed, packed, contexts, documents),
        load(tokenizer_of(run.recipe)).fingerprint,
    )
    given = found_at(call.settings, files) | _internal(run, seed, documents, packed)
    made = run.once(kept, lambda: unit.apply(contexts, **given))
    check_promises(unit, contexts, made)
    return made


def _documents(run: Run, unit: units.Unit, call: Call) -> pa.Table:
    """What a transform gets of the live documents: the columns that it needs, and what it measured at reading."""
    measure = unit_measure("transform", call)
    needed = "".join(f', m."{name}"' for name in unit.needs)
    columns = "".join(f', features."{column.name}"' for column in measure.columns) if measure else ""
    features = "JOIN read_parquet(?, hive_partitioning = false) AS features USING (doc_id)" if measure else ""
    files = [[str(run.home(p) / measured_file(measure)) for p in run.partitions]] if measure else []
    return run.ledger.table(
        f"SELECT m.doc_id{needed}{columns} FROM measured m {features} SEMI JOIN live USING (doc_id) ORDER BY m.doc_id",
        files,
    )


def _internal(run: Run, seed: int, documents: pa.Table, packed: bool) -> dict[str, Any]:
    tokenizer = load(tokenizer_of(run.recipe))
    return {
        "seed": seed,
        "documents": documents,
        "packed": packed,
        "encode": partial(plain, tokenizer),
        "vocabulary": tokenizer.vocabulary,
        "end_of_text": int(tokenizer.encode(pa.array([""], pa.large_string()))[0][0]),
    }


def check_promises(unit: units.Unit, before: pa.Table, after: pa.Table) -> None:
    """A transform that does not say that it drops (DROPS) or repeats (REPEATS) tokens must not."""
    had, has = coverage(before), coverage(after)
    drops = int((had["covered"].sum() or 0) - (has["covered"].sum() or 0)) if len(had) else 0
    repeats = int(has["repeated"].sum() - had["repeated"].sum()) if len(has) else 0
    if drops and not getattr(unit.module, "DROPS", False):
        raise UnitError(f"{unit.name} lost {drops} tokens without saying that it drops any: {unsaid(unit, 'DROPS')}")
    if repeats > 0 and not getattr(unit.module, "REPEATS", False):
        raise UnitError(
            f"{unit.name} repeated {repeats} tokens without saying that it repeats any: {unsaid(unit, 'REPEATS')}"
        )


def unsaid(unit: units.Unit, promise: str) -> str:
    """Return what to do about a unit that does what only a unit of which ``promise`` is true may."""
    return f"if it is meant to, put `{promise} = True` into {unit.kind}/{unit.name}.py"


def coverage(contexts: pa.Table) -> dict[str, Integers]:
    """Return per document copy (doc_id, copy) the tokens that contexts hold (covered) and hold again (repeated)."""
    text = contexts.filter(pa.array(~is_inserted(contexts)))
    doc_id, copy = text["doc_id"].to_numpy(), text["copy"].to_numpy()
    start, stop = text["start"].to_numpy(), text["stop"].to_numpy()
    order = np.lexsort([stop, start, copy, doc_id])
    doc_id, copy = doc_id[order], copy[order]
    fresh = np.append(True, (np.diff(doc_id) != 0) | (np.diff(copy) != 0)) if len(order) else np.zeros(0, bool)
    covered, repeated = _covered(fresh, start[order], stop[order])
    return {"doc_id": doc_id[fresh], "copy": copy[fresh], "covered": covered, "repeated": repeated}


@njit(nogil=True, cache=True)
def _covered(fresh: Integers, start: Integers, stop: Integers) -> tuple[Integers, Integers]:
    groups = fresh.sum()
    covered, repeated = np.zeros(groups, np.int64), np.zeros(groups, np.int64)
    group, reach = -1, 0
    for i in range(len(fresh)):
        if fresh[i]:
            group += 1
            reach = 0
        new = max(0, stop[i] - max(start[i], reach))
        covered[group] += new
        repeated[group] += stop[i] - start[i] - new
        reach = max(reach, stop[i])
    return covered, repeated


def _own_figures(call: Call, made: pa.Table) -> dict[str, float]:
    own = getattr(units.unit("transform", call.name).module, "figures", None)
    return own(made, **units.accepted(own, call.settings)) if own else {}


def special_tokens(run: Run, call: Call) -> dict[str, float]:
    """Return the ids that a transform gives to its markers, by name, for whoever reads the contexts."""
    named = getattr(units.unit("transform", call.name).module, "special_tokens", None)
    if named is None:
        return {}
    found = named(vocabulary=load(tokenizer_of(run.recipe)).vocabulary, **units.accepted(named, call.settings))
    return {f"token {name}": float(token) for name, token in found.items()}


def replace_segments(run: Run, contexts: pa.Table) -> None:
    """Put contexts in the place of those in the ledger, and write down which tokens they do not hold exactly once."""
    run.ledger.run("DELETE FROM segments")
    run.ledger.run("DELETE FROM emitted")
    run.ledger.insert("segments", contexts)
    run.ledger.using(
        """INSERT INTO emitted SELECT doc_id, copy, tokens - coalesce(covered, 0), coalesce(repeated, 0)
        FROM places JOIN documents USING (doc_id) LEFT JOIN given USING (doc_id, copy)
        WHERE coalesce(covered, 0) <> tokens OR coalesce(repeated, 0) <> 0 ORDER BY ALL""",
        given=pa.table(coverage(contexts)),
    )


def figures(before: pa.Table, after: pa.Table) -> dict[str, float]:
    """Return what a transform did, in tokens and contexts."""
    size, inserted = lengths(after), is_inserted(after)
    masked = pc.equal(after["loss_weight"], 0).to_numpy()
    had, has = coverage(before), coverage(after)
    return {
        "contexts": float(len(distinct(after["context_id"].to_numpy()))),
        "tokens": float(size.sum()),
        "inserted_tokens": float(size[inserted].sum()),
        "masked_tokens": float(size[masked].sum()),
        "dropped_tokens": float(had["covered"].sum() - has["covered"].sum()),
        "repeated_tokens": float(has["repeated"].sum() - had["repeated"].sum()),
    }
