"""Preview: the same decisions on a sample, shown and not published."""

import json
import tempfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app
from tasks.ledger import Ledger
from tests.small import recipe_text, run_here, write_corpus


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_corpus(tmp_path_factory.mktemp("corpus"), documents=60)
    (folder / "r.yaml").write_text(recipe_text(tolerance=0))
    return folder


def shown(recipe: Path, *more: str) -> str:
    done = CliRunner().invoke(app, ["preview", str(recipe), *more], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_preview_publishes_nothing_and_leaves_nothing(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, scratch = tmp_path / "here", tmp_path / "scratch"
    here.mkdir(), scratch.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    before = sorted(corpus.rglob("*"))
    shown(corpus / "r.yaml")
    assert not list(here.iterdir()) and not list(scratch.iterdir())
    assert sorted(corpus.rglob("*")) == before


def test_a_preview_of_everything_is_what_the_run_decides(corpus: Path, tmp_path: Path) -> None:
    text = shown(corpus / "r.yaml", "--documents", "100000")
    run_here(corpus, tmp_path / "w", recipe=recipe_text())
    with Ledger.published(tmp_path / "w") as ledger:
        rules = ledger.rows(
            "SELECT rule, count(*) AS met, count(*) FILTER (NOT kept) AS drops FROM decisions GROUP BY rule"
        )
        thresholds = ledger.rows("SELECT threshold, per_value FROM rules WHERE per IS NOT NULL")
        failures = ledger.rows("SELECT error FROM failures")
    lines = [" ".join(line.split()) for line in text.split("what each rule would drop")[1].splitlines()]
    assert len(rules) == 4
    for rule in rules:
        assert [line for line in lines if rule["rule"] in line and f" {rule['met']:,} {rule['drops']:,} " in line], rule
    [keeps] = [line for line in lines if "bytes >= q0.02 bytes >= " in line]
    assert all(f"{row['threshold']} for {row['per_value']}" in keeps for row in thresholds)
    assert failures and all(" ".join(row["error"].split())[:30] in " ".join(text.split()) for row in failures)
    assert "near words >= 20" in text and "mixture" in text


def test_a_preview_shows_the_recipe_as_it_is_resolved(corpus: Path) -> None:
    text = shown(corpus / "r.yaml", "--documents", "9")
    told = text.split("recipe as resolved")[1]
    recipe, _ = json.JSONDecoder().raw_decode(told[told.index("{") :])
    assert recipe["tolerance"] == 0 and recipe["sources"]["code"]["path"] == ["code/*.jsonl.gz", "code/*.jsonl.zst"]
    assert recipe["steps"][2]["calls"][1]["settings"]["bands"] == 14


def test_a_sample_takes_the_first_records_of_each_file(corpus: Path) -> None:
    text = shown(corpus / "r.yaml", "--documents", "30")
    assert "the first 10 records of each file" in text


def test_texts_are_shown_and_neither_obeyed_nor_marked_up(tmp_path: Path) -> None:
    odd = [r"\[/x] a text of [bold] words", "[red]\u001b[2J\u0007 words", "plain"]
    (tmp_path / "a[1].jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in odd))
    rule = {"rule": "words >= 3", "name": "at [least]"}
    (tmp_path / "r.yaml").write_text(
        json.dumps({"name": "x", "sources": {"a": "a[[]1].jsonl"}, "steps": [{"filter": [rule]}]})
    )
    text = shown(tmp_path / "r.yaml")
    assert r"\[/x] a text of [bold] words" in text and "near at [least]" in text and "a[[]1].jsonl" in text
    assert "\u001b" not in text and "\u0007" not in text


def test_a_preview_shows_what_a_run_would_stop_at(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{\n{"text": "a"}\n')
    (tmp_path / "r.yaml").write_text(
        "name: x\nsources: {a: a.jsonl}\nsurvival_floor: 1\nsteps: [{filter: 'words >= 9'}, {order: random}]\n"
    )
    text = shown(tmp_path / "r.yaml")
    assert "failed" in text and "a.jsonl" in text and "words >= 9" in text
