"""Reweighting: a mixture over domains, then a weight and a number of copies for each document."""

import pyarrow as pa
import pyarrow.compute as pc

from schemas.recipe import Step
from tasks import units
from tasks.reweight._epochs import copies
from tasks.run import Run, seed_of


def reweight(run: Run, number: int, step: Step) -> None:
    """Weigh the live documents by their domain; a document whose copies come to 0 is dropped."""
    call = step.calls[0]
    domains = run.ledger.table(
        f"""SELECT coalesce(m."{step.by}"::VARCHAR, 'unknown') AS domain, count(*) AS documents,
            sum(tokens)::BIGINT AS tokens FROM measured m SEMI JOIN live USING (doc_id) GROUP BY 1 ORDER BY 1"""
    )
    if not domains.num_rows:
        return run.leave(number)
    mixture = units.unit("reweight", call.name).apply(domains, **call.settings)
    mixture = mixture.append_column("step", pa.array([number] * len(mixture), pa.int32()))
    run.ledger.insert("mixture", mixture.append_column("method", pa.array([call.name] * len(mixture))))
    with run.ledger.transaction():
        _weigh(run, number, step.by)
        run.leave(number)


def _weigh(run: Run, number: int, by: str) -> None:
    live = run.ledger.table(
        f"""SELECT m.doc_id, mixture.epochs AS weight FROM measured m SEMI JOIN live USING (doc_id)
        JOIN mixture ON mixture.step = {number} AND mixture.domain = coalesce(m."{by}"::VARCHAR, 'unknown')
        ORDER BY m.doc_id"""
    )
    times = copies(live["doc_id"].to_numpy(), live["weight"].to_numpy(), seed_of(run.recipe, number))
    weighed = live.append_column("copies", pa.array(times, pa.int32()))
    run.ledger.insert("weights", weighed.filter(pc.greater(weighed["copies"], 0)))
    run.ledger.using(
        f"INSERT INTO drops BY NAME SELECT doc_id, {number} AS step, 'copies >= 1' AS rule, 0 AS value, 1 AS threshold "
        "FROM given WHERE copies = 0",
        given=weighed,
    )
