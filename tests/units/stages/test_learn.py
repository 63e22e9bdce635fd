"""Scorers that learn from a sample, which does not depend on partitions; rules with where and missing."""

import json
from pathlib import Path

import pytest

from schemas.errors import RecipeError, UnitError
from tasks.ledger import Ledger
from tasks.resolve import parse
from tests.small import digests, run_here
from tests.units.added import added

SURPRISE = (
    '''"""Length of a text against the mean length of a sample."""

import numpy as np

from schemas.recipe import FilePath
from schemas.table import Column

COLUMNS = (
    Column("surprise", "DOUBLE", "characters / mean characters of the sample", optional=True),
    Column("sampled", "BIGINT", "documents that it was learnt from"),
)


def fit(sample, *, sample_: None = None, reference: FilePath | None = None, seed: int) -> dict[str, np.ndarray]:
    """Learn the mean length."""
    more = [len(open(reference).read())] if reference else []
    lengths = [*(len(text) for text in sample.texts.to_pylist()), *more]
    return {"mean": np.array([np.mean(lengths)]), "documents": np.array([len(sample)])}


def surprise(batch, *, fitted: dict[str, np.ndarray], least: int = 0):
    """Length of a text against the mean length of a sample.

    Source: Gristmill.
    """
    import pyarrow as pa

    lengths = batch.characters
    values = pa.array(lengths / fitted["mean"][0], mask=lengths < least)
    return {"surprise": values, "sampled": np.full(len(batch), fitted["documents"][0])}
'''.replace("sample_: None = None", "sample: int = 20_000")
    .replace("def fit(sample,", "def fit(drawn,")
    .replace("sample.texts", "drawn.texts")
    .replace("len(sample)", "len(drawn)")
)
HEAD = 'name: learns\nseed: 5\nsources: {notes: {path: "notes/*.jsonl"}}\n'


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    (tmp_path / "notes").mkdir()
    rows = [{"id": f"d{i}", "text": "word " * (i + 1)} for i in range(40)]
    for half in (0, 1):
        lines = "".join(json.dumps(row) + "\n" for row in rows[half::2])
        (tmp_path / "notes" / f"{half}.jsonl").write_text(lines)
    return tmp_path


def scores(warehouse: Path) -> list[dict[str, object]]:
    with Ledger.published(warehouse) as ledger:
        return ledger.rows("SELECT id, surprise, sampled FROM scores JOIN documents USING (doc_id) ORDER BY id")


def test_a_scorer_learns_from_the_documents_alive_at_its_step(corpus: Path) -> None:
    steps = 'steps: [{filter: ["words >= 21"]}, {score: [surprise]}, {filter: ["surprise >= 1.0"]}]'
    with added(corpus / "code", "score", "surprise", SURPRISE):
        run_here(corpus, corpus / "w", recipe=HEAD + steps)
    mean = sum(5 * n for n in range(21, 41)) / 20
    found = {row["id"]: row for row in scores(corpus / "w")}
    assert found["d0"]["surprise"] is None
    assert found["d39"]["surprise"] == pytest.approx(200 / mean)
    assert {row["sampled"] for row in found.values()} == {None, 20}


@pytest.mark.parametrize("size", [7, 1000])
def test_the_sample_does_not_depend_on_partitions(corpus: Path, size: int) -> None:
    recipe = HEAD + f"steps: [{{score: [{{surprise: {{sample: {size}}}}}]}}]"
    with added(corpus / "code", "score", "surprise", SURPRISE):
        releases = [run_here(corpus, corpus / f"w{n}", recipe=recipe, partitions=n) for n in (1, 3)]
    assert digests(releases[0]) == digests(releases[1])
    assert scores(corpus / "w1") == scores(corpus / "w3")
    assert {row["sampled"] for row in scores(corpus / "w1")} == {min(size, 40)}


