"""Importance weights against the reference implementation: p-lambda/dsir was run on the texts in importance.json."""

import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import RecipeError
from tasks import units
from tasks.score.importance import fit, importance
from tasks.text.punctuated import bucketed
from tasks.text.sha256 import digest
from tests.units.score.drawn import batch, prose, sample, turned

KNOWN = json.loads((Path(__file__).parent / "importance.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("target") / "target.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in KNOWN["target"]), encoding="utf-8")
    return str(path)


def scored(texts: list[str], fitted: dict[str, np.ndarray], **settings: Any) -> list[list[float | None]]:
    found = importance(batch(*texts), fitted=fitted, **settings)
    return [found[name].to_pylist() for name in ("importance", "importance_per_word")]


@pytest.mark.parametrize(
    ("run", "settings"), [("plain", {}), ("smoothed", {"ngram": 3, "buckets": 1000, "smoothing": 1.0})]
)
def test_it_is_what_the_reference_implementation_finds(target: str, run: str, settings: dict[str, Any]) -> None:
    fitted = fit(sample(KNOWN["raw"]), target=target, hashing="sha256", seed=0, **settings)
    ngram = settings.get("ngram", 2)
    every, _ = scored(KNOWN["raw"], fitted, hashing="sha256", ngram=ngram, min_words=0)
    kept, per_word = scored(KNOWN["raw"], fitted, hashing="sha256", ngram=ngram)
    for row, value in enumerate(KNOWN[run]["log_importance"]):
        words = len(re.findall(r"\w+|[^\w\s]+", KNOWN["raw"][row].lower()))
        assert every[row] == (pytest.approx(value, abs=1e-9) if words else None)
        assert kept[row] == (pytest.approx(value, abs=1e-9) if words >= 100 else None)
        assert per_word[row] == (pytest.approx(value / words, abs=1e-9) if words >= 100 else None)
        if len(KNOWN["raw"][row]) > 20:
            assert KNOWN[run]["kept"][row] == (words >= 100)


def bucket(text: str, buckets: int) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest(), 16) % buckets


@given(st.lists(st.text(max_size=60), max_size=4), st.integers(1, 3), st.sampled_from([1, 97, 10_000, 2**31 - 1]))
def test_buckets_of_any_text_are_those_of_the_definition(texts: list[str], ngram: int, buckets: int) -> None:
    found, offsets, words = bucketed(batch(*texts), ngram, buckets, True)
    for row, text in enumerate(texts):
        pieces = re.findall(r"\w+|[^\w\s]+", text.lower())
        grams = [" ".join(pieces[i : i + n]) for n in range(1, ngram + 1) for i in range(len(pieces) - n + 1)]
        assert words[row] == len(pieces)
        assert found[offsets[row] : offsets[row + 1]].tolist() == [bucket(gram, buckets) for gram in grams]


@given(st.binary(max_size=200))
def test_the_digest_is_that_of_hashlib(message: bytes) -> None:
    words = digest(np.frombuffer(message, np.uint8))
    assert b"".join(int(word).to_bytes(4, "big") for word in words) == hashlib.sha256(message).digest()


@cache
def fast(target: str) -> dict[str, np.ndarray]:
    return fit(sample(KNOWN["raw"]), target=target, seed=0)


def test_the_fast_hash_spreads_evenly_and_ranks_alike(target: str) -> None:
    found, _, _ = bucketed(batch(" ".join(f"word{i}" for i in range(100_000))), 1, 1000, False)
    counts = np.bincount(found, minlength=1000)
    assert 0.8 < ((counts - 100) ** 2).sum() / 100 / 999 < 1.2  # chi-squared over its degrees of freedom
    ours = [value for value in scored(KNOWN["raw"], fast(target))[0] if value is not None]
    theirs = [v for v, k in zip(KNOWN["plain"]["log_importance"], KNOWN["plain"]["kept"], strict=True) if k]
    assert np.corrcoef(ours, theirs)[0, 1] > 0.95


def test_what_resembles_the_target_weighs_more(target: str) -> None:
    _, per_word = scored([*KNOWN["target"], prose(1, 200)], fast(target))
    assert min(value for value in per_word[:-1] if value is not None) > per_word[-1]  # type: ignore[operator]


def test_repeating_a_text_adds_no_more_than_the_joints(target: str) -> None:
    text, fitted = prose(3, 150) + " ", fast(target)
    once, five = (scored([text * times], fitted)[1][0] for times in (1, 5))
    assert once is not None and five is not None
    assert abs(five - once) <= 4 / (5 * 150) * np.abs(fitted["weights"]).max() + 1e-12


def test_a_fit_does_not_depend_on_the_order_of_rows(target: str) -> None:
    given = sample(KNOWN["raw"])
    first, second = (fit(drawn, target=target, seed=0)["weights"] for drawn in (given, turned(given)))
    assert np.array_equal(first, second)


def test_a_score_does_not_depend_on_the_batch(target: str) -> None:
    for hashing in ("fast", "sha256"):
        together = scored(KNOWN["raw"], fast(target), hashing=hashing)[0]
        assert together == [scored([text], fast(target), hashing=hashing)[0][0] for text in KNOWN["raw"]]


@pytest.mark.parametrize("settings", [{"ngram": 0}, {"buckets": 0}, {"buckets": 2**31}, {"smoothing": -1.0}])
def test_settings_out_of_range_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(RecipeError, match=f"{next(iter(settings))}' of importance"):
        units.unit("score", "importance").resolve({"target": "a.jsonl", **settings})
