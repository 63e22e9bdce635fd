"""Editing: every editor's spans settled and kept as rows; tokens become those of the text as it will be written."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from schemas.errors import UnitError
from schemas.recipe import Call, Step
from schemas.table import quoted
from schemas.tables import tables
from tasks import parts, tokenize, units
from tasks.edits import Laid
from tasks.environment import environment, hash_of
from tasks.partition import Measure, Sink
from tasks.run import Run, measure_of, tokenizer_of
from tasks.sample import pieces
from tasks.stages.learn import check_agreement
from tasks.text import TextBatch
from tasks.text import edits as kernels
from tasks.text.edits import apply, in_bytes, in_characters, rows_of, settle
from tasks.text.spans import Spans
from tasks.tokenize import TokenizerSpec, load

EDITS = tables()["edits"].arrow
LENGTHS = pa.schema([("doc_id", pa.uint64()), ("tokens", pa.int64()), ("blank", pa.bool_())])
TOKENS = "SELECT coalesce(sum(tokens), 0)::DOUBLE FROM live"
MADE, COUNTED = "edits.parquet", "lengths.parquet"


def edit(run: Run, number: int, step: Step) -> None:
    """Let the editors of the step see the live documents, and write down what they cut and replace."""
    check_agreement(run, step)
    lay(run, number, editors=tuple(_measure(run, call) for call in step.calls))
    run.leave(number)


def _measure(run: Run, call: Call) -> Measure:
    learner = units.unit("edit", call.name).fitted_by
    return measure_of(run.recipe, "edit", call, run.fitted[learner] if learner else None)


def lay(run: Run, number: int, *, editors: tuple[Measure, ...] = (), given: pa.Table | None = None) -> None:
    """Add the spans of editors, and ``given`` ones, to the edits of live documents; count their tokens anew.

    ``given`` has doc_id, start, stop (characters), replacement and reason. Cuts go before replacements, then earlier
    steps before later ones, then editors in the order of the step. A document that is left blank is dropped.
    """
    live = run.ledger.table("SELECT part, doc_id FROM documents SEMI JOIN live USING (doc_id) ORDER BY part, doc_id")
    part, doc_id = live["part"].to_numpy(), live["doc_id"].to_numpy()
    wanted = [doc_id[part == i] for i in range(len(run.partitions))]
    tokenizer = tokenizer_of(run.recipe)
    code = hash_of([Path(__file__), Path(kernels.__file__), Path(tokenize.__file__)]) + environment()
    made_of = (number, code, load(tokenizer).fingerprint, [m.key for m in editors], given if given is not None else [])
    with run.scratch(f"edit-{number}") as folder:
        laid = edits_of(run, folder)
        homes = [
            run.home(partition) / f"edit-{parts.key_of(ids.tolist(), before.digest if before else '', *made_of)}"
            for partition, ids, before in zip(run.partitions, wanted, laid, strict=True)
        ]
        work = partial(edit_texts, editors=editors, given=given, number=number, tokenizer=tokenizer)
        run.map(work, run.texts(), homes, wanted, laid)
    _load(run, number, homes)


def edits_of(run: Run, folder: Path) -> list[Laid | None]:
    """Lay the edits of the live documents down in ``folder``; return where each part's are, None where it has none."""
    file = folder / "edits.parquet"
    rows = "FROM edits JOIN (SELECT doc_id, part FROM documents) USING (doc_id) SEMI JOIN live USING (doc_id)"
    digests = {
        row["part"]: row["digest"]
        for row in run.ledger.rows(
            "SELECT part, bit_xor(md5_number(t::VARCHAR))::VARCHAR || '/' || count(*) AS digest "
            f"FROM (SELECT part, doc_id, start, stop, replacement {rows}) t GROUP BY part"
        )
    }
    if digests:
        run.ledger.run(
            f"COPY (SELECT part, edits.* {rows} ORDER BY part, edits.doc_id, start) TO {quoted(str(file))} "
            "(FORMAT parquet, ROW_GROUP_SIZE 100000)"
        )
    parts_ = range(len(run.partitions))
    return [Laid(str(file), part, digests[part]) if part in digests else None for part in parts_]


