"""N-grams: decisions of datatrove and janitor, and what was found against a plain Python oracle."""

import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import RecipeError
from tasks import units
from tasks.decontaminate._english import bare
from tasks.decontaminate._index import MOST_ITEMS
from tasks.decontaminate._words import words_of
from tasks.decontaminate.ngrams import index, ngrams
from tests.units.decontaminate.oracles import WORDS, batch, shares, table
from tests.units.decontaminate.planted import DECISIONS, digest, documents, items

NUMBERS = [f"{letter}{i}" for i, letter in enumerate("abcdefghijklmno")]


def found(texts: list[str], rows: list[tuple[str, list[str]]], **given) -> list[dict]:
    """The matches of texts with items."""
    asked = {"variant": given.get("variant", "plain"), "n": given.get("n")}
    fitted = index(table(rows), question_ngrams=given.get("question_ngrams"), **asked)
    return ngrams(batch(*texts), fitted=fitted, **asked).to_pylist()


# Parity


@pytest.mark.parametrize(
    ("stored_as", "asked"),
    [
        ("answers", {"variant": "datatrove"}),
        ("questions", {"variant": "datatrove", "question_ngrams": True}),
        ("janitor", {"variant": "janitor"}),
    ],
)
def test_decisions_are_those_of_the_tool(stored_as: str, asked: dict) -> None:
    table_of_items, stored = items(), json.loads(DECISIONS.read_text(encoding="utf-8"))
    texts = documents(table_of_items)
    assert digest(table_of_items, texts) == stored["digest"], "the stored decisions are about other texts"
    fitted = index(table_of_items, **asked)
    held = set(ngrams(batch(*texts), fitted=fitted, variant=asked["variant"])["document"].to_pylist())
    decided = "".join(".x"[i in held] for i in range(len(texts)))
    expected = stored[stored_as]
    assert decided == expected
    assert 50 < expected.count("x") < len(texts) - 50


def test_datatrove_looks_for_answers_by_default() -> None:
    rows = [(" ".join(NUMBERS), ["of it"])]
    assert not found([" ".join(NUMBERS)], rows, variant="datatrove")
    assert found([" ".join(NUMBERS)], rows, variant="datatrove", question_ngrams=True)
    assert found([" ".join(NUMBERS)], rows, variant="plain")
    assert not found([" ".join(NUMBERS)], rows, variant="plain", question_ngrams=False)


def test_a_short_answer_is_found_with_the_end_of_its_question_only() -> None:
    rows = [(" ".join(NUMBERS[:11]), ["B"])]
    fitted = index(table(rows), variant="datatrove")
    assert fitted["totals"].tolist() == [1]
    text = " ".join(NUMBERS[:11]) + " b"
    [match] = found([text], rows, variant="datatrove")
    assert match == {"document": 0, "item": 0, "start": 0, "stop": len(text), "overlap": 1.0}
    assert not found(["B", " ".join(NUMBERS[:11]) + " c", " ".join(NUMBERS[1:11]) + " b"], rows, variant="datatrove")


@pytest.mark.parametrize("gold", [["a b c"], ["a b c", "d e f"], []])
def test_items_too_short_to_be_found_have_nothing_in_the_index(gold: list[str]) -> None:
    assert index(table([("why", gold)]), variant="datatrove")["totals"].tolist() == [0]


def test_contractions_without_an_apostrophe_are_two_words() -> None:
    texts = batch("dont cannot theyre well", "Youllve 10km xdont")
    words = words_of(texts, "datatrove")
    spans = [bytes(texts.data[a:b]).decode() for a, b in zip(words.starts, words.stops, strict=True)]
    assert spans == ["do", "nt", "can", "not", "they", "re", "well", "You", "ll", "ve", "10", "km", "xdont"]
    assert {"dont", "youllve", "its", "well"} & set(bare()) == {"dont", "youllve"}


def test_janitor_finds_nothing_across_punctuation_alone() -> None:
    text = " ".join(NUMBERS)
    assert found([text.upper().replace(" ", ", ")], [(text, [])], variant="janitor")
    assert not found([text.replace("g6", "g6 -")], [(text, [])], variant="janitor")
    assert found([text], [(text.replace("g6", "g6 -"), [])], variant="janitor")


