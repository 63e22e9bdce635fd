"""Controls that a score must pass before it may decide, run over the registry; and those of a selection and a run.

A scorer says in its file what it claims: ``HIGHER_IS`` ("better" or "worse", of all its columns or by column) and
``SHUFFLED`` (whether a column is "lower" or "higher" for texts whose words are in a random order).
"""

import hashlib
import json
import multiprocessing
import random
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tasks import parts, units
from tasks.ledger import Ledger
from tests.contracts.test_infra import INFRA
from tests.contracts.test_units import HOSTILE, every_measure, faults, ids, measure_of, measured, over
from tests.data import texts
from tests.small import run_here

MEGABYTES = 10 * 2**20
EDGE = 1e-5  # five copies have four seams between them


def claims(name: str) -> pytest.MarkDecorator:
    """The scorers that make a claim of this name."""
    found = [unit for unit in units.units("score") if hasattr(unit.module, name)]
    return pytest.mark.parametrize("unit", found, ids=ids)


def direction(unit: units.Unit) -> dict[str, str]:
    claimed = unit.module.HIGHER_IS
    return dict.fromkeys((c.name for c in unit.columns), claimed) if isinstance(claimed, str) else claimed


# Any order, any process, any size


def digests() -> dict[str, str]:
    """A hash of what every unit measures of some texts, and of what it learns."""
    found = {}
    for unit in (unit for unit in units.units() if unit.measure):
        rows = measured(unit, [*HOSTILE.values(), *texts(10)])
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, rows.schema) as stream:
            stream.write_table(rows.combine_chunks())
        fitted = measure_of(unit).fitted
        arrays = parts.read_arrays(Path(fitted)) if fitted else {}
        learnt_of = [(name, array.tobytes()) for name, array in sorted(arrays.items())]
        found[ids(unit)] = hashlib.sha256(sink.getvalue().to_pybytes() + repr(learnt_of).encode()).hexdigest()
    return found


def test_another_process_measures_and_learns_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """With other hashes of strings, so that no result hangs on the order of a set."""
    monkeypatch.setenv("PYTHONHASHSEED", "4321")
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        there = pool.submit(digests).result()
    assert {name: digest for name, digest in digests().items() if there[name] != digest} == {}