def _load(run: Run, number: int, homes: list[Path]) -> None:
    files = [str(home / COUNTED) for home in homes], [str(home / MADE) for home in homes]
    if not homes:
        return
    tokens = run.ledger.value(TOKENS)
    run.ledger.run("CREATE OR REPLACE TEMP TABLE edited AS FROM read_parquet(?, hive_partitioning = false)", [files[0]])
    run.ledger.run("DELETE FROM edits WHERE doc_id IN (SELECT doc_id FROM edited)")
    run.ledger.run(
        "INSERT INTO edits BY NAME FROM read_parquet(?, hive_partitioning = false) ORDER BY doc_id, start", [files[1]]
    )
    for table in ("documents", "live"):
        run.ledger.run(
            f"UPDATE {table} SET tokens = edited.tokens FROM edited "
            f"WHERE {table}.doc_id = edited.doc_id AND NOT edited.blank"
        )
    run.ledger.run(
        "INSERT INTO drops BY NAME SELECT doc_id, ? AS step, 'not_blank' AS rule, 0 AS value, 1 AS threshold "
        "FROM edited WHERE blank ORDER BY doc_id",
        [number],
    )
    run.ledger.run("DELETE FROM live WHERE doc_id IN (SELECT doc_id FROM edited WHERE blank)")
    _note(run, number, tokens)
    run.ledger.run("DROP TABLE edited")


def _note(run: Run, number: int, tokens: float) -> None:
    [found] = run.ledger.rows(
        """SELECT count(DISTINCT doc_id)::DOUBLE AS documents, count(*)::DOUBLE AS spans,
        coalesce(sum(stop - start), 0)::DOUBLE AS characters_taken,
        coalesce(sum(length(replacement)), 0)::DOUBLE AS characters_put FROM edits WHERE step = ?""",
        [number],
    )
    found |= {"tokens_before": tokens, "tokens_after": run.ledger.value(TOKENS)}
    run.ledger.insert("metrics", [{"step": number, "name": f"edits.{k}", "value": v} for k, v in found.items()])


def edit_texts(
    texts: Path,
    home: Path,
    wanted: np.ndarray,
    laid: Laid | None,
    *,
    editors: tuple[Measure, ...],
    given: pa.Table | None,
    number: int,
    tokenizer: TokenizerSpec,
) -> None:
    """Write the edits of the ``wanted`` documents of a file of texts, unless it was done before: a worker's task.

    Documents that get no new edit are left out; the others come with the edits of earlier steps, settled together.
    """
    if (home / COUNTED).is_file():
        return
    known = [] if laid is None else [laid.read()]
    if given is not None:
        step = pa.array([number] * len(given), pa.int32())
        known.append(given.append_column("step", step).select(EDITS.names).cast(EDITS))
    columns = ["doc_id", "text", *sorted({name for editor in editors for name in editor.needs})]
    with ExitStack() as stack, pq.ParquetFile(texts) as part:
        counted, made = Sink(stack, home / COUNTED, LENGTHS), Sink(stack, home / MADE, EDITS)
        for group in range(part.num_row_groups):
            table = part.read_row_group(group, columns=columns)
            for piece in pieces(table.filter(np.isin(table["doc_id"].to_numpy(), wanted))):
                rows, lengths = _settled(piece, known, editors, number, tokenizer)
                made.write(rows)
                counted.write(lengths)