# Against an oracle

words = st.sampled_from(["a", "b", "B", "c", "c.", "-", "é", "東京", "don't", "10", "\n", "x,y"])
sentences = st.lists(words, max_size=12).map(" ".join)
rows_of_items = st.lists(st.tuples(sentences, st.lists(sentences, max_size=2)), min_size=1, max_size=5)


@given(
    texts=st.lists(sentences, min_size=1, max_size=4),
    rows=rows_of_items,
    n=st.integers(1, 5),
    variant=st.sampled_from(sorted(WORDS)),
    whole=st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_what_is_found_is_what_an_oracle_finds(texts, rows, n, variant, whole) -> None:
    matches = found(texts, rows, n=n, variant=variant, question_ngrams=whole)
    for i, text in enumerate(texts):
        mine = {match["item"]: match["overlap"] for match in matches if match["document"] == i}
        assert mine == pytest.approx(shares(text, rows, variant, n, whole))


@given(texts=st.lists(sentences, min_size=1, max_size=4), rows=rows_of_items, n=st.integers(1, 4))
@settings(max_examples=100, deadline=None)
def test_spans_hold_n_words_lie_apart_and_do_not_depend_on_the_batch(texts, rows, n) -> None:
    matches = found(texts, rows, n=n)
    whole, reached = batch(*texts), {}
    for match in matches:
        key = match["document"], match["item"]
        assert whole.offsets[key[0]] <= match["start"] < match["stop"] <= whole.offsets[key[0] + 1]
        assert match["start"] > reached.get(key, -1)
        reached[key] = match["stop"]
        inside = bytes(whole.data[match["start"] : match["stop"]]).decode()
        assert len(WORDS["plain"](inside)) >= n
        assert shares(inside, rows, "plain", n, True).get(match["item"])
    alone = [
        match | {"document": i, "start": match["start"] + whole.offsets[i], "stop": match["stop"] + whole.offsets[i]}
        for i, text in enumerate(texts)
        for match in found([text], rows, n=n)
    ]
    assert alone == matches


@pytest.mark.parametrize("variant", ["plain", "datatrove", "janitor"])
def test_a_document_with_a_whole_item_holds_all_of_it_and_one_with_nothing_has_no_row(variant) -> None:
    rows = [(" ".join(NUMBERS[i:] + NUMBERS[:i]), [f"the answer is {i}"]) for i in range(10)]
    texts = [f"before it {question} {answer}, and after" for question, [answer] in rows]
    matches = found([*texts, "nothing of " * 20], rows, variant=variant)
    whole = {(match["document"], match["item"]) for match in matches if match["overlap"] == 1.0}
    assert whole >= {(i, i) for i in range(10)}
    assert max(match["document"] for match in matches) < 10


def test_a_phrase_of_many_items_is_reported_for_the_first_of_them() -> None:
    prompt = " ".join(NUMBERS)
    rows = [(prompt + " " + " ".join(f"w{i}{k}" for k in range(5)), []) for i in range(50)]
    assert {match["item"] for match in found([prompt], rows)} == set(range(MOST_ITEMS))
    matches = found([rows[40][0]], rows)
    assert [match["overlap"] for match in matches if match["item"] == 40] == [1.0]


def test_a_length_below_one_is_refused() -> None:
    with pytest.raises(RecipeError, match="'n' of ngrams"):
        units.unit("decontaminate", "ngrams").resolve({"items": "a.jsonl", "n": 0})


def test_an_index_is_arrays_alone_and_the_same_for_the_same_items() -> None:
    first, second = (index(items(), variant="datatrove") for _ in range(2))
    assert all(np.array_equal(first[name], second[name]) and not first[name].dtype.hasobject for name in first)
    assert ngrams(batch(), fitted=first, variant="datatrove").num_rows == 0
    assert index(pa.Table.from_pylist([], schema=items().schema))["totals"].tolist() == []
