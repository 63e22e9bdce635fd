import itertools
import math
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import RecipeError
from tasks import units
from tasks.probe import probe
from tasks.score.coherence import coherence
from tests.units.filter.passages import ALICE, GETTYSBURG
from tests.units.text.oracles import batch


def plain(words: list[str], window: int, ngram: int) -> list[float]:
    """The similarities of neighboring windows, with a counter in place of buckets."""
    count = len(words) // window + (2 * (len(words) % window) >= window)
    windows = [words[i * window : (i + 1) * window if i < count - 1 else None] for i in range(count)]
    grams = [Counter(tuple(w[i : i + ngram]) for i in range(len(w) - ngram + 1)) for w in windows]
    return [
        sum(math.sqrt(left[g] * right[g]) for g in right) / math.sqrt(left.total() * right.total())
        for left, right in itertools.pairwise(grams)
    ]


@given(st.lists(st.lists(st.sampled_from("abcdefg"), max_size=60), min_size=1, max_size=3), st.integers(4, 11))
@settings(max_examples=150, deadline=None)
def test_windows_are_compared_as_plain_python_does(many: list[list[str]], window: int) -> None:
    for ngram in (1, 2):
        found = coherence(batch(*map(" ".join, many)), window=window, ngram=ngram)
        for row, words in enumerate(many):
            expected = plain(words, window, ngram)
            mean, lowest = found["coherence"][row].as_py(), found["coherence_lowest"][row].as_py()
            if not expected:
                assert mean is None and lowest is None
            else:
                assert mean == pytest.approx(sum(expected) / len(expected)) and lowest == pytest.approx(min(expected))


def test_shuffled_words_cohere_less_and_a_break_shows() -> None:
    text = f"{ALICE} " * 2
    words = text.split()
    random.Random(0).shuffle(words)
    ordered, shuffled = coherence(batch(text, " ".join(words)), window=60)["coherence"].to_pylist()
    assert ordered > shuffled
    mixed = coherence(batch("one two three four " * 50, "one two three four " * 25 + GETTYSBURG), window=50)
    assert mixed["coherence_lowest"][0].as_py() > 0.9 > 0.1 > mixed["coherence_lowest"][1].as_py()


def test_windows_too_short_for_the_ngrams_are_refused() -> None:
    unit = units.unit("score", "coherence")
    with pytest.raises(RecipeError, match="got 2 and 3"):
        probe(unit, unit.resolve({"window": 3, "ngram": 2}))
