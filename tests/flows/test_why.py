"""Why: the whole life of one document, whatever became of it, by doc_id, its own id or its URL."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.why import fate, find
from schemas.errors import LedgerError
from tasks.ledger import Ledger
from tests.small import run_here, write_corpus


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_corpus(tmp_path_factory.mktemp("corpus"), documents=90)
    run_here(folder, folder / "warehouse")
    return folder / "warehouse"


@pytest.fixture
def ledger(warehouse: Path):
    with Ledger.published(warehouse) as ledger:
        yield ledger


def told(warehouse: Path, wanted: object) -> str:
    done = CliRunner().invoke(app, ["why", str(wanted), "-w", str(warehouse)], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def one(ledger: Ledger, sql: str) -> dict[str, Any]:
    return ledger.rows(f"{sql} LIMIT 1")[0]


def test_a_document_is_found_by_any_of_its_names(warehouse: Path, ledger: Ledger) -> None:
    row = one(ledger, "SELECT doc_id, id, url FROM documents WHERE url IS NOT NULL ORDER BY doc_id")
    for wanted in row.values():
        assert [found["doc_id"] for found in find(ledger, str(wanted))] == [row["doc_id"]]
    assert len({told(warehouse, wanted) for wanted in row.values()}) == 1


def test_every_document_has_a_fate(ledger: Ledger) -> None:
    documents = ledger.rows("SELECT doc_id, step, outcome FROM documents LEFT JOIN fates USING (doc_id)")
    kept = {row["doc_id"] for row in ledger.rows("SELECT doc_id FROM weights")}
    seen = set()
    for row in documents:
        words = fate(ledger, row["doc_id"])
        seen.add(words.split()[0].rstrip(","))
        assert words.startswith("kept") == (row["doc_id"] in kept)
        assert row["step"] is None or f"step {row['step']} (" in words
        assert (" as a copy of " in words) == (row["outcome"] == "duplicate")
    assert seen == {"kept", "dropped", "left"}


def test_a_kept_document_has_scores_decisions_weight_place_and_contexts(warehouse: Path, ledger: Ledger) -> None:
    row = one(ledger, "SELECT * FROM places JOIN weights USING (doc_id) JOIN scores USING (doc_id) ORDER BY position")
    text = told(warehouse, row["doc_id"])
    assert f"document {row['doc_id']}  kept, weight {row['weight']:.4g}, {row['copies']} copies, at place 0" in text
    for section in ("scores", "decisions", "weight and place", "contexts"):
        assert f"\n{section}\n" in text
    assert "compression_ratio" in text and f"{row['words']:,}" in text
    rules = ledger.rows("SELECT rule FROM decisions WHERE doc_id = ?", [row["doc_id"]])
    assert len(rules) == 4 and all(rule["rule"] in text for rule in rules)
    assert "\ndrops\n" not in text and "\nduplicate of\n" not in text


def test_a_dropped_document_has_the_rules_it_failed_with_values(warehouse: Path, ledger: Ledger) -> None:
    row = one(
        ledger, "SELECT doc_id, list(rule ORDER BY rule) AS rules FROM drops WHERE step = 2 GROUP BY 1 ORDER BY 1"
    )
    text = told(warehouse, row["doc_id"])
    assert f"dropped at step 2 (filter) by {', '.join(row['rules'])}" in text
    section = text.split("\ndrops\n")[1]
    for drop in ledger.rows("SELECT rule, value, threshold FROM drops WHERE doc_id = ?", [row["doc_id"]]):
        [line] = [line for line in section.splitlines() if drop["rule"] in line]
        assert line.split()[-2:] == [f"{drop['value']:.6g}", f"{drop['threshold']:.6g}"]
    assert "\nweight and place\n" not in text


def test_a_duplicate_has_its_survivor_and_the_survivor_its_copies(warehouse: Path, ledger: Ledger) -> None:
    row = one(ledger, "FROM duplicates ORDER BY doc_id")
    gone, survivor = told(warehouse, row["doc_id"]), told(warehouse, row["survivor_id"])
    assert f"as a copy of {row['survivor_id']}, similarity {row['similarity']:.4f} ({row['method']})" in gone
    assert "\nduplicate of\n" in gone and "\ncopies of it\n" in survivor and str(row["doc_id"]) in survivor


def test_a_document_refused_at_reading_says_so(warehouse: Path) -> None:
    assert "dropped at step 0 (read) by not_blank" in told(warehouse, "blank")


def test_what_failed_is_told_by_its_file(warehouse: Path, ledger: Ledger) -> None:
    row = one(ledger, "FROM failures")
    text = told(warehouse, row["file"])
    assert f"records of {row['file']} that failed" in text and row["error"][:20] in text


def test_what_is_not_there_is_told(ledger: Ledger, warehouse: Path) -> None:
    assert find(ledger, "'; DROP TABLE documents --") == []
    done = CliRunner().invoke(app, ["why", "nobody", "-w", str(warehouse)])
    assert isinstance(done.exception, LedgerError)
    assert "no document has the doc_id, id or URL 'nobody'" in str(done.exception)


def test_texts_in_metadata_are_no_markup(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": "[/bold]x", "url": "[red]", "text": "some words"}\n')
    run_here(tmp_path, tmp_path / "w", recipe="name: x\nsources: {a: a.jsonl}\n")
    assert "[/bold]x" in told(tmp_path / "w", "[/bold]x") and "[red]" in told(tmp_path / "w", "[red]")
