"""Annotating in a run: labels, answers and figures in the ledger, the same whatever the partitions; nothing secret."""

import json
from pathlib import Path

import pytest

from flows.preview import preview
from schemas.errors import RecipeError, ToleranceError
from tasks.ledger import Ledger
from tasks.resolve import parse
from tests.judge import Judge, Reply
from tests.small import digests, run_here, write_corpus

KEY = "sk-never-to-be-seen"
RECIPE = """
name: labelled
seed: 4
sources: {{notes: {{path: "notes/*.jsonl"}}, code: {{path: ["code/*.jsonl.gz", "code/*.jsonl.zst"]}}}}
tolerance: 9
steps:
  - filter: ["words >= 30"]
  - annotate: {{judge: {{endpoint: "{endpoint}", model: rehearsal, prompt: {prompt}, sample: 25, unit: {unit},
      key_from: JUDGE_KEY, waits: [0.01], price_in: 1, price_out: 2}}}}
export: []
"""
TABLE = """
name: labelled
sources: {{notes: {{path: "notes/*.jsonl"}}}}
tolerance: 9
steps:
  - annotate: {{table: {{labels: labels.jsonl, key: id, names: {{quality: number, kind: label}}}}}}
export: []
"""
ALL = "SELECT * FROM labels ORDER BY doc_id, paragraph, name"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus"), documents=60, hostile=False)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUDGE_KEY", KEY)


def recipe(endpoint: str, prompt: str = "educational_quality", unit: str = "document") -> str:
    return RECIPE.format(endpoint=endpoint, prompt=prompt, unit=unit)


def test_a_judge_labels_some_of_the_live_documents(corpus: Path, tmp_path: Path) -> None:
    with Judge(key=KEY) as judge:
        run_here(corpus, tmp_path / "w", recipe=recipe(judge.endpoint, "dataman"))
    with Ledger.published(tmp_path / "w") as ledger:
        labels, live = ledger.rows(ALL), ledger.value("SELECT count(*) FROM measured WHERE left_at > 1")
        found = ledger.rows("SELECT doc_id FROM labels ANTI JOIN drops USING (doc_id) GROUP BY ALL")
        asked = ledger.rows("SELECT * FROM judgements")
        metrics = {r["name"]: r["value"] for r in ledger.rows("SELECT * FROM metrics WHERE step = 2")}
    assert live > 25 and len(found) == len(asked) == 25 and len(labels) == 25 * 15
    assert {(r["step"], r["annotator"], r["status"]) for r in labels} == {(2, "rehearsal, dataman 1", "ok")}
    assert {r["label"] is None for r in labels if r["name"] == "overall"} == {True}
    assert {r["value"] is None for r in labels if r["name"] == "application_domain"} == {True}
    assert metrics["rehearsal, dataman 1: asked"] == 25 and metrics["rehearsal, dataman 1: cost"] > 0
    texts = {r["messages"][1]["content"] for r in judge.requests}
    assert len(texts) == len(judge.requests)


@pytest.mark.parametrize("unit", ["document", "paragraph"])
def test_partitions_do_not_change_a_label(corpus: Path, tmp_path: Path, unit: str) -> None:
    found = []
    with Judge() as judge:
        for partitions in (None, 4):
            home = tmp_path / str(partitions)
            run_here(corpus, home, recipe=recipe(judge.endpoint, unit=unit), partitions=partitions)
            with Ledger.published(home) as ledger:
                found.append(ledger.rows(ALL))
    assert found[0] == found[1] and len(found[0]) > 10
    assert {r["paragraph"] is None for r in found[0]} == {unit == "document"}


def test_a_second_run_asks_nothing_and_releases_the_same(corpus: Path, tmp_path: Path) -> None:
    with Judge() as judge:
        first = digests(run_here(corpus, tmp_path / "w", recipe=recipe(judge.endpoint)))
        with Ledger.published(tmp_path / "w") as ledger:
            before = [ledger.rows(f"FROM {name} ORDER BY ALL") for name in ("labels", "judgements", "metrics")]
        asked = len(judge.requests)
        assert digests(run_here(corpus, tmp_path / "w", recipe=recipe(judge.endpoint))) == first
        with Ledger.published(tmp_path / "w") as ledger:
            after = [ledger.rows(f"FROM {name} ORDER BY ALL") for name in ("labels", "judgements", "metrics")]
        assert len(judge.requests) == asked and before == after


