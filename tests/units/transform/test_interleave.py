"""Chunk interleaving: rounds in order, and every document back as it was."""

from itertools import chain
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import RecipeError
from tasks import units
from tasks.transform._pieces import context_lengths
from tasks.transform.interleave import interleave, undo
from tests.units.transform.made import items, tokens, valid

documents = st.lists(st.integers(1, 50), max_size=20)


@given(
    drawn=documents,
    seed=st.integers(0, 9),
    each=st.integers(1, 6),
    chunks=st.integers(1, 4),
    cuts=st.sampled_from(["random", "even"]),
)
def test_undoing_gives_every_document_back(drawn: list[int], seed: int, each: int, chunks: int, cuts: Any) -> None:
    table = items(drawn)
    made = valid(interleave(table, seed=seed, documents_each=each, chunks=chunks, cuts=cuts))
    assert undo(made).equals(table)
    assert len(tokens(made)) == -(-len(drawn) // each)


def test_rounds_take_a_chunk_of_each_document() -> None:
    table = items([6, 1, 4, 8])
    (context,) = tokens(interleave(table, seed=0, documents_each=4, chunks=2, cuts="even"))
    a, b, c, d = (doc_id.as_py() for doc_id in table["doc_id"])
    rounds = [(a, 0, 3), (b, 0, 1), (c, 0, 2), (d, 0, 4), (a, 3, 6), (c, 2, 4), (d, 4, 8)]
    assert context == [(doc_id, i) for doc_id, start, stop in rounds for i in range(start, stop)]


@given(drawn=documents, seed=st.integers(0, 3))
def test_what_lies_between_two_chunks_is_a_chunk_of_each_other_document(drawn: list[int], seed: int) -> None:
    made = interleave(items([size + 1 for size in drawn]), seed=seed, documents_each=3, chunks=2)
    for context in tokens(made):
        order = [doc_id for i, (doc_id, _) in enumerate(context) if not i or context[i - 1][0] != doc_id]
        assert len(order) == 1 or order[: len(order) // 2] == order[len(order) // 2 :]


@given(drawn=documents, room=st.integers(5, 60), seed=st.integers(0, 3))
def test_a_group_fits_a_context_and_what_does_not_stays_whole(drawn: list[int], room: int, seed: int) -> None:
    made = interleave(items(drawn), seed=seed, context_length=room, probability=0.8)
    for size, context in zip(context_lengths(made), tokens(made), strict=True):
        assert size <= room or len({doc_id for doc_id, _ in context}) == 1
    assert sorted(chain(*tokens(made))) == sorted(chain(*tokens(items(drawn))))


def test_random_cuts_are_anywhere() -> None:
    made = interleave(items([101] * 4000), seed=3, documents_each=2)
    cuts = made["start"].to_numpy()
    assert np.bincount((cuts[cuts > 0] - 1) // 10) == pytest.approx(np.full(10, 400), rel=0.2)


def test_no_documents_or_chunks_are_refused() -> None:
    with pytest.raises(RecipeError, match="got 0"):
        units.unit("transform", "interleave").resolve({"chunks": 0})
