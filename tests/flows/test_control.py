"""The null control finds what a rule chooses by, and nothing in a rule that chooses by chance."""

import json
from collections.abc import Iterator

import numpy as np
import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.control import control
from flows.pages import hypotheses as ask
from schemas.errors import LedgerError
from tasks.ledger import Ledger
from tests.small import run_here

RECIPE = """
name: control
sources: {a: {path: a.jsonl, domain: prose}, b: {path: b.jsonl, domain: code}}
steps:
  - score: [size]
  - deduplicate: exact
export: []
"""


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """Four hundred documents, those of b five times as long; a fifth of a's and none of b's have a copy."""
    folder, random = tmp_path_factory.mktemp("control"), np.random.default_rng(3)
    for source, words in (("a", 20), ("b", 100)):
        rows = [f"{source}{i} " + "word " * int(words * random.uniform(0.5, 1.5)) for i in range(200)]
        rows += rows[:40] if source == "a" else []
        lines = [
            json.dumps({"id": str(k), "text": row, "language": "en" if k % 2 else "de"}) + "\n"
            for k, row in enumerate(rows)
        ]
        (folder / f"{source}.jsonl").write_text("".join(lines))
    run_here(folder, folder / "w", recipe=RECIPE)
    with Ledger.published(folder / "w") as opened:
        yield opened


def figures(ledger: Ledger, rule: str) -> dict[str, dict[str, object]]:
    return {row["figure"]: row for row in control(ledger, ask.change(ledger, rule, new=True))}


def test_a_rule_on_length_chooses_a_domain_and_leaves_duplicates(ledger: Ledger) -> None:
    found = figures(ledger, "words >= 50")
    chosen = {name for name, row in found.items() if row["chosen"]}
    assert chosen >= {
        "characters, mean", "characters, median", "share of domain code", "share of domain prose",
        "share with a duplicate",
    }  # fmt: skip
    assert found["share of domain prose"]["kept"] == 0 and found["share of domain prose"]["pool"] == pytest.approx(
        240 / 440
    )
    assert found["share with a duplicate"]["kept"] == 0 and found["share with a duplicate"]["pool"] == pytest.approx(
        80 / 440
    )
    assert not {"share of language en", "share of language de"} & chosen


def test_chance_chooses_nothing(ledger: Ledger) -> None:
    """A random score: doc_ids are hashes, so that to compare them is to draw."""
    doc_ids = ledger.table("SELECT doc_id FROM weights")["doc_id"].to_numpy()
    half = int(np.sort(doc_ids)[len(doc_ids) // 2])
    found = figures(ledger, f"doc_id >= {half}")
    assert sum(bool(row["chosen"]) for row in found.values()) <= 1


def test_the_pool_lies_within_what_chance_gives(ledger: Ledger) -> None:
    for row in figures(ledger, "words >= 40").values():
        assert row["lowest"] <= row["pool"] <= row["highest"]


def test_every_call_gives_the_same(ledger: Ledger) -> None:
    assert figures(ledger, "words >= 50") == figures(ledger, "words >= 50")


def test_a_rule_that_keeps_all_or_nothing_has_no_control(ledger: Ledger) -> None:
    assert figures(ledger, "words >= 0") == {} == figures(ledger, "words >= 10000")


def test_the_command_line_shows_it(ledger: Ledger) -> None:
    warehouse = str(ledger.path.parent)
    done = CliRunner().invoke(app, ["whatif", "words >= 50", "--new", "--chance", "-w", warehouse])
    assert done.exit_code == 0 and "share of domain code" in done.stdout
    asked = ["whatif", "words >= 50", "--new", "--chance", "-w", warehouse, "-f", "json"]
    rows = json.loads(CliRunner().invoke(app, asked).stdout)
    assert rows == list(figures(ledger, "words >= 50").values())
    wrong = CliRunner().invoke(app, ["whatif", "words", "--chance", "-w", warehouse])
    assert isinstance(wrong.exception, LedgerError)
