"""Selecting in a run: quotas and drops in the ledger, copies where asked for, and every law of a run still held."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from flows.cli import app
from schemas.errors import GristmillError
from tasks.ledger import Ledger
from tasks.resolve import parse
from tests.small import run_here

SIZES = {"wiki": 60, "web": 30, "code": 10}
HEAD = "name: x\nexport: [jsonl]\nsources: {wiki: wiki.jsonl, web: web.jsonl, code: code.jsonl}\nsteps:\n"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    for source, count in SIZES.items():
        rows = [
            {"id": f"{source}{i}", "text": f"{source} {i} " + "word " * (i + 1), "language": ("en", "de")[i % 2]}
            for i in range(count)
        ]
        (folder / f"{source}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def selected(corpus: Path, warehouse: Path, *steps: str) -> Ledger:
    run_here(corpus, warehouse, recipe=HEAD + "".join(f"  - {step}\n" for step in steps))
    return Ledger.published(warehouse)


def test_who_is_not_taken_is_a_drop_with_the_score_at_the_cut(corpus: Path, tmp_path: Path) -> None:
    step = "select: {hard: {score: words, tokens: '50%', by: [source, declared_language]}}"
    with selected(corpus, tmp_path, "filter: ['words >= 5']", step) as ledger:
        quotas = {row["stratum"]: row for row in ledger.rows("FROM quotas")}
        rows = ledger.rows(
            "SELECT source || ' / ' || declared_language AS stratum, words, tokens, doc_id, rule, value, threshold "
            "FROM measured LEFT JOIN drops USING (doc_id) WHERE left_at >= 2"
        )
        funnel = ledger.rows("SELECT source, entered, dropped, kept FROM funnel WHERE step = 2")
    assert len(quotas) == 6 and {(row["step"], row["method"]) for row in quotas.values()} == {(2, "hard")}
    for name, quota in quotas.items():
        mine = [row for row in rows if row["stratum"] == name]
        kept = [row for row in mine if row["rule"] is None]
        assert (len(mine), len(kept)) == (quota["candidates"], quota["documents"])
        assert sum(row["tokens"] for row in kept) == quota["achieved"]
        assert quota["threshold"] == min(row["words"] for row in kept)
        for row in mine:
            assert (row["words"] < quota["threshold"]) == (row["rule"] == "select.hard")
            assert row["rule"] is None or (row["value"], row["threshold"]) == (row["words"], quota["threshold"])
    for row in funnel:
        assert row["kept"] == sum(q["documents"] for name, q in quotas.items() if name.startswith(row["source"]))


def test_why_tells_of_a_selection(corpus: Path, tmp_path: Path) -> None:
    with selected(corpus, tmp_path, "select: {hard: {score: words, tokens: '20%'}}") as ledger:
        gone = ledger.rows("SELECT doc_id, value, threshold FROM drops ORDER BY doc_id LIMIT 1")[0]
    told = CliRunner().invoke(app, ["why", str(gone["doc_id"]), "-w", str(tmp_path)], catch_exceptions=False).stdout
    assert "dropped at step 1 (select) by select.hard" in told
    [line] = [line for line in told.split("\ndrops\n")[1].splitlines() if "select.hard" in line]
    assert line.split()[-2:] == [f"{gone['value']:.6g}", f"{gone['threshold']:.6g}"]


@pytest.mark.parametrize("then", [[], ["order: {random: {}}"], ["pack: {concatenate: {context_length: 64}}"]])
def test_copies_are_written_as_often_as_they_were_taken(corpus: Path, tmp_path: Path, then: list[str]) -> None:
    step = "select: {uniform: {quota: {wiki: 2000, code: 2000}, shortfall: repeat, max_repeat: 3}}"
    with selected(corpus, tmp_path, step, *then) as ledger:
        quotas = {row["stratum"]: row for row in ledger.rows("FROM quotas")}
        placed = ledger.rows(
            "SELECT source, count(*) AS places, count(DISTINCT doc_id) AS documents, sum(tokens)::BIGINT AS tokens, "
            "max(copies) AS most FROM places JOIN documents USING (doc_id) JOIN weights USING (doc_id) GROUP BY source"
        )
        weights = ledger.rows("SELECT DISTINCT weight = copies AS same FROM weights")
        written = ledger.value("SELECT sum(documents) FROM exports WHERE content = 'documents'")
    found = {row["source"]: row for row in placed}
    assert set(found) == {"wiki", "code"} and weights == [{"same": True}]
    for source, row in found.items():
        quota = quotas[source]
        assert (row["documents"], row["tokens"]) == (quota["documents"], quota["achieved"])
        assert row["places"] == quota["documents"] + quota["repeats"]
    assert found["code"]["most"] == 3 and quotas["code"]["shortfall"] == 2000 - quotas["code"]["achieved"] > 0
    assert quotas["web"]["documents"] == 0 and written == sum(row["places"] for row in placed)


def test_shares_and_small_sources_without_repetition(corpus: Path, tmp_path: Path) -> None:
    step = "select: {gumbel: {score: words, tokens: 3000, quota: equal, temperature: 9.0}}"
    with selected(corpus, tmp_path, step, "select: {percentile: {score: words, share: 0.5}}") as ledger:
        rows = {(row["step"], row["stratum"]): row for row in ledger.rows("FROM quotas")}
    assert rows[1, "code"]["redistributed"] < 0 < rows[1, "wiki"]["redistributed"]
    assert rows[1, "code"]["documents"] == SIZES["code"] == rows[2, "code"]["candidates"]
    assert rows[1, "code"]["shortfall"] == 1000 - rows[1, "code"]["achieved"]
    assert 0.5 <= rows[2, "wiki"]["achieved"] / rows[2, "wiki"]["available"] < 0.7


def test_partitions_change_nothing(corpus: Path, tmp_path: Path) -> None:
    recipe = HEAD + "  - select: {linear: {score: words, tokens: '40%', by: declared_language, shortfall: repeat}}\n"
    found = []
    for partitions in (1, 4):
        run_here(corpus, tmp_path / str(partitions), recipe=recipe, partitions=partitions)
        with Ledger.published(tmp_path / str(partitions)) as ledger:
            found.append([ledger.rows(f"FROM {name} ORDER BY ALL") for name in ("quotas", "weights", "drops")])
    assert found[0] == found[1] and all(found[0])


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (["select: {hard: {score: words}}"], "give `tokens`"),
        (["select: {hard: {score: wrods, tokens: 5}}"], "unknown score 'wrods'; did you mean 'words'"),
        (["select: {hard: {score: url, tokens: 5}}"], "hard needs numbers; url holds labels"),
        (["select: {hard: {score: words, tokens: 5, by: sauce}}"], "unknown score 'sauce'"),
        (["select: {hard: {score: words, quota: {wikki: 5}}}"], "unknown source 'wikki'; did you mean 'wiki'"),
        (["select: {hard: {score: words, tokens: 5}, uniform: {tokens: 5}}"], "select takes one unit"),
        (["select: {uniform: {tokens: '200%', shortfall: repeat}}", "filter: ['words >= 1']"], "no filter step may"),
        (["select: {uniform: {tokens: 9, shortfall: repeat}}", "reweight: natural"], "no reweight step may follow"),
    ],
)  # fmt: skip
def test_a_selection_that_cannot_be_is_refused(steps: list[str], message: str, corpus: Path, tmp_path: Path) -> None:
    recipe: dict[str, Any] = {"recipe": HEAD + "".join(f"  - {step}\n" for step in steps)}
    with pytest.raises(GristmillError, match=message):
        parse(recipe["recipe"], folder=corpus)
