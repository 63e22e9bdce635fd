"""The command line: every answer in every form, and every mistake as one message and exit status 2."""

import csv
import io
import json
import re
import shlex
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app, main
from tasks import units
from tasks.ledger import Ledger
from tests.small import run_here, write_corpus
from tests.units.added import added, scorer


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_corpus(tmp_path_factory.mktemp("corpus"), documents=60)
    run_here(folder, folder / "warehouse")
    return folder / "warehouse"


def said(*words: object, given: str | None = None) -> str:
    """What a command prints."""
    done = CliRunner().invoke(app, [str(word) for word in words], input=given, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def mistake(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """The one message of a command that fails."""
    monkeypatch.setattr(sys, "argv", ["gristmill", *(str(word) for word in words)])
    with pytest.raises(SystemExit) as exited:
        main()
    captured = capsys.readouterr()
    assert exited.value.code == 2 and captured.out == ""
    assert captured.err.startswith("error: ") and "Traceback" not in captured.err
    return captured.err


QUERY = "SELECT doc_id, id, bytes, content_hash FROM documents WHERE id IN ('d1', 'blank') ORDER BY id"


def test_sql_answers_in_three_forms(warehouse: Path) -> None:
    with Ledger.published(warehouse) as ledger:
        rows = ledger.rows(QUERY)
    plain = [{**row, "content_hash": row["content_hash"].hex()} for row in rows]
    assert json.loads(said("sql", QUERY, "-w", warehouse, "--format", "json")) == plain
    read = list(csv.DictReader(io.StringIO(said("sql", QUERY, "-w", warehouse, "-f", "csv"))))
    assert read == [{key: str(value) for key, value in row.items()} for row in plain]
    table = said("sql", QUERY, "-w", warehouse)
    assert all(str(row["doc_id"]) in table and row["content_hash"] in table for row in plain)
    assert table.splitlines()[0].split() == list(plain[0])


def test_sql_reads_its_query_from_standard_input(warehouse: Path) -> None:
    assert json.loads(said("sql", "-w", warehouse, "-f", "json", given="SELECT 1 AS one")) == [{"one": 1}]


def test_sql_without_a_query_lists_the_tables_with_their_meanings(warehouse: Path) -> None:
    listed = json.loads(said("sql", "-w", warehouse, "-f", "json", given=""))
    names = {row["name"]: row["meaning"] for row in listed}
    assert {"documents", "scores", "decisions", "drops", "funnel", "fates", "segments"} <= set(names)
    assert all(names.values())


def test_sql_shows_values_as_they_are(warehouse: Path) -> None:
    odd = r"""SELECT '[/red] \[x] [bold]' AS "[/a]", NULL AS nothing, 'a' || chr(27) || '[2J' AS escape"""
    table = said("sql", odd, "-w", warehouse)
    assert r"[/red] \[x] [bold]" in table and "[/a]" in table
    assert "\x1b" not in table
    assert json.loads(said("sql", "SELECT DATE '2020-01-02' AS d, [1, 2] AS l", "-w", warehouse, "-f", "json")) == [
        {"d": "2020-01-02", "l": [1, 2]}
    ]
    assert said("sql", "FROM documents WHERE false", "-w", warehouse).strip() == "no rows"
    assert json.loads(said("sql", "FROM documents WHERE false", "-w", warehouse, "-f", "json")) == []


@pytest.mark.parametrize(
    "query", ["SELEC 1", "FROM documens", "SELECT nothing FROM documents", "DELETE FROM documents"]
)
def test_a_query_that_cannot_be_is_one_message(
    warehouse: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], query: str
) -> None:
    assert re.search(
        r"error: .*(syntax|does not exist|not found|read-only)",
        mistake(monkeypatch, capsys, "sql", query, "-w", warehouse),
    )


@pytest.mark.parametrize("command", [["why", "1"], ["sql", "SELECT 1"], ["report"]])
def test_without_a_ledger_the_message_says_what_makes_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    message = mistake(monkeypatch, capsys, *command, "-w", tmp_path / "none")
    assert "has no published ledger; `gristmill run RECIPE" in message


@pytest.mark.parametrize("command", ["run", "preview"])
def test_a_mistake_in_a_recipe_is_told_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    (tmp_path / "r.yaml").write_text("name: x\nsources: {a: a.jsonl}\nsteps:\n  - filter: [gopher_qualty]\n")
    monkeypatch.chdir(tmp_path)
    message = mistake(monkeypatch, capsys, command, "r.yaml")
    assert "recipe r.yaml, line 4, steps[0].filter[0]: unknown rule set 'gopher_qualty'; did you mean" in message
    assert "no recipe at none.yaml" in mistake(monkeypatch, capsys, command, "none.yaml")
    (tmp_path / "r.yaml").write_text("name: x\nsources: {a: 'a[bc].jsonl'}\n")
    message = mistake(monkeypatch, capsys, command, "r.yaml")
    assert "recipe r.yaml, line 2, sources.a: no file matches" in message and "a[bc].jsonl" in message
    message = mistake(monkeypatch, capsys, command, "r.yaml", "--input", "b=none.txt")
    assert "error: input b: no file matches" in message and "none.txt" in message
    assert [path.name for path in tmp_path.iterdir()] == ["r.yaml"]


FILES = {
    "score: [{term_hits: {terms: given}}]": "term_hits: the list '{given}' holds no entry",
    "score: [{url_rules: {domains: given}}]": "url_rules: the list '{given}' holds no entry",
    "score: [{importance: {target: given}}]": "importance: '{given}' holds no record",
    "decontaminate: {ngrams: {items: given}}": "ngrams: '{given}' holds no record",
    "annotate: {table: {labels: given, names: {quality: number}}}": "table: '{given}' holds no row",
}


@pytest.mark.parametrize("step", FILES)
def test_a_file_that_a_unit_cannot_read_is_told_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], step: str
) -> None:
    given = tmp_path / "given.jsonl"
    given.write_text("")
    (tmp_path / "a.jsonl").write_text('{"text": "a"}\n')
    step = step.replace("given", "given.jsonl")
    (tmp_path / "r.yaml").write_text(f"name: x\nsources: {{a: a.jsonl}}\nsteps:\n  - {step}\n")
    assert FILES[step.replace(".jsonl", "")].format(given=given) in mistake(
        monkeypatch, capsys, "run", tmp_path / "r.yaml", "-w", tmp_path / "w"
    )
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize("kind", [None, *units.KINDS])
def test_units_lists_every_unit_with_its_settings_meaning_and_source(kind: str | None) -> None:
    words = ["units", *([kind] if kind else [])]
    listed = {row["unit"]: row for row in json.loads(said(*words, "-f", "json"))}
    expected = units.units(kind)
    assert set(listed) == {f"{unit.kind}/{unit.name}" for unit in expected}
    for unit in expected:
        row = listed[f"{unit.kind}/{unit.name}"]
        assert row["meaning"] == unit.meaning and row["source"] == unit.source
        for name, (_, default) in unit.settings.items():
            assert (name if default is ... else f"{name}={default}") in row["settings"]
    table = said(*words)
    assert all(f"{unit.kind}/{unit.name}" in table for unit in expected)


