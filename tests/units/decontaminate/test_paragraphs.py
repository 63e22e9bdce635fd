"""Whole paragraphs: found word for word, and only those."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import RecipeError
from tasks import units
from tasks.decontaminate.paragraphs import index, paragraphs
from tests.units.decontaminate.oracles import batch, plain, table

THIRTEEN = "one two three four five six seven eight nine ten eleven twelve thirteen"
lines = st.lists(st.sampled_from(["a b c", "a b c ", "d e", "-- - ...", "f g h i", "", "東京 です"]), max_size=6)


def found(texts: list[str], rows: list[tuple[str, list[str]]], min_words: int = 13) -> list[dict]:
    """The matches of texts with items."""
    return paragraphs(batch(*texts), fitted=index(table(rows), min_words=min_words)).to_pylist()


def test_a_paragraph_is_found_as_it_is_and_no_other() -> None:
    rows = [(f"{THIRTEEN}\nshort", [f"{THIRTEEN}!"])]
    [match] = found([f"before\n{THIRTEEN}\nafter"], rows)
    assert match == {"document": 0, "item": 0, "start": 7, "stop": 7 + len(THIRTEEN), "overlap": 0.5}
    assert [match["overlap"] for match in found([f"{THIRTEEN}!\n{THIRTEEN}"], rows)] == [1.0, 1.0]
    assert not found(["short", THIRTEEN.upper(), f" {THIRTEEN}", THIRTEEN + " ", THIRTEEN + "\r\n", ""], rows)


def test_words_of_symbols_do_not_make_a_paragraph_long() -> None:
    assert not index(table([(THIRTEEN.replace("one", "--"), [])]))["totals"].any()
    assert index(table([(THIRTEEN.replace("one", "-- 1"), [])]))["totals"].all()


@given(texts=st.lists(lines.map("\n".join), max_size=3), rows=st.lists(lines.map("\n".join), min_size=1, max_size=4))
@settings(max_examples=200, deadline=None)
def test_what_is_found_is_what_an_oracle_finds(texts: list[str], rows: list[str]) -> None:
    sought = [{line for line in row.split("\n") if len(plain(line)) >= 3} for row in rows]
    matches = found(texts, [(row, []) for row in rows], min_words=3)
    for i, text in enumerate(texts):
        held = set(text.split("\n"))
        expected = {k: len(mine & held) / len(mine) for k, mine in enumerate(sought) if mine & held}
        assert {match["item"]: match["overlap"] for match in matches if match["document"] == i} == expected
        spans = [(match["start"], match["stop"]) for match in matches if match["document"] == i]
        assert {bytes(batch(*texts).data[a:b]).decode() for a, b in spans} == {
            line for mine in sought for line in mine & held
        }


def test_a_length_below_one_is_refused() -> None:
    with pytest.raises(RecipeError, match="'min_words' of paragraphs"):
        units.unit("decontaminate", "paragraphs").resolve({"items": "a.jsonl", "min_words": 0})