def test_what_a_named_file_holds_decides_and_not_where_it_is(corpus: Path) -> None:
    recipe = HEAD + "steps: [{score: [{surprise: {reference: REF}}]}]"
    with added(corpus / "code", "score", "surprise", SURPRISE):
        for folder, text in (("a", "x" * 10), ("b", "x" * 10), ("c", "x" * 9999)):
            (corpus / folder).mkdir()
            (corpus / folder / "texts.txt").write_text(text)
            run_here(corpus, corpus / "w", recipe=recipe.replace("REF", f"{folder}/texts.txt"))
            kept = sorted(file.name for file in (corpus / "w" / "parts" / "learnt").iterdir())
            assert len(kept) == (2 if folder == "c" else 1)


def test_a_scorer_learns_from_the_texts_as_they_are_after_edits(corpus: Path) -> None:
    (corpus / "notes" / "2.jsonl").write_text(
        json.dumps({"id": "mail", "text": "someone.else@example.com " * 9}) + "\n"
    )
    with added(corpus / "code", "score", "surprise", SURPRISE):
        for name, step in {"after": "{edit: [pii]}, ", "without": ""}.items():
            run_here(corpus, corpus / name, recipe=HEAD + f"steps: [{step}{{score: [surprise]}}]")
    words = sum(5 * n for n in range(1, 41))
    for name, length in {"after": len("<EMAIL> ") * 9, "without": 225}.items():
        found = {row["id"]: row["surprise"] for row in scores(corpus / name)}
        assert found["mail"] == pytest.approx(length * 41 / (words + length))


def test_a_learnt_score_must_be_asked_for(corpus: Path) -> None:
    with added(corpus / "code", "score", "surprise", SURPRISE), pytest.raises(RecipeError, match="ask for surprise in"):
        parse(HEAD + 'steps: [{filter: ["surprise >= 1"]}]')


def test_nothing_to_learn_from_is_an_error(corpus: Path) -> None:
    steps = 'steps: [{filter: ["words >= 1000"]}, {score: [surprise]}]'
    with added(corpus / "code", "score", "surprise", SURPRISE), pytest.raises(UnitError, match="no document to learn"):
        run_here(corpus, corpus / "w", recipe=HEAD + steps)


GUARDED = """steps:
  - score: {where: "words >= 11", surprise: {least: 150}}
  - filter: [{rule: "surprise >= 0.2", where: "words >= 11", MISSING}]
"""


@pytest.mark.parametrize(("missing", "kept"), [("", 21), ("missing: keep", 40), ("missing: drop", 21)])
def test_a_guarded_rule_is_for_those_it_names_and_fails_closed(corpus: Path, missing: str, kept: int) -> None:
    recipe = HEAD + GUARDED.replace(", MISSING", f", {missing}" if missing else "")
    with added(corpus / "code", "score", "surprise", SURPRISE):
        run_here(corpus, corpus / "w", recipe=recipe)
    with Ledger.published(corpus / "w") as ledger:
        assert ledger.value("SELECT count(*) FROM weights") == kept  # 10 below the guard, and 11 of 150 characters
        assert ledger.value("SELECT count(*) FROM decisions") == 30
        assert ledger.value("SELECT count(*) FROM score_surprise") == 30
        rates = {r["name"]: r["value"] for r in ledger.rows("SELECT name, value FROM metrics WHERE step = 2")}
        assert rates["surprise >= 0.2.escalation_rate"] == 30 / 40
        assert rates["surprise >= 0.2.removal_rate"] == (40 - kept) / 40
        drawn = ledger.rows(
            "SELECT drawn_from, count(*) AS n, any_value(documents) AS of FROM audit_samples GROUP BY ALL"
        )
        found = {row["drawn_from"]: (row["n"], row["of"]) for row in drawn}
        counts = {"dropped": 40 - kept, "escalated": kept - 10, "unmet": 10}
        assert found == {name: (n, n) for name, n in counts.items() if n}


def test_a_score_given_to_some_needs_a_rule_that_says_what_of_the_others(corpus: Path) -> None:
    recipe = HEAD + GUARDED.replace(', where: "words >= 11", MISSING', "")
    with added(corpus / "code", "score", "surprise", SURPRISE), pytest.raises(RecipeError, match="say `where: words"):
        parse(recipe)
