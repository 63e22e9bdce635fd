from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.text.phrases import count_phrases, phrases
from tests.units.text.oracles import batch

WORDS = st.lists(st.sampled_from(["a", "b", "c", "A", ",", "."]), max_size=25)
PHRASES = st.lists(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=4), max_size=5)


@given(st.lists(WORDS, max_size=3), st.lists(PHRASES, max_size=4))
@settings(max_examples=200, deadline=None)
def test_phrases_are_those_of_a_search_for_each(texts: list[list[str]], classes: list[list[list[str]]]) -> None:
    known = phrases({str(i): [" ".join(phrase) for phrase in given] for i, given in enumerate(classes)})
    counts = count_phrases(batch(*map(" ".join, texts)), known)
    for row, words in enumerate(texts):
        folded = [word.casefold() for word in words]
        for column, given_phrases in enumerate(classes):
            distinct = {tuple(phrase) for phrase in given_phrases}
            expected = sum(
                tuple(folded[i : i + len(phrase)]) == phrase for phrase in distinct for i in range(len(folded))
            )
            assert counts[row, column] == expected


def test_more_than_64_classes_are_refused() -> None:
    import pytest

    with pytest.raises(ValueError, match="at most 64, got 65"):
        phrases({str(i): ["a"] for i in range(65)})
