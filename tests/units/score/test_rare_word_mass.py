"""Rare words against counts by hand."""

from collections import Counter

import numpy as np
import pytest

from schemas.errors import RecipeError
from tasks import units
from tasks.score.rare_word_mass import fit, rare_word_mass
from tests.units.score.drawn import batch, prose, sample, turned

CORPUS = [" ".join(["common"] * 60 + ["often"] * 30 + ["some"] * 6), "seldom seldom once twice"]


def scored(texts: list[str], **settings: float) -> tuple[list[float | None], list[float | None]]:
    found = rare_word_mass(batch(*texts), fitted=fit(sample(CORPUS), seed=0, **settings))  # type: ignore[arg-type]
    return found["rare_word_mass"].to_pylist(), found["tail_word_mass"].to_pylist()


def test_words_outside_the_top_are_rare() -> None:
    texts = ["common often", "Common some seldom seldom", "unheard of", "often, often; often unheard", "!?"]
    rare, _ = scored(texts, top=2)
    assert rare == [0.0, 0.75, 1.0, 0.25, None]


def test_the_tail_is_the_least_frequent_mass() -> None:
    # 100 words; common and often make up 90 of them, some 6 more, seldom 2, the rest 1 each.
    _, tail = scored(["common often some", "some seldom", "once twice", "unheard"], tail=0.1)
    assert tail == [pytest.approx(1 / 3), 1.0, 1.0, 1.0]
    _, tail = scored(["common often some", "some seldom", "once twice", "unheard"], tail=0.02)
    assert tail == [0.0, 0.0, 1.0, 1.0]


def test_over_a_corpus_the_shares_are_those_of_its_counts() -> None:
    texts = [prose(i, 300) for i in range(20)]
    counts = Counter(" ".join(texts).split())
    top = {word for word, _ in counts.most_common(50)}
    found = rare_word_mass(batch(" ".join(texts)), fitted=fit(sample(texts), top=50, tail=0.2, seed=0))
    expected = sum(count for word, count in counts.items() if word not in top) / 6000
    # Of words of the same count at the edge of the top, any may be in it.
    assert found["rare_word_mass"][0].as_py() == pytest.approx(expected)
    assert 0.2 - max(counts.values()) / 6000 <= found["tail_word_mass"][0].as_py() <= 0.2


def test_a_fit_does_not_depend_on_the_order_of_rows() -> None:
    given = sample([prose(i, 50 + i) for i in range(30)])
    first, second = (fit(drawn, top=40, seed=0) for drawn in (given, turned(given)))
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_repeating_a_text_changes_nothing() -> None:
    once, five = "some often seldom new", "some often seldom new " * 5
    assert scored([once], top=2) == scored([five], top=2)


def test_an_empty_sample_makes_every_word_rare() -> None:
    found = rare_word_mass(batch("a b"), fitted=fit(sample([]), seed=0))
    assert found["rare_word_mass"].to_pylist() == [1.0]


@pytest.mark.parametrize("settings", [{"top": 0}, {"tail": 0.0}, {"tail": 1.0}])
def test_settings_out_of_range_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(RecipeError, match="rare_word_mass"):
        units.unit("score", "rare_word_mass").resolve(settings)
