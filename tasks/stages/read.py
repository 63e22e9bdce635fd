"""Reading: files found and cut into partitions, each read once and measured; documents loaded in one transaction."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from schemas.errors import AuditError, InputError, ToleranceError
from schemas.recipe import Source
from tasks import units
from tasks.partition import Measure, Partition, ingest, measured_file
from tasks.read._cut import cut, group
from tasks.read._files import FileRef, expand, fingerprint, printable, reader_of
from tasks.read._slice import Fields, Slice
from tasks.run import Run, early_measures
from tasks.stages.score import load_scores, view_scores

SHOWN = 5


@dataclass(frozen=True)
class Input:
    """One file of a source, with the reader for it and the hash of its content."""

    source: str
    file: FileRef
    reader: str
    fingerprint: str


def read(run: Run) -> None:
    """Read every source, measure its documents, and stop if more records failed than the recipe tolerates."""
    measures = early_measures(run.recipe)
    inputs = find_inputs(run)
    run.partitions = [p for name in run.recipe.sources for p in _partitions(run, name, inputs)]
    manifests = _ingest(run, measures)
    with run.ledger.transaction():
        _load_inputs(run, inputs, manifests)
        _load_records(run)
        _check_identities(run)
        _load_documents(run, measures[0])
    for measure in measures:
        if measure.kind == "score":
            load_scores(run, measure)
    view_scores(run)
    run.count(0)
    _check_tolerance(run)


def find_inputs(run: Run) -> list[Input]:
    """Return every input file of the recipe, in the order of its sources and by name within each."""
    found = [
        (name, file)
        for name, source in run.recipe.sources.items()
        for file in expand([run.recipe.at(path) for path in source.path])
    ]
    prints = run.map(fingerprint, [file.path for _, file in found])
    readers = [run.recipe.sources[name].format or reader_of(file.path) for name, file in found]
    return [Input(name, file, *rest) for (name, file), *rest in zip(found, readers, prints, strict=True)]


def _partitions(run: Run, name: str, inputs: list[Input]) -> Iterator[Partition]:
    source = run.recipe.sources[name]
    for reader in units.names("read"):
        mine = [found for found in inputs if found.source == name and found.reader == reader]
        cuts = [cut(found.file, reader, partitions=run.partitions_per_file) for found in mine]
        # A sample comes from the head of each file.
        slices = [piece for pieces in cuts for piece in (pieces if run.limit is None else pieces[:1])]
        prints = {found.file.name: found.fingerprint for found in mine}
        groups = [(piece,) for piece in slices] if run.partitions_per_file else group(slices)
        for pieces in groups:
            yield _partition(run, name, source, reader, pieces, prints)


def _partition(
    run: Run, name: str, source: Source, reader: str, pieces: tuple[Slice, ...], prints: dict[str, str]
) -> Partition:
    return Partition(
        source=name,
        reader=reader,
        slices=pieces,
        fingerprints=tuple(prints[piece.name] for piece in pieces),
        fields=Fields(**{field: getattr(source, field) for field in Fields.__dataclass_fields__}),
        settings=units.unit("read", reader).resolve(source.reader),
        max_document_bytes=run.recipe.max_document_bytes,
        limit=run.limit,
    )


def _ingest(run: Run, measures: tuple[Measure, ...]) -> list[dict[str, Any]]:
    largest_first = sorted(range(len(run.partitions)), key=lambda i: -run.partitions[i].bytes)
    todo = [run.partitions[i] for i in largest_first]
    done = run.map(ingest, todo, [measures] * len(todo), [str(run.folder)] * len(todo))
    return [manifest for _, manifest in sorted(zip(largest_first, done, strict=True), key=lambda pair: pair[0])]


def _load_inputs(run: Run, inputs: list[Input], manifests: list[dict[str, Any]]) -> None:
    slices = [
        {"part": part, "slice": i, "source": p.source, "file": piece.name, "records": records, "record_bytes": size}
        for part, (p, manifest) in enumerate(zip(run.partitions, manifests, strict=True))
        for i, (piece, records, size) in enumerate(
            zip(p.slices, manifest["records"], manifest["record_bytes"], strict=True)
        )
    ]
    files = [
        {
            "source": found.source,
            "file": found.file.name,
            "path": printable(found.file.path),
            "format": found.reader,
            "bytes": found.file.bytes,
            "fingerprint": found.fingerprint,
            "batch": 0,
        }
        for found in inputs
    ]
    run.ledger.insert("slices", slices)
    run.ledger.using(
        "INSERT INTO inputs BY NAME SELECT given.*, sum(records)::BIGINT AS records, sum(record_bytes)::BIGINT AS "
        "record_bytes FROM given LEFT JOIN slices USING (source, file) GROUP BY ALL ORDER BY source, file",
        given=pa.Table.from_pylist(files),
    )
    parts = [
        {"part": i, "source": p.source, "path": str(run.home(p).relative_to(run.warehouse)), "texts": manifest["texts"]}
        for i, (p, manifest) in enumerate(zip(run.partitions, manifests, strict=True))
    ]
    run.ledger.insert("parts", parts)


def _load_records(run: Run) -> None:
    homes = [run.home(partition) for partition in run.partitions]
    sources = run.recipe.sources.items()
    domains = pa.table({"source": [n for n, _ in sources], "domain": [s.domain or n for n, s in sources]})
    numbered = pa.table({"filename": [str(home / "records.parquet") for home in homes], "part": range(len(homes))})
    run.ledger.using(
        """CREATE TEMP TABLE records AS
        WITH bases AS (
            SELECT *, (sum(records) OVER (PARTITION BY source, file ORDER BY part, slice) - records)::BIGINT AS base
            FROM slices
        )
        SELECT found.* REPLACE (found.row + base AS row), part, source, domain, file
        FROM read_parquet(?, filename = true, hive_partitioning = false) AS found
        JOIN numbered USING (filename) JOIN bases USING (part, slice) JOIN domains USING (source)""",
        [[str(home / "records.parquet") for home in homes]],
        numbered=numbered,
        domains=domains,
    )


def _load_documents(run: Run, tokens: Measure) -> None:
    homes = [run.home(partition) for partition in run.partitions]
    run.ledger.run(
        """INSERT INTO documents BY NAME
        SELECT doc_id, source, domain, id, url, created, language AS declared_language, license, bytes, characters,
            coalesce(tokens, 0) AS tokens, content_hash, file, row, place,
            CASE WHEN refusal IS NULL THEN part END AS part
        FROM records LEFT JOIN read_parquet(?, hive_partitioning = false) AS counted USING (doc_id) WHERE error IS NULL
        ORDER BY source, file, row""",
        [[str(home / measured_file(tokens)) for home in homes]],
    )
    run.ledger.run(
        """INSERT INTO failures BY NAME SELECT 0 AS step, source, file, row, place, record_bytes AS bytes, error
        FROM records WHERE error IS NOT NULL ORDER BY source, file, row""",
    )
    run.ledger.run(
        """INSERT INTO drops BY NAME
        SELECT doc_id, 0 AS step, refusal AS rule, CASE refusal WHEN 'not_blank' THEN 0 ELSE bytes END AS value,
            CASE refusal WHEN 'not_blank' THEN 1 ELSE ? END AS threshold
        FROM records WHERE refusal IS NOT NULL AND error IS NULL""",
        [run.recipe.max_document_bytes],
    )
    run.ledger.run(
        "INSERT INTO live BY NAME SELECT doc_id, source, domain, bytes, characters, tokens FROM documents "
        "WHERE part IS NOT NULL ORDER BY doc_id"
    )
    run.ledger.run("DROP TABLE records")


def _check_identities(run: Run) -> None:
    """Stop before anything is joined by doc_id: an id that all documents share would square their number."""
    twins = run.ledger.rows(
        "SELECT any_value(source) AS source, any_value(id) AS id, count(*) AS times, "
        "min((file, row)) AS first, max((file, row)) AS last FROM records WHERE error IS NULL "
        f"GROUP BY doc_id HAVING count(*) > 1 ORDER BY times DESC, source, id LIMIT {SHOWN}"
    )
    if twins:
        shown = "; ".join(
            f"id '{t['id']}' of {t['source']} {t['times']} times, first in {_at(t['first'])}, last in {_at(t['last'])}"
            for t in twins
        )
        raise AuditError(
            f"documents of a source must have ids of their own; {shown}. "
            "Name another field as `id`, or one that does not exist to number documents by file and place"
        )


def _at(place: tuple[str, int]) -> str:
    return f"{place[0]}, record {place[1]}"


def _check_tolerance(run: Run) -> None:
    failed = run.ledger.value("SELECT count(*) FROM failures")
    records = run.ledger.value("SELECT coalesce(sum(records), 0)::BIGINT FROM inputs")
    if not records:
        raise InputError("no source holds a record; nothing was published")
    allowed = run.recipe.tolerated(records)
    if failed > allowed:
        first = run.ledger.rows(f"SELECT * FROM failures ORDER BY source, file, row LIMIT {SHOWN}")
        shown = "\n".join(
            f"  {f['source']}: {f['file']}, record {f['row']}, byte {f['place']}: {f['error']}" for f in first
        )
        more = f"\n  and {failed - SHOWN} more" if failed > SHOWN else ""
        raise ToleranceError(
            f"{failed} of {records} records failed, the recipe tolerates {allowed}; nothing was published\n"
            f"{shown}{more}\n"
            "Mend them, or set `tolerance` in the recipe to a number of documents or a share such as '0.1%'"
        )
