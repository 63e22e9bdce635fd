"""Perplexity by hand, CCNet's buckets, and the laws of a score that learns from the corpus that it scores."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from schemas.errors import RecipeError
from tasks import units
from tasks.probe import probe
from tasks.score.perplexity import BUCKETS, _buckets, fit, perplexity
from tests.units.score.drawn import batch, prose, sample, turned

TEXTS = [prose(i, 120) + "\n" + prose(i + 500, 60) for i in range(40)]


def scored(texts: list[str], fitted: dict[str, np.ndarray], **fields: list[str | None]) -> list[float | None]:
    found: list[float | None] = perplexity(batch(*texts, **fields), fitted=fitted)["perplexity"].to_pylist()
    return found


def test_buckets_are_those_of_ccnet() -> None:
    fitted = {"languages": np.array(["en"]), "cutoffs": np.array([[340.0, 520.0]])}
    found = _buckets(np.array([339.9, 340, 519.9, 520, math.nan, 1]), np.array(["en"] * 5 + ["xx"]), fitted)
    assert [BUCKETS[i] for i in found] == ["head", "middle", "middle", "tail", "all", "all"]


def test_cutoffs_may_be_given() -> None:
    fitted = fit(sample(TEXTS), cutoffs=(1.0, 1e9), seed=0)
    found = perplexity(batch(*TEXTS[:3], "", language=["en", None, "xx", "en"]), fitted=fitted)
    assert found["perplexity_bucket"].to_pylist() == ["middle", "middle", "middle", "all"]


def test_the_formula_is_that_of_ccnet(tmp_path: Path) -> None:
    """Unigrams of a file: every line counts its words and its end."""
    path = tmp_path / "reference.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in ("a a a b", "a b\nc c")), encoding="utf-8")
    fitted = fit(sample(TEXTS), reference=str(path), order=1, seed=0)
    # a 4, b 2, c 2, end 3 of 11; discounts 1, 1, 1.5, 1.5 leave 5 / 11 to four words and the unseen one.
    share = {"a": 2.5 / 11 + 1 / 11, "c": 1 / 11 + 1 / 11, "end": 1.5 / 11 + 1 / 11, "new": 1 / 11}
    logs = [math.log10(share[name]) for name in ("a", "c", "end", "new", "end")]
    found = perplexity(batch("A c\n\nz"), min_characters=1, fitted=fitted)["perplexity"].to_pylist()
    assert found == [pytest.approx(10 ** (-sum(logs) / 5), rel=1e-6)]


def test_quantiles_are_taken_per_language() -> None:
    languages = ["en"] * 15 + ["de"] * 15 + [None] * 8 + ["fr"] * 2
    fitted = fit(sample(TEXTS, language=languages), seed=0)
    found = perplexity(batch(*TEXTS, language=languages), fitted=fitted)
    values, buckets = np.array(found["perplexity"].to_pylist()), np.array(found["perplexity_bucket"].to_pylist())
    assert fitted["languages"].tolist() == ["de", "en"]
    for rows in (slice(0, 15), slice(15, 30)):
        head, middle = np.percentile(values[rows], (30, 60))
        expected = ["head" if v < head else "middle" if v < middle else "tail" for v in values[rows]]
        assert buckets[rows].tolist() == expected
    assert set(buckets[30:]) == {"all"}


def test_a_corpus_that_says_no_language_has_buckets_too() -> None:
    found = perplexity(batch(*TEXTS), fitted=fit(sample(TEXTS), seed=0))["perplexity_bucket"].to_pylist()
    assert {name: found.count(name) for name in BUCKETS} == {"head": 12, "middle": 12, "tail": 16, "all": 0}


def test_to_have_been_drawn_changes_nothing() -> None:
    new = prose(77, 200, vocabulary=3000)
    with_it, without = fit(sample([*TEXTS, new]), seed=0), fit(sample(TEXTS), seed=0)
    assert scored([new], with_it) == scored([new], without)


def test_shuffled_words_and_new_words_surprise_more() -> None:
    sentence = "the old bridge crosses the wide river near the quiet mill"
    corpus = [f"{sentence} and {prose(i, 60)}\n{sentence}" for i in range(30)]
    fitted = fit(sample(corpus), seed=0)
    shuffled = "mill the near quiet the crosses wide old the bridge river"
    unheard = " ".join(f"unheard{i}" for i in range(11))
    plain, mixed, new = scored([f"{text} {'x' * 300}" for text in (sentence, shuffled, unheard)], fitted)
    assert plain is not None and mixed is not None and new is not None
    assert plain < mixed and plain < new


def test_short_documents_have_none() -> None:
    assert scored(["short", "", "\n" * 400, " ".join("a" * 150)], fit(sample(TEXTS), seed=0))[:3] == [None, None, None]


def test_a_fit_does_not_depend_on_the_order_of_rows() -> None:
    given = sample(TEXTS)
    first, second = (fit(drawn, seed=0) for drawn in (given, turned(given)))
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_a_score_does_not_depend_on_the_batch() -> None:
    fitted = fit(sample(TEXTS), seed=0)
    assert scored(TEXTS, fitted) == [scored([text], fitted)[0] for text in TEXTS]


@pytest.mark.parametrize(
    "settings", [{"order": 0}, {"percentiles": (60.0, 30.0)}, {"cutoffs": (2.0, 1.0)}, {"percentiles": (-1, 101)}]
)
def test_settings_out_of_range_are_refused(settings: dict[str, object]) -> None:
    unit = units.unit("score", "perplexity")
    with pytest.raises(RecipeError, match="perplexity"):
        probe(unit, unit.resolve(settings))
