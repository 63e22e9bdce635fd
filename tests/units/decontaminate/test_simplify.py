"""The simplified text against the same rules in plain Python, for any text."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.decontaminate._simplify import simplification, simplify
from tests.units.decontaminate.oracles import batch, simplified
from tests.units.decontaminate.planted import ODD

characters = st.characters(exclude_categories=("Cs", "Cn"), exclude_characters="\U0001d165\U0001d16d\U0001d166")
hard = st.sampled_from([*"ΣσςΑα'\u0345\u02b01٣.,٫é\u0301한İß１ \u2028\u1e9b\u0323ﬁ\u0f77"])


def of(*texts: str) -> tuple[list[str], list[list[int]]]:
    """The simplified texts with single spaces, and where each of their bytes comes from."""
    given, tables = batch(*texts), simplification()
    data, offsets, origins = simplify(given.data, given.offsets, tables.kinds, tables.firsts, tables.pool)
    spans = [(offsets[i], offsets[i + 1]) for i in range(len(texts))]
    found = [bytes(data[a:b]).decode() for a, b in spans]
    return found, [(origins[a:b] - given.offsets[i]).tolist() for i, (a, b) in enumerate(spans)]


@given(st.lists(st.lists(characters | hard, max_size=40).map("".join), max_size=4))
@example(["ΟΔΟΣ ΟΔΟΣ. ΟΔΟ\u0301Σ Σ Σα ΑΣ'Α ΑΣ\u02b0"])
@example(["1,234,567.89 1. 2 ٣٫٤ 1,,2 १.५"])
@settings(max_examples=400, deadline=None)
def test_texts_are_simplified_as_in_plain_python(texts: list[str]) -> None:
    found, origins = of(*texts)
    for text, simple, places in zip(texts, found, origins, strict=True):
        assert simple.split() == simplified(text).split()
        assert places == sorted(places)
        assert all(0 <= place < len(text.encode()) for place in places)


@pytest.mark.parametrize("word", ODD.split())
def test_odd_words_are_simplified_as_in_plain_python(word: str) -> None:
    assert of(word)[0][0].split() == simplified(word).split()


def test_bytes_come_from_their_characters() -> None:
    [found], [places] = of("É 12.5가b")
    assert found == "e 0\u1100\u1161b"
    assert places == [0, 2, 3] + [7] * 6 + [10]
