"""One recipe, seed and input make one release, byte for byte, whatever the partitions, workers and interruptions."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tasks import partition
from tasks.ledger import Ledger
from tests.small import digests, recipe_text, run_here, write_corpus

STAGES = [
    "1 score",
    "2 filter",
    "3 deduplicate",
    "4 score",
    "5 filter",
    "6 reweight",
    "7 order",
    "8 pack",
    "export",
    "audit",
]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def undisturbed(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return digests(run_here(corpus, tmp_path_factory.mktemp("undisturbed")))


@pytest.mark.parametrize("partitions", [1, 2, 7])
def test_partitions_change_no_byte(corpus: Path, undisturbed: dict[str, str], tmp_path: Path, partitions: int) -> None:
    assert digests(run_here(corpus, tmp_path, partitions=partitions)) == undisturbed


def test_workers_change_no_byte(corpus: Path, undisturbed: dict[str, str], tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        release = run_here(corpus, tmp_path, partitions=3, mapper=lambda f, *items: list(pool.map(f, *items)))
    assert digests(release) == undisturbed


def test_an_interruption_before_any_stage_changes_no_byte(
    corpus: Path, undisturbed: dict[str, str], tmp_path: Path
) -> None:
    for stage in STAGES:
        with pytest.raises(KeyboardInterrupt):
            run_here(corpus, tmp_path, stop=stage)
    assert digests(run_here(corpus, tmp_path)) == undisturbed


def test_a_run_again_changes_no_byte(corpus: Path, undisturbed: dict[str, str], tmp_path: Path) -> None:
    first, second = run_here(corpus, tmp_path), run_here(corpus, tmp_path)
    assert first == second
    assert digests(second) == undisturbed


def test_a_run_again_restores_what_was_deleted(corpus: Path, undisturbed: dict[str, str], tmp_path: Path) -> None:
    release = run_here(corpus, tmp_path)
    before = {file.relative_to(release): file.read_bytes() for file in release.rglob("*") if file.is_file()}
    for file in before:
        if file.name != "manifest.json":
            (release / file).unlink()
    assert digests(run_here(corpus, tmp_path)) == undisturbed
    after = {file.relative_to(release): file.read_bytes() for file in release.rglob("*") if file.is_file()}
    ledger = Path("ledger.duckdb")
    assert after.keys() == before.keys() and Path("report.html") in after
    assert all(after[file] == before[file] for file in after if file != ledger)


def test_a_changed_threshold_scores_nothing_again(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run_here(corpus, tmp_path)
    plain = recipe_text(threshold=0.05).replace("  - score: [compression_ratio]\n", "  - score: []\n")

    def refuse(*_: object) -> None:
        raise AssertionError("a score was computed again")

    monkeypatch.setattr(partition.Measure, "compute", refuse)
    with pytest.raises(AssertionError, match="computed again"):
        run_here(corpus, tmp_path, recipe=plain)  # compression_ratio is new for the early pass
    monkeypatch.undo()
    second = run_here(corpus, tmp_path, recipe=plain)
    monkeypatch.setattr(partition.Measure, "compute", refuse)
    third = run_here(corpus, tmp_path, recipe=plain.replace("0.05", "0.08"))
    assert len({first, second, third}) == 3


def test_the_ledger_accounts_for_every_record(corpus: Path, tmp_path: Path) -> None:
    run_here(corpus, tmp_path)
    lines = sum(path.read_bytes().count(b"\n") for path in (corpus / "notes").iterdir())
    with Ledger.published(tmp_path) as ledger:
        read = ledger.value("SELECT records FROM inputs WHERE file LIKE '%a.jsonl'")
        [fates] = ledger.rows(
            """SELECT (SELECT count(*) FROM documents) AS documents, (SELECT count(*) FROM failures) AS failures,
            (SELECT sum(records)::BIGINT FROM inputs) AS records,
            (SELECT count(*) FROM audits WHERE NOT passed) AS broken"""
        )
        kept = ledger.value("SELECT count(*) FROM weights")
        left = ledger.value("SELECT count(DISTINCT doc_id) FROM fates")
        blank = ledger.rows("SELECT id, rule FROM drops JOIN documents USING (doc_id) WHERE drops.step = 0 ORDER BY id")
    assert read == lines
    assert fates["documents"] + fates["failures"] == fates["records"]
    assert fates["failures"] == 5
    assert fates["broken"] == 0
    assert kept + left == fates["documents"]
    assert [(row["id"], row["rule"]) for row in blank] == [("blank", "not_blank"), ("empty", "not_blank")]


def test_every_planted_copy_has_its_survivor(corpus: Path, tmp_path: Path) -> None:
    run_here(corpus, tmp_path, recipe=recipe_text(threshold=1.0).replace("words >= 20", "words >= 0"))
    with Ledger.published(tmp_path) as ledger:
        pairs = ledger.rows(
            """SELECT gone.id, similarity, content_gone = content_kept AS same FROM (
                SELECT d.*, g.id, g.content_hash AS content_gone, s.content_hash AS content_kept
                FROM duplicates d JOIN documents g USING (doc_id) JOIN documents s ON s.doc_id = d.survivor_id
            ) gone WHERE method = 'exact'"""
        )
        least = ledger.value("SELECT min(similarity) FROM duplicates")
    assert pairs and all(pair["same"] for pair in pairs)
    assert least >= 0.7
