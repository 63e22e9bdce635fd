"""The slope of rank and frequency against the published readings and a fit by NumPy."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import RecipeError
from tasks import units
from tasks.score.zipf_coefficient import zipf_coefficient
from tests.units.score.drawn import batch, prose


def scored(*texts: str, window: int = 256) -> list[float | None]:
    return zipf_coefficient(batch(*texts), window=window).to_pylist()


def fitted(words: list[str]) -> float:
    """The slope by NumPy."""
    counts = sorted(Counter(words).values(), reverse=True)
    if len(set(counts)) == 1:
        return 0.0
    return -float(np.polyfit(np.log(range(1, len(counts) + 1)), np.log(counts), 1)[0])


def test_golden_values() -> None:
    assert scored("a " * 8 + "b " * 4 + "c " * 2 + "d", window=15) == [pytest.approx(1.45902, abs=5e-6)]
    assert scored("a b c d e f g h", "a a a a b b b b", "a a a a a a a a", window=8) == [0.0, 0.0, 0.0]


@given(st.lists(st.sampled_from("abcdefgh"), min_size=12, max_size=40))
def test_it_is_the_mean_of_least_squares_over_windows(words: list[str]) -> None:
    windows = [words[i : i + 12] for i in range(0, len(words) - 11, 12)]
    expected = sum(map(fitted, windows)) / len(windows)
    assert scored(" ".join(words), window=12) == [pytest.approx(expected, abs=1e-9)]


@given(st.integers(1, 300), st.integers(0, 5))
def test_what_is_left_after_the_last_window_does_not_count(more: int, seed: int) -> None:
    text = prose(seed, 512)
    longer = text + " " + " ".join(prose(seed + 9, more).split()[: min(more, 255)])
    assert scored(text) == scored(longer)


def test_a_document_without_a_window_has_none() -> None:
    assert scored("", "... !", prose(1, 255), prose(1, 256)) == [
        None,
        None,
        None,
        pytest.approx(fitted(prose(1, 256).split())),
    ]


def test_symbols_are_no_words_and_case_does_not_matter() -> None:
    assert scored("A a, a (a) B b! C", window=7) == scored("a a a a b b c", window=7)


def test_more_rare_words_make_it_lower() -> None:
    flat, steep = prose(1, 256, vocabulary=4000), prose(1, 256, vocabulary=30)
    assert scored(flat)[0] < scored(steep)[0]


def test_it_does_not_depend_on_the_batch() -> None:
    texts = [prose(i, 200 + 100 * i) for i in range(6)] + ["", "x"]
    assert scored(*texts) == [scored(text)[0] for text in texts]


def test_a_window_of_one_word_is_refused() -> None:
    with pytest.raises(RecipeError, match="got 1"):
        units.unit("score", "zipf_coefficient").resolve({"window": 1})


def test_the_golden_slope_is_that_of_the_formula() -> None:
    assert fitted(["a"] * 8 + ["b"] * 4 + ["c"] * 2 + ["d"]) == pytest.approx(1.45902, abs=5e-6)
    assert math.isclose(fitted(list("abcdefgh")), 0)
