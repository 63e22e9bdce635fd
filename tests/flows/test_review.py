"""Samples for a person and what is counted of the verdicts; intervals against a published table and a simulation."""

import csv
import json
import math
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from flows.cli import app
from flows.review import counted, misses, wilson
from schemas.errors import GristmillError, InputError, LedgerError, ReviewError
from tests.small import run_here

RECIPE = """
name: reviewed
seed: 3
sources: {notes: notes.jsonl, mail: mail.jsonl}
steps:
  - edit: [pii]
  - filter: [{rule: "words <= 60", where: "words >= 31", name: long}]
export: []
"""


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hundred documents of 1 to 100 words; the rule is for those of 31 and more, and keeps those of up to 60."""
    folder = tmp_path_factory.mktemp("reviewed")
    rows = [{"id": f"d{n}", "text": " ".join(["word"] * n) + "\nsomeone@example.com"} for n in range(1, 101)]
    for source, part in (("notes", rows[:80]), ("mail", rows[80:])):
        (folder / f"{source}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in part))
    run_here(folder, folder / "w", recipe=RECIPE)
    return folder / "w"


def invoke(*words: object) -> str:
    done = CliRunner().invoke(app, ["review", *map(str, words)])
    if isinstance(done.exception, GristmillError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def rows_of(file: Path) -> list[dict[str, Any]]:
    if file.suffix == ".jsonl":
        return [json.loads(line) for line in file.read_text().splitlines()]
    with file.open(newline="") as lines:
        return list(csv.DictReader(lines))


def fill(file: Path, verdict: Any) -> None:
    rows = [{**row, "verdict": verdict(row)} for row in rows_of(file)]
    random.Random(1).shuffle(rows)  # as a person may sort them
    if file.suffix == ".jsonl":
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return
    with file.open("w", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_audit_samples_are_drawn_and_counted(warehouse: Path, tmp_path: Path, form: str) -> None:
    file = tmp_path / f"sample.{form}"
    invoke(file, "-w", warehouse)
    rows = rows_of(file)
    assert {(r["stratum"], r["fate"], int(r["documents"])) for r in rows} == {
        ("dropped", "dropped", 41), ("escalated", "kept", 30), ("unmet", "kept", 29)
    }  # fmt: skip
    assert len({r["doc_id"] for r in rows}) == 41 + 30 + 29
    assert all(r["verdict"] == "" and r["text"].endswith("\n<EMAIL>") for r in rows)
    fill(file, lambda r: "drop" if r["stratum"] == "dropped" or int(r["number"]) <= 3 else "keep")
    shown = invoke(file, "--read")
    assert f"{100 * 6 / (6 + 41):.1f} % stayed" in shown.replace("\n", " ")
    with pytest.raises(ReviewError, match=r"the lower bound is, of step 2: long = escalated \(0\.744\)"):
        invoke(file, "--read", "--least", 0.8)
    assert invoke(file, "--read", "--least", 0.7)


def test_a_sample_per_source_holds_kept_documents_alone(warehouse: Path, tmp_path: Path) -> None:
    file = tmp_path / "sample.csv"
    invoke(file, "-w", warehouse, "--by", "source", "--documents", 7)
    rows = rows_of(file)
    assert [(r["group"], r["stratum"], r["documents"]) for r in rows] == [("source", "notes", "59")] * 7
    again = tmp_path / "again.csv"
    invoke(again, "-w", warehouse, "--by", "source", "--documents", 9)
    assert rows_of(again)[:7] == rows
    fill(file, lambda r: "YES " if int(r["number"]) <= 5 else "")
    assert "100" in invoke(file, "--read", "--least", 0.5)
    with pytest.raises(ReviewError, match=r"source = notes \(0.566\)"):
        invoke(file, "--read", "--least", 0.6)


def test_verdicts_are_not_written_over(warehouse: Path, tmp_path: Path) -> None:
    (tmp_path / "sample.csv").write_text("verdicts")
    with pytest.raises(LedgerError, match="may hold verdicts"):
        invoke(tmp_path / "sample.csv", "-w", warehouse)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("doc_id,verdict\n1,keep\n", "document 1: it has no group"),
        ("group,stratum,fate,documents,verdict\nsource,a,kept,3,perhaps\n", "unknown verdict 'perhaps'"),
    ],
)
def test_a_file_that_is_no_sample_is_refused(tmp_path: Path, content: str, reason: str) -> None:
    (tmp_path / "s.csv").write_text(content)
    with pytest.raises(InputError, match=reason):
        invoke(tmp_path / "s.csv", "--read")


@pytest.mark.parametrize(
    ("options", "reason"), [(["--by", "sauce"], "did you mean 'source'"), ([], "a .jsonl or .csv")]
)
def test_what_cannot_be_drawn_or_written_is_refused(
    warehouse: Path, tmp_path: Path, options: list[str], reason: str
) -> None:
    with pytest.raises(GristmillError, match=reason):
        invoke(tmp_path / "sample.xlsx", "-w", warehouse, *options)


# Successes of ten and the score interval at 95 %, from the closed form by hand.
TABLE = {0: (0.0, 0.2775), 1: (0.0179, 0.4042), 5: (0.2366, 0.7634), 8: (0.4902, 0.9433), 10: (0.7225, 1.0)}


@pytest.mark.parametrize("successes", TABLE)
def test_wilson_intervals_are_those_of_the_table(successes: int) -> None:
    assert wilson(successes, 10) == pytest.approx(TABLE[successes], abs=5e-5)


@given(st.integers(1, 300), st.data())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_wilson_bounds_solve_the_equation_of_the_score_test(trials: int, data: Any) -> None:
    successes = data.draw(st.integers(0, trials))
    share, z = successes / trials, 1.959963984540054
    low, high = wilson(successes, trials)
    assert 0 <= low <= share <= high <= 1
    for bound in (low, high):
        assert (share - bound) ** 2 == pytest.approx(z * z * bound * (1 - bound) / trials, abs=1e-9)


def test_nothing_read_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


def cascade(read: dict[str, tuple[int, int, int]]) -> list[dict[str, Any]]:
    """Rows of a cascade: per stratum the documents, how many were read, and of how many the person says drop."""
    return [
        {"group": "rule", "stratum": name, "fate": "dropped" if name == "dropped" else "kept", "documents": size,
         "keep": i >= bad}
        for name, (size, read_, bad) in read.items() for i in range(read_)
    ]  # fmt: skip


def test_the_miss_rate_is_that_of_all_documents_when_all_were_read() -> None:
    [found] = misses(counted(cascade({"dropped": (40, 40, 30), "escalated": (20, 20, 4), "unmet": (60, 60, 6)}), 0.95))
    assert found["missed"] == pytest.approx(10 / 40)
    assert found["low"] < 10 / 40 < found["high"]


def test_the_interval_of_the_miss_rate_holds_the_truth() -> None:
    """A corpus of which 5 % of the unmet and 20 % of the escalated were missed, sampled two hundred times."""
    random_, held = random.Random(5), 0
    truth = (1000 * 0.2 + 9000 * 0.05) / (1000 * 0.2 + 9000 * 0.05 + 500 * 0.9)
    for _ in range(200):
        drawn = {name: sum(random_.random() < p for _ in range(50)) for name, p in
                 (("dropped", 0.9), ("escalated", 0.2), ("unmet", 0.05))}  # fmt: skip
        sizes = {"dropped": 500, "escalated": 1000, "unmet": 9000}
        [found] = misses(counted(cascade({k: (sizes[k], 50, drawn[k]) for k in drawn}), 0.95))
        held += found["low"] <= truth <= found["high"]
    assert held >= 190 and math.isfinite(truth)


def test_a_lexicon_finds_what_only_the_target_has(tmp_path: Path) -> None:
    for name, text in (("target", "the spore count of anthrax"), ("other", "the count of sheep")):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for _ in range(6)))
    paths = [str(tmp_path / f"{name}.jsonl") for name in ("target", "other")]
    asked = ["lexicon", *paths, "--longest", "1", "-o", str(tmp_path / "terms.txt")]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0 and "2 terms in" in done.stdout
    terms = [line for line in (tmp_path / "terms.txt").read_text().splitlines() if not line.startswith("#")]
    assert sorted(terms) == ["anthrax", "spore"]
    (tmp_path / "terms.txt").write_text("anthrax\n# revised by a person\n")
    with pytest.raises(GristmillError, match="is there already"):
        CliRunner().invoke(app, asked, catch_exceptions=False)
    assert "revised" in (tmp_path / "terms.txt").read_text()
    assert CliRunner().invoke(app, [*asked, "--force"]).exit_code == 0
    assert "spore" in (tmp_path / "terms.txt").read_text()
