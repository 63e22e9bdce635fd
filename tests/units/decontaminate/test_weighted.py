"""Weighted overlap: its clusters against a plain Python oracle, its limits and its answers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import RecipeError
from tasks import units
from tasks.decontaminate.weighted import index, weighted
from tests.units.decontaminate.oracles import batch, clusters, plain, table

QUESTION = " ".join(f"w{i}" for i in range(60))
ANYTHING = {"limit": 0.0, "short": 0, "long": 0, "answer_limit": 0.0}


def found(texts: list[str], rows: list[tuple[str, list[str]]], **given) -> list[dict]:
    """The matches of texts with items."""
    asked = {name: given[name] for name in ("n", "stride") if name in given}
    return weighted(batch(*texts), fitted=index(table(rows), **asked), **given).to_pylist()


def changed(text: str, *places: int) -> str:
    """The text with the words at these places replaced by others."""
    return " ".join("zzz" if i in places else word for i, word in enumerate(text.split()))


words = st.sampled_from(list("abcdefgh"))
sentences = st.lists(words, max_size=30).map(" ".join)


@given(
    texts=st.lists(sentences, min_size=1, max_size=3),
    rows=st.lists(sentences, min_size=1, max_size=6),
    planted=st.integers(0, 5),
    n=st.integers(1, 4),
    stride=st.integers(1, 5),
    misses=st.integers(1, 6),
)
@settings(max_examples=100, deadline=None)
def test_clusters_are_those_of_an_oracle(texts, rows, planted, n, stride, misses) -> None:
    items, texts = [(row, []) for row in rows], [*texts, texts[0] + " " + rows[planted % len(rows)] + " " + texts[-1]]
    matches = found(texts, items, n=n, stride=stride, misses=misses, **ANYTHING)
    whole = batch(*texts)
    for i, text in enumerate(texts):
        starts = whole.words.starts[whole.words.offsets[i] : whole.words.offsets[i + 1]].tolist()
        stops = whole.words.stops[whole.words.offsets[i] : whole.words.offsets[i + 1]].tolist()
        mine = {
            (m["item"], starts.index(m["start"]), stops.index(m["stop"]) + 1, round(m["overlap"], 9))
            for m in matches
            if m["document"] == i
        }
        assert mine == clusters(text, items, n, stride, misses)


@given(rows=st.lists(st.lists(words, min_size=14, max_size=40).map(" ".join), min_size=1, max_size=5), lead=sentences)
@settings(max_examples=40, deadline=None)
def test_a_document_with_a_whole_question_holds_all_of_it(rows: list[str], lead: str) -> None:
    for i, row in enumerate(rows):
        if len(set(plain(row))) >= 4:
            matches = found([f"{lead} {row} {lead}"], [(each, []) for each in rows])
            assert 1.0 in [m["overlap"] for m in matches if m["item"] == i]


def test_a_long_question_may_be_changed_in_places_and_a_short_one_may_not() -> None:
    long, short = (QUESTION, []), (" ".join(QUESTION.split()[:20]), [])
    assert found([QUESTION], [long])[0]["overlap"] == 1.0
    [match] = found([changed(QUESTION, 30)], [long])
    assert match["overlap"] == pytest.approx(51 / 56)
    assert not found([changed(QUESTION, 10, 30, 50)], [long])
    assert found([changed(QUESTION, 10, 30, 50)], [long], limit=0.7)
    assert found([short[0]], [short]) and not found([changed(short[0], 0)], [short])


def test_rare_ngrams_weigh_more() -> None:
    prompt, rare = (" ".join(f"{letter}{i}" for i in range(30)) for letter in "pr")
    others = [(prompt + " " + " ".join(f"o{k}x{i}" for i in range(30)), []) for k in range(9)]
    item = (prompt + " " + rare, [])
    overlap = {
        text: max(m["overlap"] for m in found([text], [item, *others], **ANYTHING) if m["item"] == 0)
        for text in (prompt, rare)
    }
    assert overlap[prompt] < 0.1 and overlap[rare] > 0.8


@pytest.mark.parametrize(
    ("answer", "text", "is_found"),
    [
        ("42 apples", f"{QUESTION} it is 42 Apples.", True),
        ("42 apples", f"{QUESTION} it is 42 red apples.", False),
        ("42", QUESTION + " and" * 49 + " 42", True),
        ("42", QUESTION + " and" * 50 + " 42", False),
        ("42", f"42 {QUESTION}", True),
        ("the answer is on the table", f"{QUESTION} the answer is on the table", True),
        ("the answer is on the table", f"{QUESTION} the table is on the answer", False),
        ("...", QUESTION, True),
    ],
)
def test_the_answer_must_be_near(answer: str, text: str, is_found: bool) -> None:
    assert bool(found([text], [(QUESTION, [answer])])) == is_found
    assert found([text], [(QUESTION, [])]), "without an answer to look for, the question is enough"
    assert bool(found([text], [(QUESTION, ["zzz", answer])])) == (is_found and answer != "...")


def test_a_question_that_a_probe_could_miss_is_not_looked_for() -> None:
    rows = [(" ".join(QUESTION.split()[:13]), []), (" ".join(QUESTION.split()[:14]), []), ("a b " * 10, [])]
    assert (index(table(rows))["totals"] > 0).tolist() == [False, True, False]
    assert (index(table(rows), stride=9)["totals"] > 0).tolist() == [True, True, False]
    with pytest.raises(RecipeError, match="'stride' of weighted"):
        units.unit("decontaminate", "weighted").resolve({"items": "a.jsonl", "stride": 0})


def test_matches_do_not_depend_on_the_batch() -> None:
    rows = [(QUESTION, []), (QUESTION[::-1], ["w1"])]
    texts = [QUESTION, "", "x " * 13 + QUESTION, changed(QUESTION, 20)]
    together = found(texts, rows)
    alone = [
        (i, m["item"], m["stop"] - m["start"], m["overlap"]) for i, t in enumerate(texts) for m in found([t], rows)
    ]
    assert [(m["document"], m["item"], m["stop"] - m["start"], m["overlap"]) for m in together] == alone
    assert np.unique([m["document"] for m in together]).tolist() == [0, 2, 3]
