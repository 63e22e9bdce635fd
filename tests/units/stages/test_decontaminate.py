"""Decontaminating in a run: planted items found whatever the partitions, flagged, cut or dropped, and counted."""

import json
import random
from pathlib import Path

import pytest

from schemas.errors import InputError, RecipeError
from tasks import parts
from tasks.ledger import Ledger
from tasks.read._whole import whole
from tasks.resolve import parse
from tests.small import digests, run_here

HEAD = 'name: clean\nsources: {notes: {path: "notes/*.jsonl"}}\nexport: [jsonl]\nsteps:\n'
SPAN = 30  # words of a planted item
QUERY = Path(__file__).parents[3] / "infra" / "sql" / "contamination.sql"


def prose(seed: int, words: int) -> str:
    """Words that no other seed gives."""
    rng = random.Random(seed)
    return " ".join(
        f"{rng.choice('bdfklmnprst')}{rng.choice('aeiou')}{seed}é{rng.randrange(10**6)}" for _ in range(words)
    )


def item(number: int) -> dict[str, str]:
    """An evaluation item of 60 words."""
    return {"id": f"q{number}", "problem": prose(100 + number, SPAN), "solution": prose(200 + number, SPAN)}


def text(number: int) -> str:
    """A document; those up to 5 hold the item of that number, 6 holds half of item 0 ten times."""
    whole = item(number % 6)
    if number < 6:
        return "\n".join([prose(300 + number, 100), whole["problem"], whole["solution"], prose(400 + number, 100)])
    if number == 6:
        return "\n".join(f"{whole['problem']} {prose(500 + i, 60)}" for i in range(12))
    return prose(600 + number, 150)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty documents in two files, and ten items of which six are planted."""
    folder = tmp_path_factory.mktemp("corpus")
    (folder / "notes").mkdir()
    for name, numbers in (("a", range(0, 40, 2)), ("b", range(1, 40, 2))):
        rows = [json.dumps({"id": f"d{i}", "text": text(i)}, ensure_ascii=False) for i in numbers]
        (folder / "notes" / f"{name}.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    rows = [json.dumps(item(i)) for i in range(10)] + [json.dumps({"id": "q10", "problem": "why", "solution": 7})]
    (folder / "items.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def step(unit: str = "ngrams", **settings: object) -> str:
    """A recipe with one step."""
    given = {"items": "items.jsonl", "question": "problem", "answer": "solution", **settings}
    return f"{HEAD}  - decontaminate: {json.dumps({unit: given})}\n"


def ran(corpus: Path, tmp_path: Path, recipe: str, **given: int) -> tuple[Ledger, Path]:
    """The published ledger and the release."""
    release = run_here(corpus, tmp_path, recipe=recipe, **given)
    return Ledger.published(tmp_path), release


def exported(release: Path) -> dict[str, str]:
    """The texts of the release by id."""
    table = whole(str(release / "jsonl"))
    return dict(zip(table["id"].to_pylist(), table["text"].to_pylist(), strict=True))


UNITS = ["ngrams", "paragraphs", "weighted"]


@pytest.mark.parametrize("unit", UNITS)
def test_planted_items_are_found_and_dropped(corpus: Path, tmp_path: Path, unit: str) -> None:
    ledger, release = ran(corpus, tmp_path, step(unit))
    with ledger:
        assert set(exported(release)) == {f"d{i}" for i in range(40)} - {f"d{i}" for i in range(6)} - (
            {"d6"} if unit == "ngrams" else set()
        )
        rows = ledger.rows("SELECT id, item, overlap, action FROM matches JOIN documents USING (doc_id)")
        assert {(row["id"], row["item"]) for row in rows if row["overlap"] == 1.0} == {
            (f"d{i}", f"q{i}") for i in range(6)
        }
        assert {row["action"] for row in rows} == {"drop"}
        [counted] = ledger.rows("FROM evaluations")
        expected = {
            "method": unit,
            "evaluation": "items.jsonl",
            "items": 11,
            "sought": 10,
            "found": 6,
            "found_after": 0,
        }
        assert expected.items() <= counted.items() and counted["documents_after"] == 0
        assert counted["found_share"] == pytest.approx(6 / 11)
        tokens = ledger.value("SELECT sum(tokens) FROM documents WHERE doc_id IN (SELECT doc_id FROM matches)")
        assert counted["tokens"] == tokens
        drops = ledger.rows("SELECT DISTINCT rule, threshold, value > threshold AS over FROM drops")
        assert drops == [{"rule": f"decontaminate.{unit}", "threshold": 0.0, "over": True}]


@pytest.mark.parametrize("unit", UNITS)
def test_spans_are_places_in_the_text(corpus: Path, tmp_path: Path, unit: str) -> None:
    ledger, _ = ran(corpus, tmp_path, step(unit, action="flag"))
    with ledger:
        rows = ledger.rows(
            'SELECT id, "start", "stop", snippet, item, action FROM matches JOIN documents USING (doc_id)'
        )
        assert rows
        for row in rows:
            span = text(int(row["id"][1:]))[row["start"] : row["stop"]]
            assert row["snippet"] == span[:200] and row["action"] == "flag"
            assert span.replace("\n", " ") in " ".join([*list(item(int(row["item"][1:])).values())[1:]])
        assert ledger.value("SELECT count(*) FROM drops") == ledger.value("SELECT count(*) FROM edits") == 0


def test_what_is_cut_is_not_in_the_release_and_what_is_far_from_it_is(corpus: Path, tmp_path: Path) -> None:
    ledger, release = ran(corpus, tmp_path, step(action="cut", margin=20, shortest_piece=50))
    with ledger:
        texts = exported(release)
        for i in range(6):
            kept, whole = texts[f"d{i}"], text(i)
            words = " ".join([item(i)["problem"], item(i)["solution"]]).split()
            assert not set(words) & set(kept.split())
            assert kept.startswith(whole[:500]) and kept.endswith(whole[-500:])
            [cut] = ledger.rows("SELECT * FROM edits JOIN documents USING (doc_id) WHERE id = ?", [f"d{i}"])
            assert kept == whole[: cut["start"]] + whole[cut["stop"] :]
            assert cut["reason"] == "decontaminate.ngrams"
            assert cut["tokens"] == len(kept.encode()) + 1
        assert "d6" not in texts, "it falls into more than ten pieces"
        assert {row["action"] for row in ledger.rows("FROM matches")} == {"cut", "drop"}
        [counted] = ledger.rows("FROM evaluations")
        assert (counted["found"], counted["found_after"], counted["documents_after"]) == (6, 0, 0)


def test_less_than_the_share_that_is_allowed_stays(corpus: Path, tmp_path: Path) -> None:
    ledger, release = ran(corpus, tmp_path, step(max_overlap=0.6))
    with ledger:
        assert "d6" in exported(release) and "d0" not in exported(release)
        [counted] = ledger.rows("FROM evaluations")
        assert (counted["documents"], counted["documents_after"], counted["found_after"]) == (7, 1, 1)
        assert ledger.rows("SELECT DISTINCT threshold, value FROM drops") == [{"threshold": 0.6, "value": 1.0}]


@pytest.mark.parametrize("action", ["drop", "cut"])
def test_the_release_does_not_depend_on_partitions_and_is_resumed(corpus: Path, tmp_path: Path, action: str) -> None:
    recipe = (
        step(action=action).rstrip().removesuffix("}")
        + ', "weighted": {"items": "items.jsonl", "question": "problem", "answer": null}}\n'
    )
    releases = [run_here(corpus, tmp_path / str(n), recipe=recipe, partitions=n) for n in (1, 3)]
    assert digests(releases[0]) == digests(releases[1])
    found = []
    for n in (1, 3):
        with Ledger.published(tmp_path / str(n)) as ledger:
            found.append(
                [ledger.table(f"FROM {name} ORDER BY ALL").to_pylist() for name in ("matches", "edits", "drops")]
            )
    assert found[0] == found[1]
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "1" / "parts").rglob("*matches*")}
    assert before
    run_here(corpus, tmp_path / "1", recipe=recipe, partitions=1)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "1" / "parts").rglob("*matches*")} == before


def test_the_report_says_which_items_were_found_where(corpus: Path, tmp_path: Path) -> None:
    ledger, _ = ran(corpus, tmp_path, step())
    with ledger:
        rows = ledger.rows(QUERY.read_text(encoding="utf-8"))
        assert [row["item"] for row in rows] == ["q0", *(f"q{i}" for i in range(1, 6))]
        assert [row["documents"] for row in rows] == [2, 1, 1, 1, 1, 1]
        for row in rows:
            assert row["overlap"] == 1.0 and row["action"] == "drop" and row["source"] == "notes"
            assert text(int(row["item"][1:]))[row["start"] : row["stop"]].startswith(row["snippet"])


def test_changed_items_are_looked_for_anew(corpus: Path, tmp_path: Path) -> None:
    items = corpus / "items.jsonl"
    before = items.read_text(encoding="utf-8")
    run_here(corpus, tmp_path, recipe=step(action="flag"))
    try:
        items.write_text(json.dumps(item(0)) + "\n", encoding="utf-8")
        run_here(corpus, tmp_path, recipe=step(action="flag"))
        with Ledger.published(tmp_path) as ledger:
            assert ledger.value("SELECT string_agg(DISTINCT item) FROM matches") == "q0"
    finally:
        items.write_text(before, encoding="utf-8")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"answer": "answr"}, "unknown field for the answer 'answr'"),
        ({"question": "qustion"}, "qustion"),
        ({"items": "none.jsonl"}, "none.jsonl"),
        ({"variant": "datatrove", "n": 90}, "they are too short"),
    ],
)
def test_items_that_cannot_be_looked_for_are_refused(
    corpus: Path, tmp_path: Path, settings: dict, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        run_here(corpus, tmp_path, recipe=step(**settings))


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"action": "delete"}, "action"), ({"max_overlap": 2}, "max_overlap"), ({"n": 0}, "'n' of ngrams")],
)
def test_wrong_settings_are_refused_before_anything_starts(corpus: Path, settings: dict, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        parse(step(**settings), folder=corpus)


def test_the_index_reaches_the_workers_as_one_file(corpus: Path, tmp_path: Path) -> None:
    run_here(corpus, tmp_path, recipe=step())
    [index] = (tmp_path / "parts" / "learnt").glob("ngrams-*.npz")
    assert parts.read_arrays(index)["totals"].shape == (11,)
