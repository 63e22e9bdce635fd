"""Selecting: the live documents ranked or drawn within strata, up to quotas; who is not taken is dropped."""

import numpy as np
import pyarrow as pa

from schemas.recipe import Call, Step
from tasks import units
from tasks.run import Run, seed_of
from tasks.select._fit import columns_of
from tasks.select._quota import Selected
from tasks.stages.learn import check_agreement


def select(run: Run, number: int, step: Step) -> None:
    """Drop the live documents that a rule of acceptance does not take, and write down what each stratum gave.

    With repetition, the copies go to ``weights``.
    """
    check_agreement(run, step)
    call = step.calls[0]
    documents = run.live(*dict.fromkeys(["tokens", *columns_of(call.settings)]))
    unit, seed = units.unit("select", call.name), seed_of(run.recipe, number)
    found: Selected = unit.apply(documents, seed=seed, **call.settings)
    with run.ledger.transaction():
        run.ledger.insert("quotas", _noted(found.quotas, number, call))
        run.ledger.insert("drops", _dropped(documents, found, number, call))
        if call.settings.get("shortfall") == "repeat":
            run.ledger.insert("weights", _weighed(documents, found))
        run.leave(number)


def _noted(quotas: pa.Table, number: int, call: Call) -> pa.Table:
    rows = len(quotas)
    noted = quotas.append_column("step", pa.array([number] * rows, pa.int32()))
    return noted.append_column("method", pa.array([call.name] * rows, pa.string()))


def _dropped(documents: pa.Table, found: Selected, number: int, call: Call) -> pa.Table:
    """A row per document that was not taken: its score, and the score at the cut of its stratum."""
    gone = np.flatnonzero(found.copies == 0)
    score = call.settings.get("score")
    values = documents[score].cast(pa.float64()).take(gone) if score else pa.nulls(len(gone), pa.float64())
    rule = np.where(values.is_null(), f"select.{call.name}.missing", f"select.{call.name}")
    return pa.table(
        {
            "doc_id": documents["doc_id"].take(gone),
            "step": pa.array([number] * len(gone), pa.int32()),
            "rule": pa.array(rule if score else [f"select.{call.name}"] * len(gone), pa.string()),
            "value": values,
            "threshold": found.quotas["threshold"].take(found.stratum[gone]),
        }
    )


def _weighed(documents: pa.Table, found: Selected) -> pa.Table:
    taken = np.flatnonzero(found.copies)
    copies = found.copies[taken]
    return pa.table({"doc_id": documents["doc_id"].take(taken), "weight": copies.astype(np.float64), "copies": copies})
