"""Untie the Knots: chunks come back together as they were, and the loss is where the published mask has it."""

from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import RecipeError
from tasks import units
from tasks.probe import probe
from tasks.transform.untie_knots import special_tokens, undo, untie_knots
from tests.units.transform.made import (
    VOCABULARY,
    documents_of,
    encode,
    packed,
    per_token,
    position_ids,
    settled,
    sizes,
    tokens,
    valid,
)
from tests.units.transform.test_metadata_prefix import prefixed


def knotted(table: pa.Table, **given: Any) -> pa.Table:
    """The transform without cutting what gets too long."""
    settings = {"seed": 5, "probability": 1.0, "context_length": 10_000, **given}
    return untie_knots(table, documents=documents_of(table), encode=encode, vocabulary=VOCABULARY, **settings)


@given(drawn=sizes, seed=st.integers(0, 9), keep_order=st.booleans(), backtrace=st.booleans(), cut=st.booleans())
def test_taking_the_markers_out_and_sorting_gives_the_documents_back(
    drawn: list[list[int]], seed: int, keep_order: bool, backtrace: bool, cut: bool
) -> None:
    table = packed(drawn, fragments=cut)
    made = valid(knotted(table, seed=seed, keep_order=keep_order, backtrace=backtrace, chunks=(1.0, 1.0, 1.0, 1.0)))
    assert settled(undo(made)).equals(settled(table))
    last = [context[-1] for context in tokens(table)]
    assert [next(t for t in context[::-1] if isinstance(t, tuple)) for context in tokens(made)] == last
    assert position_ids(made) == [list(range(len(context))) for context in tokens(made)]
    for context in tokens(made) if keep_order else ():
        of: dict[int, list[int]] = {}
        for token in context:
            if isinstance(token, tuple):
                of.setdefault(token[0], []).append(token[1])
        assert all(a < b for places in of.values() for a, b in pairwise(places))


def expected_mask(context: list[Any], marks: dict[str, int]) -> list[float]:
    """Section 6's table, token by token: what is predicted of a token by the one before it, read from the tokens."""
    knots = {token for name, token in marks.items() if name.startswith(("tail", "head"))}
    input_masked = [token in knots or token == marks["</S>"] for token in context]
    label_masked = [token in knots or token in (marks["<D>"], marks["<S>"]) for token in context]
    inside = False
    for i, token in enumerate(context):
        inside = inside or token == marks["<D>"]
        input_masked[i] = input_masked[i] or inside
        inside = inside and token != marks["</D>"]
    return [0.0 if label or (i and input_masked[i - 1]) else 1.0 for i, label in enumerate(label_masked)]


@given(drawn=sizes, seed=st.integers(0, 9), backtrace=st.booleans())
def test_the_loss_is_where_the_table_has_it(drawn: list[list[int]], seed: int, backtrace: bool) -> None:
    made = knotted(packed(drawn), seed=seed, backtrace=backtrace)
    marks = special_tokens(vocabulary=VOCABULARY)
    assert per_token(made, "loss_weight") == [expected_mask(context, marks) for context in tokens(made)]


def test_a_document_in_two_chunks_token_by_token() -> None:
    table = packed([[6]])
    (context,) = tokens(knotted(table, chunks=(0.0, 1.0)))
    marks = special_tokens(vocabulary=VOCABULARY, chunks=(0.0, 1.0))
    assert marks == {"tail_1": 257, "head_2": 258, "<D>": 259, "</D>": 260, "<S>": 261, "<s>": 262, "</S>": 263}
    doc = table["doc_id"][0].as_py()
    cut = next(i for i, token in enumerate(context) if token == 257)
    first, second = context[1:7], context[cut + 2 : cut + 8]
    head = [259, *first, 260, *((doc, i) for i in range(cut - 8)), 257]
    tail = [259, *second, 260, 258, *((doc, i) for i in range(cut - 8, 5)), 261, *first, 262, *second, 263, (doc, 5)]
    assert context == head + tail
    assert first != second and bytes(first + second).decode().isalnum()


def test_a_split_document_that_does_not_end_there_has_its_list_at_the_end() -> None:
    table = packed([[6]])
    longer = documents_of(table).set_column(1, "tokens", pa.array([9]))
    made = untie_knots(
        table, seed=1, documents=longer, encode=encode, vocabulary=VOCABULARY, probability=1.0, context_length=99
    )
    assert tokens(made)[0][-1] == special_tokens(vocabulary=VOCABULARY)["</S>"]


def test_a_cut_may_fall_inside_what_was_inserted_before() -> None:
    table = prefixed(packed([[2]] * 50))
    made = knotted(table)
    prefixes = [found.filter(pc.equal(found["role"], "metadata")) for found in (table, made)]
    assert prefixes[1].num_rows > prefixes[0].num_rows == 50
    assert undo(made).equals(table)


def test_contexts_are_cut_to_the_longest_one_by_default() -> None:
    table = packed([[30, 40], [20, 50], [10]])
    made = valid(knotted(table, context_length=None))
    assert [len(context) for context in tokens(made)] == [70, 70, len(tokens(knotted(table))[2])]
    whole = tokens(knotted(table))
    assert tokens(made) == [context[:70] for context in whole]


@given(drawn=sizes, seed=st.integers(0, 3))
def test_a_context_becomes_what_it_becomes_wherever_it_stands(drawn: list[list[int]], seed: int) -> None:
    table = packed(drawn)
    made = tokens(knotted(table, seed=seed, probability=0.5))
    assert made == tokens(knotted(table, seed=seed, probability=0.5))
    order = np.arange(table.num_rows)[::-1]
    context, position = table["context_id"].to_numpy(), table["position"].to_numpy()
    back = np.lexsort([position[order], -context[order]])
    turned = table.take(pa.array(order[back]))
    turned = turned.set_column(0, "context_id", pa.array(len(drawn) - 1 - turned["context_id"].to_numpy()))
    assert tokens(knotted(turned, seed=seed, probability=0.5)) == made[::-1]


def test_as_many_contexts_and_chunks_as_asked_for() -> None:
    table = packed([[50, 50, 50]] * 3000)
    made = knotted(table, probability=0.8, chunks=(0.0, 3.0, 1.0), backtrace=False)
    knots = np.bincount(
        made["context_id"].to_numpy(), weights=(made["role"].to_numpy(zero_copy_only=False) == "knot"), minlength=3000
    )
    touched = knots[knots > 0]
    assert len(touched) / 3000 == pytest.approx(0.8, abs=0.03)
    assert touched.mean() / 3 == pytest.approx(2 * (0.75 * 1 + 0.25 * 2), rel=0.03)


def test_cut_points_are_anywhere() -> None:
    made = knotted(packed([[101]] * 4000), chunks=(0.0, 1.0), backtrace=False)
    tails = made["start"].to_numpy()[made["role"].to_numpy(zero_copy_only=False) == "knot"][::2]
    assert np.bincount((tails - 1) // 10, minlength=10)[:10] == pytest.approx(np.full(10, 400), rel=0.2)


@pytest.mark.parametrize("wrong", [{"chunks": ()}, {"chunks": (0.0, 0.0)}, {"chunks": (-1.0, 2.0)}, {"probability": 2}])
def test_odds_that_are_none_are_refused(wrong: dict[str, Any]) -> None:
    unit = units.unit("transform", "untie_knots")
    with pytest.raises(RecipeError, match="got"):
        probe(unit, unit.resolve(wrong))
