"""Mean log probabilities against sums by hand; datatrove's filter, run on the same file, gives the same number."""

import json
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from schemas.errors import InputError, RecipeError
from tasks import units
from tasks.score.unigram_log_probability import fit, unigram_log_probability
from tasks.text.frequencies import halves
from tests.units.score.drawn import batch, prose, sample, turned

FILE = "word,count\nthe,600\nof,300\nriver,60\nstone,30\nRiver,9\ndon't,1\n"


@pytest.fixture
def frequencies(tmp_path: Path) -> str:
    path = tmp_path / "frequencies.csv"
    path.write_text(FILE, encoding="utf-8")
    return str(path)


def test_a_file_gives_the_probabilities(frequencies: str) -> None:
    fitted = fit(sample([]), frequencies=frequencies, seed=0)
    found = unigram_log_probability(batch("The river", "of, of!", "unheard", "...", ""), fitted=fitted).to_pylist()
    assert found == [
        pytest.approx((math.log(0.6) + math.log(0.069)) / 2),
        pytest.approx(math.log(0.3)),
        pytest.approx(math.log(1e-9)),
        None,
        None,
    ]


def test_symbols_count_where_asked(frequencies: str) -> None:
    fitted = fit(sample([]), frequencies=frequencies, symbols=True, seed=0)
    found = unigram_log_probability(batch("of, of!"), symbols=True, unseen=1e-6, fitted=fitted).to_pylist()
    assert found == [pytest.approx((2 * math.log(0.3) + 2 * math.log(1e-6)) / 4)]


def test_it_is_what_datatrove_finds(tmp_path: Path) -> None:
    known = json.loads((Path(__file__).parent / "unigram.json").read_text(encoding="utf-8"))
    path = tmp_path / "frequencies.csv"
    path.write_text("word,count\n" + "".join(f"{w},{c}\n" for w, c in known["counts"].items()), encoding="utf-8")
    fitted = fit(sample([]), frequencies=str(path), symbols=True, seed=0)
    found = unigram_log_probability(batch(*known["texts"]), symbols=True, fitted=fitted)
    assert found.to_pylist() == [pytest.approx(value, abs=1e-9) for value in known["datatrove"]]


def test_a_document_is_looked_up_in_the_half_that_it_is_not_in() -> None:
    texts = [prose(i, 40) for i in range(30)]
    fitted = fit(sample(texts), seed=0)
    side = halves(batch(*texts)).tolist()
    assert set(side) == {0, 1}
    counts = [Counter(" ".join(t for t, s in zip(texts, side, strict=True) if s != half).split()) for half in (0, 1)]
    for text, half, value in zip(
        texts, side, unigram_log_probability(batch(*texts), fitted=fitted).to_pylist(), strict=True
    ):
        total = counts[half].total()
        logs = [math.log(counts[half][word] / total if counts[half][word] else 1e-9) for word in text.split()]
        assert value == pytest.approx(sum(logs) / len(logs))


def test_to_have_been_drawn_changes_nothing() -> None:
    texts = [prose(i, 40) for i in range(30)]
    new = "words that nobody else has " * 3
    with_it, without = fit(sample([*texts, new]), seed=0), fit(sample(texts), seed=0)
    scores = [unigram_log_probability(batch(new), fitted=fitted).to_pylist() for fitted in (with_it, without)]
    assert scores[0] == scores[1] == [pytest.approx(math.log(1e-9))]


def test_a_fit_does_not_depend_on_the_order_of_rows() -> None:
    given = sample([prose(i, 50 + i) for i in range(30)])
    first, second = (fit(drawn, seed=0) for drawn in (given, turned(given)))
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_one_document_is_a_corpus_of_its_own() -> None:
    text = "a a b"
    found = unigram_log_probability(batch(text), fitted=fit(sample([text]), seed=0)).to_pylist()
    assert found == [pytest.approx((2 * math.log(2 / 3) + math.log(1 / 3)) / 3)]


def test_what_is_no_count_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "frequencies.csv"
    path.write_text("word,count\nthe,many\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 2"):
        fit(sample([]), frequencies=str(path), seed=0)
    path.write_text("word,count\n", encoding="utf-8")
    with pytest.raises(InputError, match="no word"):
        fit(sample([]), frequencies=str(path), seed=0)


def test_an_impossible_probability_is_refused() -> None:
    with pytest.raises(RecipeError, match=r"'unseen' of .*got 0"):
        units.unit("score", "unigram_log_probability").resolve({"unseen": 0.0})
