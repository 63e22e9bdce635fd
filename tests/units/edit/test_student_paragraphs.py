"""Paragraphs cut in a run by what a student has learnt, and the recipes that cannot be."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from schemas.errors import AgreementError, RecipeError
from tasks.ledger import Ledger
from tasks.resolve import parse
from tests.judge import Judge, completion, shown
from tests.small import digests, run_here
from tests.units.score.made import about

HEAD = """
name: paragraphs
seed: 7
sources: {notes: notes.jsonl}
steps:
"""
TABLE = "  - annotate: {table: {labels: labels.jsonl, key: id, paragraph: part, names: {type: label, worth: number}}}\n"
SCORE = "  - score: {student: {heads: {type: [study, other], worth: number}, unit: paragraph}}\n"
EDIT = "  - edit: [{student_paragraphs: {rule: 'type != other'}}]\n"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Documents of three paragraphs of 70 words, those of 80 of them labelled, and one line too short to judge."""
    folder, random = tmp_path_factory.mktemp("corpus"), np.random.default_rng(0)
    documents, labels = [], []
    for i in range(100):
        kinds = [str(random.choice(["study", "other"])) for _ in range(3)]
        parts = [about(kind, 70, random, 0.3) for kind in kinds]
        documents.append({"id": str(i), "text": "\n\n".join([*parts, "A short end."]), "kinds": kinds})
        rows = [
            {"id": str(i), "part": k, "type": kind, "worth": float(kind == "study")} for k, kind in enumerate(kinds)
        ]
        labels += rows if i < 80 else []
    (folder / "notes.jsonl").write_text("".join(json.dumps(row) + "\n" for row in documents))
    (folder / "labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in labels))
    return folder


def kept(release: Path) -> Iterator[tuple[str, list[str]]]:
    for file in sorted(release.rglob("*.jsonl.zst")):
        import zstandard

        with zstandard.open(file, "rt", encoding="utf-8", newline="\n") as lines:
            yield from ((row["id"], row["text"].split("\n\n")) for row in map(json.loads, lines))


@pytest.mark.parametrize("rule", ["type != other", "worth >= 0.5"])
def test_failing_paragraphs_leave_the_text_and_nothing_else(corpus: Path, tmp_path: Path, rule: str) -> None:
    recipe = HEAD + TABLE + SCORE + EDIT.replace("type != other", rule) + "export: [jsonl]\n"
    releases = [run_here(corpus, tmp_path / str(n), recipe=recipe, partitions=n) for n in (1, 3)]
    assert digests(releases[0]) == digests(releases[1])
    found = dict(kept(releases[0]))
    right = 0
    for line in (corpus / "notes.jsonl").read_text().splitlines():
        row = json.loads(line)
        parts = row["text"].split("\n\n")
        expected = [p for p, kind in zip(parts, row["kinds"], strict=False) if kind == "study"] + parts[-1:]
        assert set(found[row["id"]]) <= set(parts) and found[row["id"]][-1] == parts[-1]
        right += found[row["id"]] == expected
    assert right >= 95
    with Ledger.published(tmp_path / "1") as ledger:
        reasons = ledger.rows("SELECT DISTINCT reason FROM edits")
    assert all(row["reason"].startswith(f"student_paragraphs.{rule.split()[0]} ") for row in reasons)


def test_another_student_cuts_anew(corpus: Path, tmp_path: Path) -> None:
    """What the editor made is kept by what the student has learnt: other labels, other edits."""
    recipe = HEAD + TABLE + SCORE + EDIT
    cuts = []
    for name in ("a", "b"):
        run_here(corpus, tmp_path / "w", recipe=recipe if name == "a" else recipe.replace("seed: 7", "seed: 8"))
        with Ledger.published(tmp_path / "w") as ledger:
            cuts.append(ledger.value("SELECT step FROM edits LIMIT 1"))
    assert cuts == [3, 3] and len(list((tmp_path / "w" / "parts").glob("*/edit-*"))) == 2


def test_a_weak_student_may_not_cut(corpus: Path, tmp_path: Path) -> None:
    rows = [json.loads(line) for line in (corpus / "labels.jsonl").read_text().splitlines()]
    guessed = [{**row, "type": ("study", "other")[i // 2 % 2]} for i, row in enumerate(rows)]
    (corpus / "guessed.jsonl").write_text("".join(json.dumps(row) + "\n" for row in guessed))
    demanding = SCORE.replace("unit: paragraph", "unit: paragraph, least_f1: 0.9")
    with pytest.raises(AgreementError, match="type may not decide: f1 on held-out labels"):
        run_here(corpus, tmp_path, recipe=HEAD + TABLE.replace("labels.jsonl", "guessed.jsonl") + demanding + EDIT)


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        (TABLE + EDIT, "unknown score 'type'"),
        (TABLE + EDIT + SCORE, "type has to be learnt: ask for student in a score step before this one"),
        (
            TABLE + SCORE + EDIT.replace("type != other", "words >= 3"),
            "compares what student gives; words is not of it",
        ),
        (TABLE + SCORE + EDIT.replace("!= other", ">= 3"), "type holds labels, got 3.0"),
        (TABLE + SCORE + EDIT.replace("type != other", "worth >= q0.5"), "quantiles are of documents"),
        (TABLE + SCORE + EDIT.replace("type != other", "worth"), "cannot read rule 'worth'"),
        (TABLE + SCORE.replace("unit: paragraph", "unit: document") + EDIT, "needs a student with `unit: paragraph`"),
        (TABLE + "  - edit: [pii]\n" + SCORE, "labelled before an edit: learn from the labels before it"),
        ("  - edit: [pii]\n" + TABLE + SCORE, "a table's paragraphs are those of the text as read"),
    ],
)
def test_a_recipe_that_does_not_fit_together_is_refused(corpus: Path, steps: str, reason: str) -> None:
    with pytest.raises(RecipeError, match=reason):
        parse(HEAD + steps, folder=corpus)


def test_edits_before_and_after_labels_of_documents_are_fine(corpus: Path) -> None:
    documents = TABLE.replace(" paragraph: part,", "")
    pii = "  - edit: [pii]\n"
    learn = SCORE.replace("unit: paragraph", "unit: document")
    assert parse(HEAD + pii + documents + pii + learn, folder=corpus)
    assert parse(HEAD + TABLE + SCORE + pii, folder=corpus)


def test_a_judge_sees_paragraphs_as_edits_have_left_them(tmp_path: Path) -> None:
    """Numbers of labelled paragraphs are then those of the text that is learnt from."""
    address, body = "someone@example.com", "A sentence that is long enough to ask about. " * 12
    rows = [{"id": str(i), "text": f"{'-' * 200}\n\n{body} {i} {address}"} for i in range(4)]
    (tmp_path / "notes.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with Judge(
        lambda text, turn, request: completion('{"type": "study", "field": "other", "educational_quality": 3}')
    ) as judge:
        asked = f"{{judge: {{endpoint: '{judge.endpoint}', model: m, prompt: biomedical, unit: paragraph}}}}"
        run_here(tmp_path, tmp_path / "w", recipe=HEAD + f"  - edit: [symbol_lines, pii]\n  - annotate: {asked}\n")
        seen = [shown(request) for request in judge.requests]
    assert len(seen) == 4 and not [text for text in seen if address in text]
    with Ledger.published(tmp_path / "w") as ledger:
        assert ledger.rows("SELECT DISTINCT paragraph FROM labels") == [{"paragraph": 0}]