@every_measure
def test_measure_of_ten_megabytes_of_lines(unit: units.Unit) -> None:
    piece = "\r\n".join(
        ["A line of prose, with\u200b marks; and \0 more.", "", "- one", "漢字。", "\tif x:", "e\u0301 ف"]
    )
    text = (piece + "\n") * (MEGABYTES // len(piece.encode()))
    assert faults(unit, measured(unit, [text]), 1) == []


@over("score")
def test_claims_are_about_columns_that_there_are(unit: units.Unit) -> None:
    names = {column.name for column in measure_of(unit).columns}
    claimed = direction(unit) if hasattr(unit.module, "HIGHER_IS") else {}
    assert set(claimed) <= names and set(claimed.values()) <= {"better", "worse"}
    shuffled = getattr(unit.module, "SHUFFLED", {})
    assert set(shuffled) <= names and set(shuffled.values()) <= {"lower", "higher"}


# Monotone controls


@cache
def plain() -> tuple[str, ...]:
    return tuple(text[:20_000] for text in texts(60) if len(text) > 1000)


@cache
def shuffled() -> tuple[str, ...]:
    """The same words of each text in a random order, its line breaks where words happen to take them."""
    return tuple(
        " ".join(random.Random(i).sample(text.split(" "), text.count(" ") + 1)) for i, text in enumerate(plain())
    )


@cache
def repeated() -> tuple[str, ...]:
    return tuple("\n".join([text.rstrip("\n")] * 5) for text in plain())


@cache
def values(unit: units.Unit, found: tuple[str, ...]) -> pa.Table:
    return measured(unit, found)


def changes(unit: units.Unit, column: str, after: tuple[str, ...]) -> np.ndarray:
    """How much the values of documents that have one before and after have risen."""
    before, then = (values(unit, found)[column].to_numpy(zero_copy_only=False) for found in (plain(), after))
    found = then.astype(float) - before.astype(float)
    return found[np.isfinite(found)]


@claims("SHUFFLED")
def test_shuffled_words_change_what_tells_order(unit: units.Unit) -> None:
    for column, way in unit.module.SHUFFLED.items():
        rises = changes(unit, column, shuffled()) * (1 if way == "higher" else -1)
        assert len(rises) >= 20 and np.median(rises) >= 0, column
        assert (rises > 1e-9).sum() > 1.5 * (rises < -1e-9).sum(), column
        assert (rises > 1e-9).mean() > 0.4, column


@claims("HIGHER_IS")
def test_a_text_repeated_five_times_is_no_better(unit: units.Unit) -> None:
    for column, way in direction(unit).items():
        found = changes(unit, column, repeated()) * (1 if way == "better" else -1)
        assert not len(found) or found.mean() <= EDGE, f"{column} is {found.mean():.4g} better of five copies"


def test_a_claim_that_does_not_hold_is_found() -> None:
    """Size is not quality: five copies are longer."""
    unit = units.unit("score", "size")
    assert changes(unit, "words", repeated()).mean() > 0


# Inverse control: the tail as a corpus of its own

HEAD = "name: tails\nseed: 1\nsources: {a: a.jsonl, b: b.jsonl}\nsteps:\n"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three hundred documents of two sources whose lengths have nothing to do with their share of letters."""
    folder, chance = tmp_path_factory.mktemp("tails"), random.Random(7)
    for source, count in (("a", 100), ("b", 200)):
        rows = []
        for i in range(count):
            letters = chance.random()
            words = [f"word{k}" if chance.random() < letters else str(k) for k in range(chance.randrange(20, 60))]
            rows.append(json.dumps({"id": f"{source}{i}", "text": " ".join(words)}) + "\n")
        (folder / f"{source}.jsonl").write_text("".join(rows))
    return folder


def kept(folder: Path, name: str, step: str) -> dict[int, tuple[str, int, float]]:
    """Source, tokens and score of what a run with one step keeps."""
    recipe = HEAD + f"  - score: [word_statistics]\n  - {step}\nexport: []\n"
    run_here(folder, folder / name, recipe=recipe)
    with Ledger.published(folder / name) as ledger:
        rows = ledger.rows(
            "SELECT doc_id, source, tokens, alpha_word_share FROM measured SEMI JOIN weights USING (doc_id)"
        )
    return {row["doc_id"]: (row["source"], row["tokens"], row["alpha_word_share"]) for row in rows}


def test_the_lowest_are_a_corpus_of_as_many_tokens(corpus: Path) -> None:
    step = "select: {{hard: {{score: alpha_word_share, tokens: 30%, lowest: {}}}}}"
    best, worst = (kept(corpus, way, step.format(way)) for way in ("false", "true"))
    assert not set(best) & set(worst)
    for source in ("a", "b"):
        tokens = [sum(t for s, t, _ in found.values() if s == source) for found in (best, worst)]
        assert tokens[0] == pytest.approx(tokens[1], abs=600), "one document more or less"
        lowest = min(score for s, _, score in best.values() if s == source)
        assert max(score for s, _, score in worst.values() if s == source) < lowest


def test_an_inverse_rule_set_keeps_what_the_rule_set_drops(corpus: Path) -> None:
    straight, inverse = (
        kept(corpus, f"set-{way}", f"filter: [{{gopher_quality: {{inverse: {way}, min_words: 30}}}}]")
        for way in ("false", "true")
    )
    assert straight.keys().isdisjoint(inverse) and len(straight) + len(inverse) == 300 and inverse


# Leakage: what a filter does to the share of evaluation items

LEAKS = """name: leaks
sources: {notes: notes.jsonl}
steps:
  - decontaminate: {ngrams: {items: items.jsonl, question: question, answer: answer, action: flag}}
  - filter: ["words >= 101"]
  - filter: ["words <= 150"]
export: []
"""


def test_leakage_compares_kept_and_dropped_with_the_pool(tmp_path: Path) -> None:
    """Ten of a hundred documents hold an item; the first filter drops half of all, and two of these."""

    def prose(seed: int, words: int) -> str:
        return " ".join(f"w{seed}x{k}" for k in range(words))

    items = [{"id": str(i), "question": prose(i, 30), "answer": prose(1000 + i, 5)} for i in range(10)]
    rows = []
    for i in range(100):
        held = items[i // 10] if i % 10 == 0 else None
        short = i < 20 if held else i < 53
        planted = f"{held['question']} {held['answer']} " if held else ""
        words = (60 if short else 120 if i < 90 else 180) - (35 if held else 0)
        rows.append({"id": str(i), "text": planted + prose(5000 + i, words)})
    for name, part in (("items", items), ("notes", rows)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in part))
    run_here(tmp_path, tmp_path / "w", recipe=LEAKS)
    with Ledger.published(tmp_path / "w") as ledger:
        found = {row["among"]: row for row in ledger.rows((INFRA / "sql" / "leakage.sql").read_text())}
        pool = ledger.value("SELECT sum(tokens) FROM documents")
    contaminated = {name: (row["documents"], row["contaminated"]) for name, row in found.items()}
    dropped = 2 + sum(i < 53 for i in range(100) if i % 10)
    assert contaminated == {
        "pool": (100, 10), "kept": (90 - dropped, 7), "dropped in step 2": (dropped, 2), "dropped in step 3": (10, 1)
    }  # fmt: skip
    assert found["kept"]["times_the_pool"] == pytest.approx(7 / (90 - dropped) / 0.1)
    assert found["pool"]["items_per_million_tokens"] == pytest.approx(1e6 * 10 / pool)
