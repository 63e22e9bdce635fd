"""Reading: every file in the books, rows counted through a file, and the same tables for any cut."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import InputError
from tasks.ledger import Ledger
from tasks.resolve import parse
from tasks.run import opened
from tasks.stages import read
from tests.small import run_here, write_corpus

RECIPE = """
name: x
sources:
  notes: {path: "notes/*.jsonl", domain: prose}
  code: {path: ["code/*.jsonl.gz", "code/*.jsonl.zst"]}
tolerance: 9
export: []
"""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus"), documents=40)


def tables(warehouse: Path, **queries: str) -> dict[str, list[dict[str, Any]]]:
    with Ledger.published(warehouse) as ledger:
        return {name: ledger.rows(query) for name, query in queries.items()}


QUERIES = {
    "documents": "SELECT * EXCLUDE (part) FROM documents ORDER BY source, file, row",
    "failures": "FROM failures ORDER BY source, file, row",
    "inputs": "FROM inputs ORDER BY source, file",
    "drops": "FROM drops ORDER BY doc_id",
    "counts": "FROM counts ORDER BY step, source",
}


def test_the_tables_are_the_same_for_any_cut(corpus: Path, tmp_path: Path) -> None:
    whole = None
    for partitions in (None, 1, 5):
        run_here(corpus, tmp_path / str(partitions), recipe=RECIPE, partitions=partitions)
        found = tables(tmp_path / str(partitions), **QUERIES)
        whole = whole or found
        assert found == whole


def test_rows_number_the_records_of_a_file_and_places_find_them(corpus: Path, tmp_path: Path) -> None:
    run_here(corpus, tmp_path / "w", recipe=RECIPE, partitions=4)
    found = tables(tmp_path / "w", **QUERIES)
    data = (corpus / "notes" / "a.jsonl").read_bytes()
    lines = [line + b"\n" for line in data.split(b"\n")[:-1]]
    here = [row for name in ("documents", "failures") for row in found[name] if row["file"] == "a.jsonl"]
    assert sorted(row["row"] for row in here) == list(range(len(lines)))
    for row in here:
        line = lines[row["row"]]
        assert row["place"] == sum(map(len, lines[: row["row"]]))
        if "doc_id" in row and row.get("error") is None:
            record = json.loads(line)
            assert (row["id"], row["url"]) == (record.get("id"), record.get("url"))
            assert row["bytes"] == len(record["text"].encode()) and row["domain"] == "prose"


def test_inputs_name_every_file_with_what_it_holds(corpus: Path, tmp_path: Path) -> None:
    run_here(corpus, tmp_path / "w", recipe=RECIPE)
    found = tables(tmp_path / "w", **QUERIES)["inputs"]
    assert [(row["source"], row["file"], row["format"]) for row in found] == [
        ("code", "b.jsonl.gz", "jsonl"),
        ("code", "c.jsonl.zst", "jsonl"),
        ("notes", "a.jsonl", "jsonl"),
    ]
    files = {path.name: path for path in corpus.rglob("*.jsonl*")}
    assert all(row["bytes"] == files[row["file"]].stat().st_size for row in found)
    assert found[2]["record_bytes"] <= found[2]["bytes"]
    assert found[2]["fingerprint"].startswith("sha256:")


def test_the_domain_is_the_source_where_none_is_named(corpus: Path, tmp_path: Path) -> None:
    run_here(corpus, tmp_path / "w", recipe=RECIPE)
    found = tables(tmp_path / "w", domains="SELECT DISTINCT source, domain FROM documents ORDER BY ALL")["domains"]
    assert [tuple(row.values()) for row in found] == [("code", "code"), ("notes", "prose")]


def test_sources_without_a_record_are_no_release(tmp_path: Path) -> None:
    (tmp_path / "notes.jsonl").write_text("")
    recipe = parse("name: x\nsources: {notes: notes.jsonl}\n", folder=tmp_path)
    with pytest.raises(InputError, match="no source holds a record"), opened(recipe, tmp_path / "warehouse") as run:
        read.read(run)
