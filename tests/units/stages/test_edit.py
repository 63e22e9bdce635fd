"""An edit step: what leaves the text is in the ledger, in the tokens and in every file, and nothing else is changed."""

import json
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from flows.cli import app
from schemas.errors import UnitError
from tasks.edit.c4_lines import c4_lines
from tasks.edit.pii import pii
from tasks.ledger import Ledger
from tasks.resolve import parse
from tasks.run import opened
from tasks.score.compression_ratio import compression_ratio
from tasks.stages import STEPS, read
from tasks.stages.edit import check, lay
from tasks.text import TextBatch
from tasks.text.spans import Spans
from tests.small import digests, run_here
from tests.units.edit.editing import edited
from tests.units.edit.pages import pages

RECIPE = """
name: edited
seed: 5
sources: {pages: "pages/*.jsonl", mail: "mail/*.jsonl"}
steps:
  - filter: ['bytes >= 5']
  - edit: [pii]
  - edit: {c4_lines: {sentence_end: false}}
  - score: [size, compression_ratio]
  - filter: ['characters >= 10']
  - deduplicate: exact
  - order: random
  - pack: {best_fit: {context_length: 256}}
export: [parquet, jsonl]
"""
MAIL = (
    "Write to someone{}@example.com, é 漢字 😀.\n\nToo short\nThe number is 212-555-0187. We use cookies.\nThis is all."
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    rows = {
        "pages": [{"id": name, "text": text} for name, text in pages().items() if text.strip()],
        "mail": [{"id": f"mail {i}", "text": MAIL.format(i)} for i in range(20)] + [{"id": "menu", "text": "Home\nUp"}],
    }
    for source, found in rows.items():
        (folder / source).mkdir()
        for k in range(2):
            lines = [json.dumps(row, ensure_ascii=False) for row in found[k::2]]
            (folder / source / f"{k}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def release(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_here(corpus, tmp_path_factory.mktemp("w"), recipe=RECIPE)


@pytest.fixture
def ledger(release: Path):
    with Ledger.published(release / "ledger.duckdb") as ledger:
        yield ledger


def texts(corpus: Path) -> dict[str, str]:
    files = [*corpus.glob("pages/*"), *corpus.glob("mail/*")]
    lines = [line for file in files for line in file.read_text(encoding="utf-8").split("\n") if line]
    return {row["id"]: row["text"] for row in map(json.loads, lines)}


def documents(release: Path) -> dict[int, dict[str, object]]:
    found = [pq.read_table(file).to_pylist() for file in sorted((release / "parquet").glob("documents-*"))]
    return {row["doc_id"]: row for rows in found for row in rows}


def by_rows(text: str, rows: list[dict[str, object]]) -> str:
    for row in reversed(rows):
        text = text[: row["start"]] + row["replacement"] + text[row["stop"] :]
    return text


def test_exported_texts_are_those_of_the_rows(corpus: Path, release: Path, ledger: Ledger) -> None:
    read_, written = texts(corpus), documents(release)
    changed = 0
    for doc_id, row in written.items():
        rows = ledger.rows("SELECT * FROM edits WHERE doc_id = ? ORDER BY start", [doc_id])
        assert row["text"] == by_rows(read_[row["id"]], rows)
        assert row["tokens"] == len(row["text"].encode()) + 1
        changed += row["text"] != read_[row["id"]]
    assert changed > 100
    mail = next(row["text"] for row in written.values() if row["id"] == "mail 3")
    assert mail == "Write to <EMAIL>, é 漢字 😀.\nThis is all."


def test_edits_of_two_steps_are_what_the_editors_say_one_after_the_other(corpus: Path, release: Path) -> None:
    read_ = texts(corpus)
    for row in documents(release).values():
        if row["source"] == "pages":
            [text] = edited(c4_lines, read_[row["id"]], sentence_end=False)
            assert row["text"] == text == edited(pii, text)[0]


def test_contexts_hold_the_edited_texts(release: Path, ledger: Ledger) -> None:
    tokens: dict[int, list[tuple[int, list[int]]]] = {}
    for file in (release / "parquet").glob("contexts-*"):
        for row in pq.read_table(file).to_pylist():
            ends = np.cumsum(row["lengths"])
            for doc_id, start, size, end in zip(row["doc_ids"], row["starts"], row["lengths"], ends, strict=True):
                tokens.setdefault(doc_id, []).append((start, row["tokens"][end - size : end]))
    for doc_id, row in documents(release).items():
        ids = [token for _, found in sorted(tokens[doc_id]) for token in found]
        assert bytes(ids[:-1]).decode() == row["text"] and ids[-1] == 256


def test_only_tokens_change(corpus: Path, ledger: Ledger) -> None:
    read_ = texts(corpus)
    for row in ledger.rows("SELECT id, bytes, characters FROM documents"):
        assert (row["bytes"], row["characters"]) == (len(read_[row["id"]].encode()), len(read_[row["id"]]))


def test_a_document_left_blank_is_dropped(ledger: Ledger) -> None:
    rows = ledger.rows("SELECT documents.id, step, rule, value, threshold FROM drops JOIN documents USING (doc_id)")
    assert {"id": "menu", "step": 3, "rule": "not_blank", "value": 0, "threshold": 1} in rows
    assert len([row for row in rows if row["rule"] == "not_blank"]) > 5


def test_rows_are_apart_within_their_texts_and_hold_no_value(ledger: Ledger) -> None:
    rows = ledger.rows("SELECT *, characters FROM edits JOIN documents USING (doc_id) ORDER BY doc_id, start")
    assert {row["step"] for row in rows} == {2, 3}
    assert all(0 <= row["start"] < row["stop"] <= row["characters"] for row in rows)
    for before, row in pairwise(rows):
        assert before["doc_id"] != row["doc_id"] or before["stop"] <= row["start"]
    assert {"pii.email", "c4_lines.policy", "c4_lines.few_words"} <= {row["reason"] for row in rows}
    assert not [row for row in rows if "@" in row["replacement"] + row["reason"]]


def test_a_later_cut_takes_an_earlier_replacement_with_it(ledger: Ledger) -> None:
    rows = ledger.rows("SELECT reason FROM edits JOIN documents USING (doc_id) WHERE id = 'mail 3' ORDER BY start")
    assert [row["reason"] for row in rows] == ["pii.email", "c4_lines.few_words", "c4_lines.policy"]


def test_a_scorer_after_an_edit_sees_the_edited_text(corpus: Path, release: Path, ledger: Ledger) -> None:
    written = documents(release)
    for row in ledger.rows("SELECT doc_id, compression_ratio, words FROM scores JOIN weights USING (doc_id)"):
        text = written[row["doc_id"]]["text"]
        batch = TextBatch(pa.array([text], pa.large_string()))
        assert row["compression_ratio"] == compression_ratio(batch)[0]


def told(release: Path, wanted: str) -> str:
    done = CliRunner().invoke(app, ["why", wanted, "-w", str(release / "ledger.duckdb")], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def test_why_shows_each_edit_among_its_words_and_no_value(release: Path) -> None:
    text = told(release, "mail 3")
    section = text.split("\nedits\n")[1]
    assert "someone" not in text and "<EMAIL>" in section
    lines = {line.split()[1]: line for line in section.splitlines() if line.strip().startswith(("2", "3"))}
    assert "Write to " in lines["pii.email"] and ", é 漢字 😀." in lines["pii.email"]
    assert "⏎Too short⏎" in lines["c4_lines.few_words"] and "This is all." in lines["c4_lines.policy"]
    assert "not_blank" in told(release, "menu") and "Home⏎Up" in told(release, "menu")


def test_why_without_the_texts_shows_the_rows(release: Path, tmp_path: Path) -> None:
    shutil.copy(release / "ledger.duckdb", tmp_path / "ledger.duckdb")
    assert "pii.email" in told(tmp_path, "mail 3")


def test_figures_of_the_step_are_kept(ledger: Ledger) -> None:
    found = {(row["step"], row["name"]): row["value"] for row in ledger.rows("FROM metrics WHERE step IN (2, 3)")}
    assert found[2, "edits.documents"] == 20 and found[3, "edits.spans"] > 300
    assert found[3, "edits.tokens_before"] == found[2, "edits.tokens_after"] > found[3, "edits.tokens_after"] > 0


@pytest.mark.parametrize("partitions", [1, 2, 5])
def test_partitions_change_no_byte(corpus: Path, release: Path, tmp_path: Path, partitions: int) -> None:
    assert digests(run_here(corpus, tmp_path, recipe=RECIPE, partitions=partitions)) == digests(release)


def test_an_interruption_changes_no_byte_and_edits_nothing_twice(
    corpus: Path, release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[object] = []

    def dies(function, *items):
        for each in zip(*items, strict=True):
            if getattr(getattr(function, "func", None), "__name__", "") == "edit_texts":
                done.append(each)
                if len(done) == 2:
                    raise KeyboardInterrupt
            yield function(*each)

    with pytest.raises(KeyboardInterrupt):
        run_here(corpus, tmp_path, recipe=RECIPE, partitions=2, mapper=lambda f, *items: list(dies(f, *items)))
    assert len(list(tmp_path.glob("parts/*/edit-*/lengths.parquet"))) == 1
    for stage in ("3 edit", "4 score", "export"):
        with pytest.raises(KeyboardInterrupt):
            run_here(corpus, tmp_path, recipe=RECIPE, partitions=2, stop=stage)

    def refuse(*_: object) -> None:
        raise AssertionError("a text was edited again")

    monkeypatch.setattr("tasks.stages.edit._settled", refuse)
    assert digests(run_here(corpus, tmp_path, recipe=RECIPE, partitions=2)) == digests(release)


def test_given_spans_are_laid_with_their_tokens(corpus: Path, tmp_path: Path) -> None:
    plan = parse(RECIPE, folder=corpus)
    with opened(plan, tmp_path) as run:
        read.read(run)
        STEPS["edit"](run, 2, plan.steps[1])
        [row] = run.ledger.rows("SELECT doc_id, tokens FROM documents WHERE id = 'mail 1'")
        one = {"doc_id": pa.array([row["doc_id"]], pa.uint64()), "start": [0], "stop": [12]}
        lay(run, 3, given=pa.table({**one, "replacement": [""], "reason": ["given"]}))
        rows = run.ledger.rows("SELECT * FROM edits WHERE doc_id = ? ORDER BY start", [row["doc_id"]])
        [after] = run.ledger.rows("SELECT tokens FROM live WHERE doc_id = ?", [row["doc_id"]])
    assert [(r["start"], r["stop"], r["replacement"]) for r in rows][:2] == [(0, 12, ""), (12, 29, "<EMAIL>")]
    assert after["tokens"] == row["tokens"] - len("Write to ")  # three letters of the address had gone


@pytest.mark.parametrize(("start", "stop"), [(1, 1), (0, 6), (1, 2), (0, 2), (-1, 1), (3, 2)])
def test_an_editor_that_gives_no_stretch_of_characters_is_named(start: int, stop: int) -> None:
    batch = TextBatch(pa.array(["aéb", "c"]))
    one = pa.array([""])
    check("right", batch, Spans(np.array([0]), np.array([1]), np.array([3]), one, one))
    with pytest.raises(UnitError, match="wrong gave a span"):
        check("wrong", batch, Spans(np.array([0]), np.array([start]), np.array([stop]), one, one))
