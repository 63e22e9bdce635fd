"""The normal form of words against CCNet's own normaliser, which was run on the texts in ccnet.json."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.text.normal import END, normal, normal_lines
from tests.units.text.oracles import HOSTILE, batch, hash_word

CCNET = json.loads((Path(__file__).parent / "ccnet.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("text", CCNET)
def test_it_is_what_ccnet_makes_of_a_line(text: str) -> None:
    # str.lower turns a final sigma into a letter of its own; character by character there is one small sigma.
    assert normal(text.strip()) == CCNET[text].replace("ς", "σ")


def expected(text: str) -> list[int]:
    """The words of each line by their normal form, by the slow way."""
    given, tokens, before = batch(text), [], None
    for i in range(len(given.words)):
        start = int(given.words.starts[i])
        if before is not None and b"\n" in bytes(given.data[before:start]) and tokens and tokens[-1] != int(END):
            tokens.append(int(END))
        before = int(given.words.stops[i])
        word = normal(given.word(i)).replace(" ", "")
        tokens += [hash_word(word)] if word else []
    return tokens + ([int(END)] if tokens and tokens[-1] != int(END) else [])


@given(st.one_of(st.text(max_size=80), st.sampled_from([*HOSTILE, *CCNET, "a\n\n \nb\tc\n\x01\nd"])))
def test_words_are_hashed_in_their_normal_form(text: str) -> None:
    tokens, lines, offsets = normal_lines(batch(text))
    assert tokens.tolist() == expected(text)
    assert offsets.tolist() == [0, len(tokens)]
    ends = [i + 1 for i, token in enumerate(tokens.tolist()) if token == int(END)]
    assert lines.tolist() == [0, *ends]


def test_lines_without_a_word_are_none() -> None:
    _, lines, _ = normal_lines(batch("one two\n\n \n three\n"))
    assert lines.tolist() == [0, 3, 5]


def test_every_character_has_one_form_or_none() -> None:
    assert normal("①") == "①" and normal("\u0301\x00") == "" and re.fullmatch("0+", normal("１२٣४"))
