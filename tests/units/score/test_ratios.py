"""Ratios of characters and of layout against the filters of NeMo Curator; see ``ratios``."""

import json
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.score.character_ratios import character_ratios
from tasks.score.layout_ratios import layout_ratios
from tasks.score.spaced_word_statistics import spaced_word_statistics
from tasks.text.batch import TextBatch
from tests.units.score.ratios import texts
from tests.units.text.oracles import HOSTILE, batch

EXPECTED = json.loads(Path(__file__).with_name("ratios.json").read_text(encoding="utf-8"))
ADDRESS = re.compile(r"https?://(?:[A-Za-z0-9$\-_@.&+/:=?#~]|[!*\(\),]|(?:%[0-9A-Fa-f]{2}))+")


def ours() -> dict[str, np.ndarray]:
    found = TextBatch(pa.array(texts().values(), pa.large_string()))
    return character_ratios(found) | layout_ratios(found) | spaced_word_statistics(found)


def differs_by_intent(score: str, text: str) -> bool:
    if score == "policy_paragraph_share":
        # Paragraphs are cut at every pair of line feeds there, and one filler text fills a document.
        return "\n\n" in text or "lorem ipsum" in text
    if score == "alpha_spaced_word_share":
        return "Ⅷ" in text  # a number of Unicode's, but alphabetic
    if score.endswith("line_share") or score == "unique_line_character_share":
        return re.search("[\u2028\u0085\x0b\x0c\x1c-\x1f]", text) is not None
    return False


def test_scores_have_the_values_that_the_filters_compare() -> None:
    scores = {score for values in EXPECTED.values() for score in values}
    found = ours()
    wrong = {
        (name, score): (float(found[score][row]), EXPECTED[name].get(score, 0))
        for row, (name, text) in enumerate(texts().items())
        for score in scores
        if float(found[score][row]) != pytest.approx(EXPECTED[name].get(score, 0), abs=2e-6)
        and not differs_by_intent(score, text)
    }
    assert not wrong and len(scores) == 14


@given(st.lists(st.text("htps:/%2aF é<) .", max_size=30).map(lambda text: text.replace("h", "http://")), max_size=4))
def test_addresses_are_those_of_the_expression(many: list[str]) -> None:
    many = [*many, *HOSTILE, "https://a http://b%2 xhttp://c%20d", "http://http://", "https", "://", "hhttps://x"]
    expected = [sum(map(len, ADDRESS.findall(text))) / max(len(text), 1) for text in many]
    assert character_ratios(batch(*many))["address_share"].tolist() == pytest.approx(expected)


def test_counts_of_long_texts_do_not_run_over() -> None:
    text = "(" * 5000 + " " * 5000 + "é⟩" * 500
    found = character_ratios(batch(text))
    assert found["bracket_share"][0] == pytest.approx(5500 / 11_000)
    assert found["blank_share"][0] == pytest.approx(5000 / 11_000)
    assert found["non_ascii_share"][0] == pytest.approx(1000 / 11_000)


def test_boilerplate_paragraphs() -> None:
    found = layout_ratios(batch("Use Cookies\n\nuse cookies, use cookies\n\nText.\n\nLorem Ipsum", "", "use cookies"))
    assert found["policy_paragraph_share"].tolist() == [0.5, 0, 1]
    assert found["filler_paragraph_share"].tolist() == [0.25, 0, 0]
    assert found["unique_line_share"].tolist() == [1, 1, 1]