def test_an_unknown_kind_of_unit_is_told_with_the_nearest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    near = {"filtr": "filter", "alpha_word_shar": "alpha_word_share", "minhsh": "minhash"}
    for wrong, right in near.items():
        message = mistake(monkeypatch, capsys, "units", wrong)
        assert f"unknown kind, unit or score '{wrong}'; did you mean '{right}'?" in message
    assert "unknown kind, unit or score 'zzz'; known: annotate, " in mistake(monkeypatch, capsys, "units", "zzz")


@pytest.mark.parametrize("name", ["size", "gopher_quality", "minhash", "random"])
def test_a_unit_is_shown_with_its_settings_and_source(name: str) -> None:
    expected = [unit for unit in units.units() if unit.name == name]
    assert [row["unit"] for row in json.loads(said("units", name, "-f", "json"))] == [
        f"{unit.kind}/{unit.name}" for unit in expected
    ]
    page = " ".join(said("units", name).split())
    for unit in expected:
        assert f"{unit.kind}/{unit.name}" in page and unit.meaning in page and unit.source in page
        assert all(setting in page for setting in unit.settings)


def test_a_score_is_shown_with_the_unit_that_gives_it() -> None:
    [unit] = [unit for unit in units.units("score") if "alpha_word_share" in {column.name for column in unit.columns}]
    page = said("units", "alpha_word_share")
    assert f"score/{unit.name}" in page and "alpha_word_share" in page.split()


