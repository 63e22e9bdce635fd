"""Scoring: the parts of each scorer loaded as a table of its own, and one view that joins them."""

import pyarrow as pa

from schemas.recipe import Call, Step
from schemas.table import Column, Table
from tasks import parts, units
from tasks.decide import condition
from tasks.partition import Measure, measure_some, measured_file
from tasks.run import Run, late_scorers, measure_of
from tasks.stages.edit import edits_of
from tasks.stages.learn import learn, note

KEY = Column("doc_id", "UBIGINT", "document")


def score(run: Run, number: int, step: Step) -> None:
    """Give the live documents the scores that wait for this step; the others were measured while reading."""
    late = late_scorers(run.recipe)
    calls = [call for call in step.calls if late.get(call.name) == number]
    if calls:
        measures = tuple(_measure(run, number, call) for call in calls)
        _measure_live(run, step, measures)
        view_scores(run)
    run.leave(number)


def _measure(run: Run, number: int, call: Call) -> Measure:
    if units.unit("score", call.name).fit:
        run.fitted[call.name] = learn(run, number, call)
        note(run, number, call.name)
    return measure_of(run.recipe, "score", call, run.fitted.get(call.name))


def _measure_live(run: Run, step: Step, measures: tuple[Measure, ...]) -> None:
    live = _wanted(run, step)
    part, doc_id = live["part"].to_numpy(), live["doc_id"].to_numpy()
    wanted = [doc_id[part == i] for i in range(len(run.partitions))]
    with run.scratch("score") as folder:
        laid = edits_of(run, folder)
        homes = [
            run.home(partition) / f"of-{parts.key_of(ids.tolist(), *([edits.digest] if edits else []))}"
            for partition, ids, edits in zip(run.partitions, wanted, laid, strict=True)
        ]
        run.map(measure_some, run.texts(), homes, [measures] * len(homes), wanted, laid)
    for measure in measures:
        load_scores(run, measure, [str(home / measured_file(measure)) for home in homes])


def _wanted(run: Run, step: Step) -> pa.Table:
    """The documents to score, by part: the live ones, or those of them that the step is for."""
    where = condition(step.where) if step.where else "true"
    return run.ledger.table(
        f"SELECT m.part, m.doc_id FROM measured m SEMI JOIN live USING (doc_id) WHERE {where} ORDER BY ALL"
    )


def load_scores(run: Run, measure: Measure, files: list[str] | None = None) -> None:
    """Load a scorer's parts into its table ``score_NAME``."""
    files = files or [str(run.home(partition) / measured_file(measure)) for partition in run.partitions]
    meaning = f"One row per document measured by {measure.name}."
    table = Table(f"score_{measure.name}", meaning, (KEY, *measure.columns), ("doc_id",))
    run.ledger.run(table.ddl)
    run.ledger.run(
        f"INSERT INTO {table.name} BY NAME SELECT * FROM read_parquet(?, hive_partitioning = false)", [files]
    )
    for column in measure.columns:
        if not column.optional:
            run.ledger.run(f'ALTER TABLE {table.name} ALTER COLUMN "{column.name}" SET NOT NULL')


def view_scores(run: Run) -> None:
    """Make the views ``scores`` and ``measured`` over the scorers loaded so far."""
    names = [
        row["name"]
        for row in run.ledger.rows(
            "SELECT table_name AS name FROM duckdb_tables() WHERE table_name LIKE 'score\\_%' ESCAPE '\\' ORDER BY 1"
        )
    ]
    joins = " ".join(f"LEFT JOIN {name} USING (doc_id)" for name in names)
    columns = "".join(f", {name}.* EXCLUDE (doc_id)" for name in names)
    run.ledger.run(f"CREATE OR REPLACE VIEW scores AS SELECT documents.doc_id{columns} FROM documents {joins}")
    run.ledger.run("COMMENT ON VIEW scores IS 'One row per document with every score that it was given.'")
    run.ledger.run(
        "CREATE OR REPLACE VIEW measured AS "
        f"SELECT documents.*{columns}, coalesce(fates.step, 1000000) AS left_at "
        f"FROM documents LEFT JOIN fates USING (doc_id) {joins}"
    )
    run.ledger.run("COMMENT ON VIEW measured IS 'documents and scores side by side, with the step at which each left.'")
