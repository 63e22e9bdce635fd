"""What is done about matches: cuts of documents, and which leave."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import RecipeError
from tasks import units
from tasks.decontaminate._actions import Searched, acted, cuts, plan
from tasks.decontaminate._handling import ITEMS, handling
from tasks.decontaminate._matches import FOUND, MATCHES, shown
from tests.units.decontaminate.oracles import batch

spans = st.lists(st.tuples(st.integers(0, 990), st.integers(1, 60)).map(lambda s: (s[0], min(s[0] + s[1], 1000))))


def searched(name: str, matches: list[tuple[int, int, int, float]], **asked) -> Searched:
    """What a decontaminator found: (doc_id, start, stop, overlap)."""
    rows = [
        {"doc_id": doc_id, "item": 0, "start": start, "stop": stop, "overlap": overlap, "snippet": ""}
        for doc_id, start, stop, overlap in matches
    ]
    found = pa.Table.from_pylist(rows, schema=FOUND)
    return Searched(name, handling(items="items.jsonl", **asked), ITEMS.empty_table(), np.ones(1, bool), found)


@given(spans.filter(bool), st.integers(0, 100), st.integers(0, 100), st.integers(0, 5))
def test_cuts_are_apart_hold_every_span_and_leave_no_short_piece(found, margin, shortest, most) -> None:
    gone = np.zeros(1000, bool)
    for start, stop in found:
        gone[max(0, start - margin) : stop + margin] = True
    edges = np.flatnonzero(np.diff(np.concatenate([[True], gone, [True]]).astype(int)))
    pieces = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a >= shortest]
    planned = cuts(found, 1000, margin, shortest, most)
    if not pieces or len(pieces) > most:
        assert planned is None
        return
    kept = np.zeros(1000, bool)
    for a, b in pieces:
        kept[a:b] = True
    left = np.ones(1000, bool)
    for start, stop in planned:
        left[start:stop] = False
    assert (left == kept).all()
    assert all(stop < start for (_, stop), (start, _) in pairwise(planned))


def test_a_document_leaves_once_per_decontaminator_with_the_most_that_it_holds() -> None:
    found = [
        searched("ngrams", [(1, 0, 9, 0.2), (1, 20, 29, 0.7), (2, 0, 9, 0.5)], max_overlap=0.5),
        searched("ngrams", [(1, 0, 9, 0.9)]),
        searched("paragraphs", [(1, 0, 9, 0.1), (3, 0, 9, 1.0)]),
        searched("weighted", [(4, 0, 9, 1.0)], action="flag"),
    ]
    gone, cut = plan(found, dict.fromkeys(range(5), 1000))
    assert [(row["doc_id"], row["name"], row["value"], row["threshold"]) for row in gone] == [
        (1, "ngrams", 0.9, 0.0),
        (1, "paragraphs", 0.1, 0.0),
        (3, "paragraphs", 1.0, 0.0),
    ]
    assert not cut


def test_cuts_of_several_are_joined_and_a_document_that_leaves_is_not_cut() -> None:
    asked = {"action": "cut", "margin": 10, "shortest_piece": 0}
    found = [
        searched("ngrams", [(1, 100, 120, 0.5), (2, 0, 9, 0.5)], **asked),
        searched("weighted", [(1, 115, 140, 0.9), (3, 5, 995, 0.9)], **asked),
        searched("paragraphs", [(2, 0, 9, 0.5)]),
    ]
    gone, cut = plan(found, dict.fromkeys(range(5), 1000))
    assert {(row["doc_id"], row["name"]) for row in gone} == {(2, "paragraphs"), (3, "weighted")}
    assert {doc_id: (edit.name, edit.spans) for doc_id, edit in cut.items()} == {1: ("ngrams", [(90, 150)])}
    matches = [acted(each.matches, {2, 3}, cut)["action"].to_pylist() for each in found]
    assert matches == [["cut", "drop"], ["cut", "drop"], ["drop"]]


def test_spans_are_shown_in_characters() -> None:
    texts = batch("xx", "é東🙂abc" + "é" * 300)
    start = texts.offsets[1]
    matches = pa.table([[1, 1], [0, 0], [start + 2, start + 5], [start + 9, start + 200], [1.0, 1.0]], schema=MATCHES)
    first, second = shown(texts, pa.chunked_array([pa.array([7, 8], pa.uint64())]), matches).to_pylist()
    assert (first["doc_id"], first["start"], first["stop"], first["snippet"]) == (8, 1, 3, "東🙂")
    assert second["snippet"] == ("🙂abc" + "é" * 300)[: second["stop"] - second["start"]]
    long = pa.table([[1], [0], [start], [texts.offsets[2]], [1.0]], schema=MATCHES)
    assert len(shown(texts, pa.chunked_array([pa.array([7, 8], pa.uint64())]), long)["snippet"][0].as_py()) == 200


@pytest.mark.parametrize("wrong", [{"margin": -1}, {"max_overlap": 1.0}, {"max_overlap": -0.1}, {"most_pieces": -1}])
def test_wrong_settings_are_refused(wrong: dict) -> None:
    with pytest.raises(RecipeError, match=next(iter(wrong))):
        units.unit("decontaminate", "ngrams").resolve({"items": "items.jsonl", **wrong})