def _settled(
    piece: pa.Table, known: list[pa.Table], editors: tuple[Measure, ...], number: int, tokenizer: TokenizerSpec
) -> tuple[pa.Table, pa.Table]:
    """Return the edits of the documents that get new ones, and how long these are then."""
    batch = TextBatch(piece["text"].combine_chunks(), piece)
    doc_ids = piece["doc_id"].to_numpy()
    spans = pa.concat_tables([*_known(batch, doc_ids, known), *_asked(batch, editors, number)])
    document = spans["document"].to_numpy()
    fresh = np.zeros(len(batch), bool)
    fresh[document[spans["step"].to_numpy() == number]] = True
    spans = spans.filter(pa.array(fresh[document]))
    if not len(spans):
        return EDITS.empty_table(), LENGTHS.empty_table()
    cuts = pc.equal(spans["replacement"], "").to_numpy()
    which, starts, stops, first = settle(
        spans["start"].to_numpy(), spans["stop"].to_numpy(), cuts, spans["step"].to_numpy()
    )
    spans = spans.take(pa.array(which)).combine_chunks()
    document = spans["document"].to_numpy()
    replacement = pc.if_else(pa.array(first), spans["replacement"], "").combine_chunks()
    changed = np.flatnonzero(fresh)
    text = apply(batch.texts, document, starts, stops, replacement).take(pa.array(changed))
    firsts, lasts = in_characters(batch, document, starts, stops)
    rows = {"doc_id": doc_ids[document], "step": spans["step"], "start": firsts, "stop": lasts}
    rows |= {"replacement": replacement, "reason": spans["reason"]}
    blank = pc.equal(pc.binary_length(pc.utf8_trim_whitespace(text)), 0)
    lengths = {"doc_id": doc_ids[changed], "tokens": load(tokenizer).lengths(text), "blank": blank}
    return pa.table(rows), pa.table(lengths)


def _known(batch: TextBatch, doc_ids: np.ndarray, known: list[pa.Table]) -> Iterator[pa.Table]:
    """Yield the edits that are known in characters, as spans of the batch."""
    for table in known:
        document, rows = rows_of(doc_ids, table)
        mine = table.take(pa.array(rows))
        starts, stops = in_bytes(batch, document, mine["start"].to_numpy(), mine["stop"].to_numpy())
        places = {"document": document, "start": starts, "stop": stops}
        yield pa.table({**places, **{name: mine[name] for name in ("step", "replacement", "reason")}})


def _asked(batch: TextBatch, editors: tuple[Measure, ...], number: int) -> Iterator[pa.Table]:
    """Yield what the editors ask for."""
    for editor in editors:
        spans = units.unit("edit", editor.name).apply(batch, **editor.given)
        check(editor.name, batch, spans)
        yield pa.table(
            {
                "document": spans.document.astype(np.int64),
                "start": spans.starts.astype(np.int64),
                "stop": spans.stops.astype(np.int64),
                "step": np.full(len(spans), number, np.int32),
                "replacement": spans.replacements.cast(pa.string()),
                "reason": pc.binary_join_element_wise(editor.name, spans.reasons.cast(pa.string()), "."),
            }
        )


def check(name: str, batch: TextBatch, spans: Spans) -> None:
    """Raise UnitError unless every span is a stretch of characters of its document, with a text and a reason."""
    sizes = {len(spans.starts), len(spans.stops), len(spans.replacements), len(spans.reasons), len(spans)}
    if len(sizes) > 1 or spans.replacements.null_count or spans.reasons.null_count:
        raise UnitError(f"{name} gave spans without a start, stop, replacement or reason")
    if not len(spans):
        return
    if spans.document.min() < 0 or spans.document.max() >= len(batch):
        raise UnitError(f"{name} gave a span of document {spans.document.max()} of a batch of {len(batch)}")
    first, last = batch.offsets[spans.document], batch.offsets[spans.document + 1]
    wrong = (spans.starts < first) | (spans.stops > last) | (spans.starts >= spans.stops)
    if not wrong.any():
        data = np.append(batch.data, 0)
        wrong = ((data[spans.starts] & 0xC0) == 0x80) | ((data[spans.stops] & 0xC0) == 0x80)
    if wrong.any():
        row = int(wrong.argmax())
        shown = f"{spans.starts[row] - first[row]} to {spans.stops[row] - first[row]} of {last[row] - first[row]} bytes"
        raise UnitError(f"{name} gave a span that is no stretch of characters of its document: {shown}")