def test_a_step_before_changes_hardly_whom_the_judge_is_asked_about(corpus: Path, tmp_path: Path) -> None:
    with Judge() as judge:
        run_here(corpus, tmp_path / "w", recipe=recipe(judge.endpoint))
        asked = len(judge.requests)
        more = recipe(judge.endpoint).replace("steps:\n", "steps:\n  - score: [size]\n")
        run_here(corpus, tmp_path / "w", recipe=more)
        assert len(judge.requests) == asked


def test_nothing_secret_is_kept(corpus: Path, tmp_path: Path) -> None:
    with Judge(lambda text, turn, request: Reply(500, f"key {KEY} is tired".encode()) if turn == 0 else None) as judge:
        run_here(corpus, tmp_path / "w", recipe=recipe(judge.endpoint))
    files = [file for file in (tmp_path / "w").rglob("*") if file.is_file()]
    assert files and not [file for file in files if KEY.encode() in file.read_bytes()]


def test_too_many_errors_publish_nothing(corpus: Path, tmp_path: Path) -> None:
    with Judge(lambda *given: Reply(500)) as judge, pytest.raises(ToleranceError, match=r"document \d+: no answer"):
        run_here(corpus, tmp_path / "w", recipe=recipe(judge.endpoint))
    assert not (tmp_path / "w" / "ledger.duckdb").exists()


def test_a_preview_shows_the_estimate_and_asks_nothing(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Judge() as judge:
        (corpus / "labelled.yaml").write_text(recipe(judge.endpoint))
        preview(corpus / "labelled.yaml", 30, 1)
        assert not judge.requests
    shown = capsys.readouterr().out
    assert "calls to expect at most" in shown and "cost to expect at most" in shown


def test_a_table_labels_the_documents_it_names(corpus: Path, tmp_path: Path) -> None:
    ids = [json.loads(line).get("id") for line in (corpus / "notes" / "a.jsonl").read_bytes().splitlines()]
    rows = [{"id": name, "quality": i % 5, "kind": "prose"} for i, name in enumerate(ids[:9])]
    (corpus / "labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in [*rows, {"id": "nobody"}]))
    run_here(corpus, tmp_path / "w", recipe=TABLE.format())
    with Ledger.published(tmp_path / "w") as ledger:
        found = ledger.rows(
            "SELECT id, value FROM labels JOIN documents USING (doc_id) WHERE name = 'quality' ORDER BY value, id"
        )
        metrics = {r["name"]: r["value"] for r in ledger.rows("FROM metrics")}
        annotators = ledger.rows("SELECT DISTINCT annotator FROM labels")
    assert found == [
        {"id": r["id"], "value": r["quality"]} for r in sorted(rows, key=lambda r: (r["quality"], r["id"]))
    ]
    assert annotators == [{"annotator": "labels.jsonl"}]
    assert metrics["labels.jsonl: rows of no live document"] == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("JUDGE_KEY", KEY), "line 8.*key_from takes the name of an environment variable"),
        (("sample: 25", "sample: 0"), "'sample' of judge: .*got 0"),
        (("sample: 25", "samples: 25"), "did you mean 'sample'"),
        (("prompt: educational_quality", "prompt: dataman_2"), "unknown prompt 'dataman_2'"),
        (("unit: document", "unit: page"), "setting 'unit' of judge"),
        (("sample: 25", "score: quality_of_life"), "unknown score 'quality_of_life'"),
    ],
)
def test_a_recipe_that_cannot_work_is_refused_when_it_is_read(change: tuple[str, str], reason: str) -> None:
    with pytest.raises(RecipeError, match=reason) as found:
        parse(recipe("http://localhost:1/v1").replace(*change))
    assert KEY not in str(found.value)
