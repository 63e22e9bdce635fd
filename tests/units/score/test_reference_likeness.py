"""Texts of a reference told from those of a corpus."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from schemas.errors import InputError, UnitError
from tasks.score._agreement import figures_of, refused
from tasks.score.reference_likeness import fit, reference_likeness
from tests.units.score.made import about, sample_of, shuffled
from tests.units.text.oracles import HOSTILE, batch


def written(folder: Path, texts: list[str], field: str = "text") -> str:
    path = folder / "reference.jsonl"
    path.write_text("".join(json.dumps({field: text}) + "\n" for text in texts), encoding="utf-8")
    return str(path)


def drawn(kind: str, count: int, seed: int, share: float = 0.15, words: int = 60) -> list[str]:
    random = np.random.default_rng(seed)
    return [about(kind, words, random, share) for _ in range(count)]


def figure(fitted: dict[str, Any], metric: str, source: str | None = None) -> float:
    rows = figures_of(fitted, 1, "reference_likeness").to_pylist()
    return next(r["value"] for r in rows if (r["metric"], r["part"], r["source"]) == (metric, None, source))


def test_a_text_like_the_reference_scores_high(tmp_path: Path) -> None:
    fitted = fit(sample_of(drawn("other", 200, 0), []), seed=1, positive=written(tmp_path, drawn("study", 100, 1)))
    found = reference_likeness(batch(*drawn("study", 50, 2), *drawn("other", 50, 3), *HOSTILE), fitted=fitted)
    assert found[:50].min() > 0.5 > found[50:100].max()
    assert found.min() >= 0 and found.max() <= 1
    assert refused(fitted) == {} and figure(fitted, "auc") > 0.99
    assert figure(fitted, "mean_predicted", "reference") > 0.9 > 0.1 > figure(fitted, "mean_predicted", "source 0")


@pytest.mark.parametrize("sizes", [(500, 500), (900, 200), (200, 900)])
def test_it_is_calibrated_as_if_there_were_as_many_of_both(tmp_path: Path, sizes: tuple[int, int]) -> None:
    """Four in five of the reference and one in five of the corpus are studies, whatever their numbers."""
    random = np.random.default_rng(sizes[0])

    def texts(count: int, share: float) -> list[str]:
        kinds = random.choice(["study", "other"], count, p=[share, 1 - share])
        return [about(str(kind), 40, random, 0.4) for kind in kinds]

    fitted = fit(sample_of(texts(sizes[1], 0.2), []), seed=1, positive=written(tmp_path, texts(sizes[0], 0.8)))
    fresh = batch(*drawn("study", 100, 5, 0.4, 40), *drawn("other", 100, 6, 0.4, 40))
    found = reference_likeness(fresh, fitted=fitted)
    assert found[:100].mean() == pytest.approx(0.8, abs=0.1)
    assert found[100:].mean() == pytest.approx(0.2, abs=0.1)
    assert figure(fitted, "calibration_error") < 0.15


def test_texts_of_both_count_once_and_as_reference(tmp_path: Path) -> None:
    """Were they of the corpus as well, half of the reference could not be told from it."""
    reference, corpus = drawn("study", 120, 0), drawn("other", 120, 1)
    fitted = fit(sample_of(corpus + reference, []), seed=1, positive=written(tmp_path, reference * 3))
    measured = next(r for r in figures_of(fitted, 1, "x").to_pylist() if r["metric"] == "auc")
    assert measured["value"] > 0.95 and measured["documents"] < 120


def test_a_reference_that_is_not_different_is_refused(tmp_path: Path) -> None:
    positive = written(tmp_path, drawn("study", 150, 0))
    corpus = sample_of(drawn("study", 150, 1), [])
    said = refused(fit(corpus, seed=1, positive=positive))
    assert list(said) == ["reference_likeness"] and said["reference_likeness"].startswith("auc on held-out labels is")
    assert refused(fit(corpus, seed=1, positive=positive, force=True)) == {}


def test_the_same_from_any_order_of_rows(tmp_path: Path) -> None:
    corpus, reference = sample_of(drawn("other", 80, 0), []), drawn("study", 80, 1)
    first = fit(corpus, seed=1, positive=written(tmp_path, reference))
    again = fit(shuffled(corpus, 1), seed=1, positive=written(tmp_path, reference[::-1]))
    assert all(np.array_equal(first[name], again[name]) for name in first)


def test_the_text_may_have_another_name(tmp_path: Path) -> None:
    corpus, reference = sample_of(drawn("other", 80, 0), []), drawn("study", 80, 1)
    named = fit(corpus, seed=1, positive=written(tmp_path, reference, "body"), text="body")
    assert np.array_equal(named["weights"], fit(corpus, seed=1, positive=written(tmp_path, reference))["weights"])


def test_too_small_a_reference_and_a_missing_one_are_refused(tmp_path: Path) -> None:
    corpus = sample_of(drawn("other", 80, 0), [])
    with pytest.raises(UnitError, match=r"reference texts held out; it needs 5 of each"):
        fit(corpus, seed=1, positive=written(tmp_path, drawn("study", 8, 1)))
    with pytest.raises(InputError):
        fit(corpus, seed=1, positive=str(tmp_path / "missing.jsonl"))
