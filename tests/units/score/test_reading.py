"""Reading features and ease against plain Python and a published score."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.score.reading_ease import reading_ease
from tasks.score.reading_features import reading_features
from tests.units.text.oracles import HOSTILE, batch

SYLLABLES = {
    1: "the cat used asked prove strength eye a house tried brown chasm",
    2: "table being passage needed wanted purple hybrid mammal nation special into itself going creature ocean",
    3: "seemingly piano video radio social_ity",
    4: "television reptilian application",
}


def count(word: str) -> float:
    """Syllables of a word, from the ease of a text of that word alone."""
    return (206.835 - 1.015 - float(reading_ease(batch(word))[0])) / 84.6


@pytest.mark.parametrize("syllables", SYLLABLES)
def test_most_words_have_their_syllables(syllables: int) -> None:
    words = SYLLABLES[syllables].replace("_", "").split()
    right = [round(count(word)) == syllables for word in words]
    assert sum(right) >= 0.6 * len(words), dict(zip(words, right, strict=True))


def test_reading_ease_of_a_published_example() -> None:
    # 16 words, 23 syllables; en.wikipedia.org, "Flesch-Kincaid readability tests", gives 69.
    text = "This sentence, taken as a reading passage unto itself, is being used to prove a point."
    assert reading_ease(batch(text))[0] == pytest.approx(69, abs=0.5)


def test_contractions_are_one_word() -> None:
    together, apart = reading_ease(batch("They don't know it's late.", "They do know it late."))
    assert together == apart


def test_a_text_without_words_has_no_ease() -> None:
    assert reading_ease(batch("", "...", "12 34")).tolist() == [0, 0, 0]


WORDS = st.lists(st.sampled_from(["cat", "Cat", "dog", "12", "end.", "stop!", ",", "--"]), max_size=40)


@given(st.lists(WORDS, min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_features_are_those_of_plain_python(many: list[list[str]]) -> None:
    texts = [" ".join(words) for words in many]
    found = reading_features(batch(*texts))
    for row, text in enumerate(texts):
        sentences = [re.findall(r"\w+", piece) for piece in re.split(r"(?<=[.!])[ ,-]*", text)]
        lengths = [len(words) for words in sentences if words]
        words = [word.casefold() for sentence in sentences for word in sentence]
        assert found["sentence_length_mean"][row] == pytest.approx(np.mean(lengths) if lengths else 0)
        assert found["sentence_length_variance"][row] == pytest.approx(np.var(lengths) if lengths else 0, abs=1e-9)
        assert found["type_token_ratio"][row] == pytest.approx(len(set(words)) / len(words) if words else 0)


def test_hostile_texts_have_finite_values() -> None:
    found = {**reading_features(batch(*HOSTILE)), "ease": reading_ease(batch(*HOSTILE))}
    assert all(np.isfinite(values).all() for values in found.values())
    assert (found["sentence_length_variance"] >= 0).all()
