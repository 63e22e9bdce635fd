"""Every recipe that ships runs from reading to publishing, and says what differs from its paper."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.release import publish
from flows.shipped import HOME, shipped, summaries
from tasks.blanks import Given
from tasks.ledger import Ledger
from tasks.resolve import load
from tasks.run import opened
from tests.data import texts
from tests.judge import Judge
from tests.small import stages

NAMES = sorted(file.stem for file in HOME.glob("*.yaml"))
OWN = ("quickstart",)  # recipes of no paper


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recipes")
    note = (
        "This clinical study of a return of a class of toxin, or of another pathogen, has a value nobody would import. "
        * 6
    )
    found = [f"{text[:6000]}\n\n{note}\n" if i % 2 else text[:6000] for i, text in enumerate(texts(240))]
    for part, name in enumerate(("one", "two", "three")):
        rows = [
            {
                "id": f"{name}/{i}.py",
                "text": text,
                "url": f"https://host{i % 7}.org/{name}/{i}.py",
                "created": f"20{i % 24:02d}-01-01",
            }
            for i, text in enumerate(found[part::3])
        ]
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    reference = [{"text": f"A sentence of the reference, number {i}. " + found[i][:500]} for i in range(60)]
    (folder / "reference.json").write_text("".join(json.dumps(row) + "\n" for row in reference), encoding="utf-8")
    items = [{"question": text[:200], "answer": text[200:300]} for text in found[:5]]
    (folder / "items.json").write_text("".join(json.dumps(row) + "\n" for row in items), encoding="utf-8")
    (folder / "terms.txt").write_text("import\nreturn\nclass\nvalue\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with Judge() as judge:
        yield judge


def given(recipe: str, corpus: Path, judge: Judge) -> Given:
    """What someone who tries a recipe gives it."""
    known = {
        "endpoint": judge.endpoint,
        "reference": str(corpus / "reference.json"),
        "target": str(corpus / "reference.json"),
        "items": str(corpus / "items.json"),
        "terms": str(corpus / "terms.txt"),
        "sample": 200,
        "force": True,
    }
    asked = open_parameters(recipe)
    return Given((str(corpus / "*.jsonl"),), {name: known[name] for name in known if name in asked})


def open_parameters(recipe: str) -> set[str]:
    import yaml

    return set(yaml.safe_load(shipped(recipe).read_text(encoding="utf-8")).get("parameters") or ())


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_recipe_runs_to_a_release(name: str, corpus: Path, judge: Judge, tmp_path: Path) -> None:
    plan = load(shipped(name), given(name, corpus, judge))
    with opened(plan, tmp_path) as run:
        for _, stage in stages(run):
            stage()
        release = publish(run)
    assert (release / "manifest.json").is_file() and (release / "report.html").is_file()
    with Ledger.published(tmp_path) as ledger:
        lines = sum(len(file.read_text(encoding="utf-8").splitlines()) for file in corpus.glob("*.jsonl"))
        assert ledger.value("SELECT count(*) FROM documents") == lines
        assert ledger.value("SELECT count(*) FROM audits WHERE NOT passed") == 0


@pytest.mark.parametrize("name", NAMES)
def test_recipe_says_what_it_is_and_what_differs(name: str) -> None:
    header = [line for line in shipped(name).read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    assert len(header) >= 2 and header[0].endswith("."), "the first line says what it is, in a sentence"
    if name not in OWN:
        assert any("arXiv" in line or "doi" in line for line in header), "it names its paper"
        assert any(line.lower().startswith("# differs from the paper") for line in header)
    listed = {row["recipe"]: row for row in summaries()}
    assert listed[name]["what"] == header[0].lstrip("# ")
