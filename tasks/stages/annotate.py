"""Annotating: labels for some of the live documents, from a judge or a file, put into the ledger for others to use."""

from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.recipe import Call, Step
from tasks import parts, units
from tasks.annotate._labels import Given, Labels
from tasks.distinct import distinct
from tasks.run import Run
from tasks.settings import files_of, found_at
from tasks.text.edits import with_edits

FIELDS = ("source", "id", "url", "bytes")


def annotate(run: Run, number: int, step: Step) -> None:
    """Let each annotator label what it is asked to; nothing leaves at this step."""
    for call in step.calls:
        found = _annotated(run, call)
        with run.ledger.transaction():
            for name, rows in (("labels", found.labels), ("judgements", found.judgements)):
                run.ledger.insert(name, _signed(rows, number, found.annotator))
            figures = [
                {"step": number, "name": f"{found.annotator}: {n}", "value": v} for n, v in found.figures.items()
            ]
            run.ledger.insert("metrics", figures)
    run.leave(number)


def _annotated(run: Run, call: Call) -> Labels:
    unit = units.unit("annotate", call.name)
    settings = found_at(call.settings, files_of(run.recipe, "annotate", call))
    score = call.settings.get("score")
    documents = run.live(*FIELDS, *([score] if score and score not in FIELDS else []))
    given = Given(documents, partial(texts_of, run), run.folder / "answers", run.limit is not None)
    # The step's number has no part in the seed: a step put before this one must not change whom a judge is paid for.
    seed = int(parts.key_of(run.recipe.seed, "annotate")[:15], 16)
    found: Labels = unit.apply(given, **settings, seed=seed)
    return found


def _signed(rows: pa.Table, number: int, annotator: str) -> pa.Table:
    step = pa.array([number] * len(rows), pa.int32())
    return rows.append_column("step", step).append_column("annotator", pa.array([annotator] * len(rows), pa.string()))


def texts_of(run: Run, doc_ids: np.ndarray) -> pa.Table:
    """Return doc_id and text of these documents, by doc_id, as the edits of the steps before have left them."""
    wanted = pa.table({"doc_id": doc_ids})
    part = run.ledger.table(
        "SELECT part, doc_id FROM documents SEMI JOIN wanted USING (doc_id) ORDER BY part, doc_id", wanted=wanted
    )
    edits = run.ledger.table(
        "SELECT doc_id, start, stop, replacement FROM edits SEMI JOIN wanted USING (doc_id) ORDER BY ALL", wanted=wanted
    )
    numbers = part["part"].to_numpy()
    held = distinct(numbers)
    files = [run.texts()[i] for i in held]
    found = run.map(_take, files, [part["doc_id"].to_numpy()[numbers == i] for i in held])
    empty = pa.table({"doc_id": pa.array([], pa.uint64()), "text": pa.array([], pa.large_string())})
    return with_edits(pa.concat_tables([empty, *found]), edits).sort_by("doc_id")


def _take(texts: str, wanted: np.ndarray) -> pa.Table:
    with pq.ParquetFile(texts) as part:
        groups = [part.read_row_group(group, columns=["doc_id", "text"]) for group in range(part.num_row_groups)]
        return pa.concat_tables([g.filter(np.isin(g["doc_id"].to_numpy(), wanted)) for g in groups])
