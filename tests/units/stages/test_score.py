"""Scores: all of them for whom they reach, once; a scorer after a filter sees the survivors only."""

from pathlib import Path

import pytest

from tasks.ledger import Ledger
from tasks.partition import Measure
from tasks.resolve import parse
from tasks.run import early_measures, late_scorers
from tests.small import run_here, write_corpus

HEAD = 'name: x\nsources: {notes: "notes/*.jsonl", code: "code/*"}\ntolerance: 9\nexport: []\nsteps:\n'
LATE = HEAD + "  - filter: ['words >= 60']\n  - score: [compression_ratio]\n  - filter: ['compression_ratio <= 3']\n"


def scorers(recipe: str) -> tuple[set[str], dict[str, int]]:
    plan = parse(recipe)
    return {m.name for m in early_measures(plan) if m.kind == "score"}, late_scorers(plan)


@pytest.mark.parametrize(
    ("steps", "early", "late"),
    [
        ("  - score: [size]\n", {"size"}, {}),
        ("  - filter: ['words >= 5']\n", {"size"}, {}),
        ("  - filter: ['bytes >= 5']\n  - score: [size]\n", set(), {"size": 2}),
        ("  - deduplicate: exact\n  - score: [size]\n  - filter: ['words >= 5']\n", set(), {"size": 2}),
        ("  - filter: ['words >= 5']\n  - score: [size]\n", {"size"}, {}),
        ("  - score: [size]\n  - filter: ['bytes >= 5']\n  - score: [size, language]\n", {"size"}, {"language": 3}),
        ("  - filter: ['bytes >= 5']\n  - order: {curriculum: {score: words}}\n", {"size"}, {}),
        (
            "  - filter: ['bytes >= 5']\n  - score: [size]\n  - filter: ['words > 1']\n  - score: [size]\n",
            set(),
            {"size": 2},
        ),
    ],
)
def test_a_scorer_is_late_if_first_asked_for_after_some_have_left(
    steps: str, early: set[str], late: dict[str, int]
) -> None:
    assert scorers(HEAD + steps) == (early, late)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus"), documents=60, hostile=False)


def test_a_late_scorer_sees_survivors_only(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, int] = {}
    compute = Measure.compute

    def counted(self: Measure, batch, *of):
        seen[self.name] = seen.get(self.name, 0) + len(batch)
        return compute(self, batch, *of)

    monkeypatch.setattr(Measure, "compute", counted)
    run_here(corpus, tmp_path / "w", recipe=LATE, partitions=3)
    with Ledger.published(tmp_path / "w") as ledger:
        met = {row["doc_id"] for row in ledger.rows("SELECT doc_id FROM measured WHERE left_at > 1")}
        scored = {row["doc_id"] for row in ledger.rows("SELECT doc_id FROM scores WHERE compression_ratio IS NOT NULL")}
        decided = {row["doc_id"] for row in ledger.rows("SELECT doc_id FROM decisions WHERE step = 3")}
        texts = ledger.value("SELECT count(*) FROM documents WHERE part IS NOT NULL")
        dropped = ledger.value("SELECT count(*) FROM drops WHERE step = 3")
    assert 0 < len(met) < texts and met == scored == decided and dropped
    assert seen["size"] == texts and seen["compression_ratio"] == len(met)


def test_late_or_early_a_score_is_the_same(corpus: Path, tmp_path: Path) -> None:
    found = []
    for name, recipe in {
        "late": LATE,
        "early": LATE.replace("steps:\n", "steps:\n  - score: [compression_ratio]\n"),
    }.items():
        run_here(corpus, tmp_path / name, recipe=recipe)
        with Ledger.published(tmp_path / name) as ledger:
            found.append(
                ledger.rows("SELECT doc_id, compression_ratio FROM scores JOIN weights USING (doc_id) ORDER BY doc_id")
            )
    assert found[0] == found[1] and found[0]


def test_no_survivors_are_scored_without_complaint(corpus: Path, tmp_path: Path) -> None:
    run_here(corpus, tmp_path / "w", recipe=LATE.replace("words >= 60", "words >= 1000000"))
    with Ledger.published(tmp_path / "w") as ledger:
        assert ledger.value("SELECT count(*) FROM score_compression_ratio") == 0
        assert ledger.value("SELECT count(*) FROM weights") == 0
