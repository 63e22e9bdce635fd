"""Learning: a sample of the live documents drawn, and a scorer fitted to it; what it learns is kept like a score."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.errors import AgreementError, UnitError
from schemas.recipe import Call, Step
from tasks import parts, units
from tasks.check import columns_used
from tasks.distinct import distinct
from tasks.draw import noise
from tasks.partition import FIELDS
from tasks.run import Run, measure_of, seed_of
from tasks.sample import Sample
from tasks.score._agreement import figures_of, refused
from tasks.settings import found_at
from tasks.text.edits import with_edits

DRAWN = 20_000
LABELS = "SELECT doc_id, paragraph, name, value, label FROM labels WHERE status = 'ok' ORDER BY ALL"
NO_LABELS = "SELECT doc_id, paragraph, name, value, label FROM labels WHERE false"


def learn(run: Run, number: int, call: Call) -> Path:
    """Return where what the scorer has learnt from the live documents is kept, learnt now if it is not there."""
    unit = units.unit("score", call.name)
    measure = measure_of(run.recipe, "score", call)
    labels = run.ledger.table(LABELS if getattr(unit.module, "LABELLED", False) else NO_LABELS)
    seed = seed_of(run.recipe, number)
    drawn = draw(run, int(call.settings.get("sample") or DRAWN), seed, labels)
    hashes = run.ledger.table(
        "SELECT doc_id, content_hash FROM documents SEMI JOIN drawn USING (doc_id) ORDER BY doc_id", drawn=drawn
    )
    edits = run.ledger.table(
        "SELECT doc_id, start, stop, replacement FROM edits SEMI JOIN drawn USING (doc_id) ORDER BY ALL", drawn=drawn
    )
    made_of = (measure.key, seed, hashes, drawn, labels, *([edits] if len(edits) else []))
    kept = run.folder / "learnt" / f"{call.name}-{parts.key_of(*made_of)}.npz"
    if not kept.is_file():
        settings = found_at(call.settings, measure.files)
        with run.scratch(f"learn-{call.name}") as folder:
            pieces = _texts(run, drawn, folder)
            fit = partial(_fit, name=call.name, settings=settings, seed=seed)
            run.map(fit, [pieces], [drawn], [labels], [edits], [str(kept)])
    return kept


def note(run: Run, number: int, name: str) -> None:
    """Load what a scorer has to show of what it learnt: figures on held-out labels, and rows of tables of its own."""
    fitted = parts.read_arrays(run.fitted[name])
    shown = {"agreement": figures_of(fitted, number, name)} if "agreement_value" in fitted else {}
    tables_of = getattr(units.unit("score", name).module, "tables_of", None)
    for table, rows in (shown | (tables_of(fitted, number, name) if tables_of else {})).items():
        run.ledger.insert(table, rows)


def check_agreement(run: Run, step: Step) -> None:
    """Raise AgreementError if a step decides by a score that agrees too little with held-out labels."""
    weak = {
        column: f"{reason} by {name}"
        for name, path in run.fitted.items()
        if "gate_column" in (fitted := parts.read_arrays(path))
        for column, reason in refused(fitted).items()
    }
    for column in columns_used(step):
        if column in weak:
            raise AgreementError(
                f"{column} may not decide: {weak[column]}; label more documents or better ones, "
                "or set `force: true` there to decide by it all the same"
            )


def draw(run: Run, size: int, seed: int, labels: pa.Table) -> pa.Table:
    """Draw ``size`` of the live documents (of the labelled ones, if there are labels) by a hash of seed and doc_id."""
    among = "SEMI JOIN labelled USING (doc_id)" if labels.num_rows else ""
    live = run.ledger.table(
        f"SELECT doc_id, part, source, domain FROM documents SEMI JOIN live USING (doc_id) {among} ORDER BY doc_id",
        labelled=labels,
    )
    if not live.num_rows:
        raise UnitError("there is no document to learn from: none is left, or none has a label")
    first = np.argsort(noise(live["doc_id"].to_numpy(), seed), kind="stable")[:size]
    return live.take(pa.array(np.sort(first)))


def _texts(run: Run, drawn: pa.Table, folder: Path) -> list[str]:
    part = drawn["part"].to_numpy()
    wanted = [drawn["doc_id"].to_numpy()[part == i] for i in distinct(part)]
    files = [str(folder / f"{i}.parquet") for i in distinct(part)]
    texts = [str(run.texts()[i]) for i in distinct(part)]
    run.map(_take, texts, files, wanted)
    return files


def _take(texts: str, target: str, wanted: np.ndarray) -> None:
    taken = []
    with pq.ParquetFile(texts) as part:
        for group in range(part.num_row_groups):
            table = part.read_row_group(group, columns=["doc_id", "text", *FIELDS])
            taken.append(table.filter(np.isin(table["doc_id"].to_numpy(), wanted)))
    pq.write_table(pa.concat_tables(taken), target, compression="zstd")


def _fit(
    files: list[str],
    drawn: pa.Table,
    labels: pa.Table,
    edits: pa.Table,
    kept: str,
    *,
    name: str,
    settings: dict[str, Any],
    seed: int,
) -> None:
    texts = with_edits(pa.concat_tables([pq.read_table(file) for file in files]), edits)
    documents = (
        texts.sort_by("doc_id").add_column(1, "source", drawn["source"]).add_column(2, "domain", drawn["domain"])
    )
    unit = units.unit("score", name)
    fit = unit.fit
    if fit is None:
        raise UnitError(f"{name} learns nothing")
    given = units.accepted(fit, {**settings, "seed": seed})
    with units.blamed(unit, " to learn"):
        parts.write_arrays(Path(kept), fit(Sample(documents, labels), **given))