def test_units_of_one_name_are_all_shown() -> None:
    kinds = {unit.kind for unit in units.units() if unit.name == "jsonl"}
    assert kinds == {"read", "write"}
    assert all(f"{kind}/jsonl" in said("units", "jsonl") for kind in kinds)


def test_an_added_scorer_is_in_the_listing_the_recipe_the_ledger_and_the_decisions(tmp_path: Path) -> None:
    folder = write_corpus(tmp_path / "corpus", documents=20)
    recipe = """
name: added
sources: {notes: "notes/*.jsonl"}
tolerance: 9
steps: [{score: [{vowels: {times: 2}}]}, {filter: ["vowels >= 500"]}]
"""
    with added(tmp_path, "score", "vowels", scorer("vowels", "return float(sum(map(text.count, 'aeiou'))) * times")):
        [row] = [row for row in json.loads(said("units", "score", "-f", "json")) if row["unit"] == "score/vowels"]
        assert row["settings"] == "times=1"
        run_here(folder, tmp_path / "w", recipe=recipe)
        with Ledger.published(tmp_path / "w") as ledger:
            texts = {
                row["doc_id"]: row["text"]
                for row in ledger.rows(f"SELECT doc_id, text FROM read_parquet('{tmp_path}/w/parts/*/texts.parquet')")
            }
            scores = ledger.rows("SELECT doc_id, vowels FROM scores WHERE vowels IS NOT NULL")
            decisions = ledger.rows("SELECT doc_id, value, kept FROM decisions WHERE rule = 'vowels >= 500'")
    expected = {doc_id: 2.0 * sum(map(text.count, "aeiou")) for doc_id, text in texts.items()}
    assert texts and {row["doc_id"]: row["vowels"] for row in scores} == expected
    assert {d["doc_id"]: (d["value"], d["kept"]) for d in decisions} == {k: (v, v >= 500) for k, v in expected.items()}
    assert len({d["kept"] for d in decisions}) == 2


def test_report_says_where_the_page_is(warehouse: Path, tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    assert said("report", "-w", warehouse, "--file", target).strip() == str(target)
    published = Path(said("report", "-w", warehouse).strip())
    assert published.name == "report.html" and published.read_bytes() == target.read_bytes()
    assert target.read_text(encoding="utf-8").lstrip().lower().startswith("<!doctype html>")


def test_the_commands_of_the_card_run_in_the_folder_of_the_release(
    warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Ledger.published(warehouse) as ledger:
        release = warehouse / ledger.value("SELECT release FROM runs")
    commands = re.findall("^gristmill (.*)$", (release / "card.md").read_text(encoding="utf-8"), re.M)
    assert len(commands) == 2
    monkeypatch.chdir(release)
    for command in commands:
        assert said(*shlex.split(command))


def test_a_report_that_cannot_be_written_is_one_message(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "page.html").mkdir()
    message = mistake(monkeypatch, capsys, "report", "-w", warehouse, "--file", tmp_path / "page.html")
    assert f"{tmp_path}/page.html cannot be written: Is a directory" in message


def test_a_warehouse_that_is_a_file_is_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "a"}\n')
    (tmp_path / "r.yaml").write_text("name: x\nsources: {a: a.jsonl}\n")
    message = mistake(monkeypatch, capsys, "run", tmp_path / "r.yaml", "-w", tmp_path / "a.jsonl")
    assert f"{tmp_path}/a.jsonl cannot be a warehouse: it is a file, not a folder" in message


def test_help_names_every_command() -> None:
    told = said("--help")
    assert all(name in told for name in ("run", "preview", "why", "sql", "units", "report", "demo"))
