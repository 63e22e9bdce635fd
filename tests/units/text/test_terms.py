"""The automaton against a search for each term by itself."""

import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.errors import UnitError
from tasks.text.batch import TextBatch
from tasks.text.folding import fold
from tasks.text.terms import automaton, count_terms, find_terms
from tests.units.text.oracles import HOSTILE, batch

LETTERS = st.text("abAB é性の_ 1.", max_size=60)
TERMS = st.lists(st.text("abé性 1.", min_size=1, max_size=9), max_size=8)


def wordy(character: str) -> bool:
    return character == "_" or unicodedata.category(character)[0] in "LMN"


def dense(character: str) -> bool:
    return character in "性の"


def places(text: str, terms: set[str], whole_words: bool, longest: bool) -> list[tuple[int, int, str]]:
    """Every (start, stop, term) in characters of the folded text."""
    text = fold(text)
    found = [
        (start, start + len(term), term)
        for term in terms
        for start in range(len(text) - len(term) + 1)
        if text.startswith(term, start)
    ]
    if whole_words:
        found = [
            (start, stop, term)
            for start, stop, term in found
            if (start == 0 or dense(term[0]) or not wordy(text[start - 1]))
            and (stop == len(text) or dense(term[-1]) or not wordy(text[stop]))
        ]
    if longest:
        found = [f for f in found if not any(o != f and o[0] <= f[0] and f[1] <= o[1] for o in found)]
    return sorted(found)


@given(st.lists(LETTERS, max_size=3), TERMS, st.booleans(), st.booleans())
@example(["abababab", "a" * 40], ["a", "ab", "aba", "abababa", "bababab"], False, False)
@example(["xabcdefg abcdefx"], ["abcdefg", "cdefx", "efx", "b"], False, True)
@settings(max_examples=400, deadline=None)
def test_terms_are_those_of_a_search_for_each(
    texts: list[str], terms: list[str], whole_words: bool, longest: bool
) -> None:
    made = automaton(terms)
    folded = {fold(term) for term in terms}
    assert set(made.names) == folded
    distinct, total = count_terms(batch(*texts), made, whole_words=whole_words, longest=longest)
    expected = [places(text, folded, whole_words, longest) for text in texts]
    assert total.tolist() == [len(found) for found in expected]
    assert distinct.tolist() == [len({term for *_, term in found}) for found in expected]


@given(st.lists(LETTERS, max_size=3), TERMS, st.booleans())
@settings(max_examples=150, deadline=None)
def test_places_are_bytes_of_the_batch(texts: list[str], terms: list[str], longest: bool) -> None:
    made, texts = automaton(terms), [unicodedata.normalize("NFC", text) for text in texts]
    whole = TextBatch(pa.array(["before", *texts], pa.large_string()).slice(1))
    found = find_terms(whole, made, longest=longest)
    spans = [
        (int(document), fold(bytes(whole.data[start:stop]).decode()), made.names[term])
        for document, start, stop, term in zip(*found, strict=True)
    ]
    assert all(text == term for _, text, term in spans)
    expected = [(i, term) for i, text in enumerate(texts) for *_, term in places(text, set(made.names), False, longest)]
    assert sorted((document, term) for document, _, term in spans) == sorted(expected)


def test_more_places_than_there_is_room_for() -> None:
    text, made = "ab" * 5000, automaton(["a", "ab", "b"])
    assert len(find_terms(batch("b", text, "a"), made).starts) == 1 + 15_000 + 1
    assert count_terms(batch(text), made, longest=True)[1].tolist() == [5000]


@pytest.mark.parametrize("term", ["Straße", "ΣΊΣΥΦΟΣ", "naïve", "İ", "K", "ǅ", "𐐀", "한국", "ﬁ"])
def test_case_and_composition_do_not_matter(term: str) -> None:
    made = automaton([term, unicodedata.normalize("NFD", term)])
    assert len(made.names) == 1
    texts = [term, unicodedata.normalize("NFD", term), f"x {term}.", "none"]
    assert count_terms(batch(*texts), made, whole_words=True)[0].tolist() == [1, 1, 1, 0]
    assert fold(term.lower()) == fold(term) or term in ("İ", "Straße")


def test_no_terms_and_hostile_texts() -> None:
    for terms in ([], [""], ["\n"], ["."], list(HOSTILE[5:])):
        distinct, total = count_terms(batch(*HOSTILE), automaton(terms))
        expected = [places(text, {fold(term) for term in terms} - {""}, False, False) for text in HOSTILE]
        assert total.tolist() == [len(found) for found in expected]
        assert np.all(distinct <= total)


def test_too_many_terms_are_refused() -> None:
    with pytest.raises(UnitError, match="too many"):
        automaton([chr(97 + i % 26) * 500_000 + chr(i) for i in range(100, 150)])
