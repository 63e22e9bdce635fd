"""Reweighting: every live document gets the epochs of its domain, and the copies that come of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tasks.ledger import Ledger
from tests.small import run_here

DOMAINS = {"en": 40, "de": 10, None: 5}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    rows = [
        {"id": f"{language}{i}", "text": f"{language} number {i} " * 20, **({"language": language} if language else {})}
        for language, count in DOMAINS.items()
        for i in range(count)
    ]
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def weighed(corpus: Path, warehouse: Path, mixer: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]], int]:
    recipe = (
        f"name: x\nsources: {{a: a.jsonl}}\nexport: []\nsteps:\n  - filter: ['bytes >= 1']\n  - reweight: {mixer}\n"
    )
    run_here(corpus, warehouse, recipe=recipe)
    with Ledger.published(warehouse) as ledger:
        documents = ledger.rows(
            "SELECT coalesce(declared_language, 'unknown') AS domain, doc_id, tokens, weight, copies "
            "FROM documents LEFT JOIN weights USING (doc_id) ORDER BY doc_id"
        )
        places = ledger.value("SELECT count(*) FROM places")
        return ledger.rows("FROM mixture ORDER BY domain"), documents, places


def test_a_mixture_is_of_the_column_that_it_is_by_and_none_is_left_out(corpus: Path, tmp_path: Path) -> None:
    mixture, documents, places = weighed(corpus, tmp_path, "{by: declared_language, temperature: {alpha: 0.3}}")
    assert {row["domain"]: row["documents"] for row in mixture} == {"en": 40, "de": 10, "unknown": 5}
    assert sum(row["weight"] for row in mixture) == pytest.approx(1)
    assert {row["method"] for row in mixture} == {"temperature"} and {row["step"] for row in mixture} == {2}
    for row in mixture:
        mine = [d for d in documents if d["domain"] == row["domain"]]
        assert row["tokens"] == sum(d["tokens"] for d in mine)
        copies = [d["copies"] or 0 for d in mine]
        assert all(d["weight"] == row["epochs"] for d in mine if d["copies"])
        assert {*copies} <= {int(row["epochs"]), int(row["epochs"]) + 1}
        assert abs(sum(copies) - row["epochs"] * len(mine)) <= 1 + 4 * (len(mine) / 4) ** 0.5
    assert places == sum(d["copies"] or 0 for d in documents)


def test_who_gets_no_copy_is_a_drop(corpus: Path, tmp_path: Path) -> None:
    _, documents, places = weighed(corpus, tmp_path, "{natural: {budget_tokens: 10000}}")
    gone = {d["doc_id"] for d in documents if d["copies"] is None}
    with Ledger.published(tmp_path) as ledger:
        drops = ledger.rows("FROM drops")
        survived = ledger.value("SELECT kept FROM funnel WHERE step = 2")
    assert gone and {drop["doc_id"] for drop in drops} == gone
    assert {(d["step"], d["rule"], d["value"], d["threshold"]) for d in drops} == {(2, "copies >= 1", 0, 1)}
    assert survived == len(documents) - len(gone) == places


def test_natural_keeps_everyone_once(corpus: Path, tmp_path: Path) -> None:
    mixture, documents, _ = weighed(corpus, tmp_path, "natural")
    assert [row["domain"] for row in mixture] == ["a"]
    assert {(d["weight"], d["copies"]) for d in documents} == {(1.0, 1)}
