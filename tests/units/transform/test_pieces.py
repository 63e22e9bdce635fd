"""Contexts as lists of pieces: cut and joined, they hold the tokens that slices of the joined lists hold."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.transform._pieces import (
    PIECES,
    attending,
    context_lengths,
    cut,
    lengths,
    lists_of,
    numbered,
    one_each,
    pieces,
)

Drawn = list[list[tuple[int, int, int, bool]]]
piece = st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(1, 6), st.booleans())
contexts = st.lists(st.lists(piece, min_size=1, max_size=5), min_size=1, max_size=5)


def made(drawn: Drawn) -> pa.Table:
    """Pieces: (document, start, length, inserted)."""
    rows = [
        {
            "context_id": i,
            "position": j,
            "doc_id": None if inserted else doc,
            "copy": 0,
            "start": start,
            "stop": start if inserted else start + size,
            "inserted": [1000 * i + 10 * j + k for k in range(size)] if inserted else None,
            "role": "marker" if inserted else "text",
            "loss_weight": 1.0,
            "position_offset": 0,
            "attention": 0,
            "causal": True,
        }
        for i, context in enumerate(drawn)
        for j, (doc, start, size, inserted) in enumerate(context)
    ]
    return pa.Table.from_pylist(rows, PIECES)


def tokens(table: pa.Table) -> dict[int, list[object]]:
    """What each context holds, token by token."""
    found: dict[int, list[object]] = {}
    for row in table.to_pylist():
        held = (
            row["inserted"]
            if row["inserted"] is not None
            else [(row["doc_id"], k) for k in range(row["start"], row["stop"])]
        )
        found.setdefault(row["context_id"], []).extend(held)
    return found


@given(drawn=contexts, data=st.data())
def test_cutting_contexts_is_slicing_their_tokens(drawn: Drawn, data: st.DataObject) -> None:
    items = made(drawn)
    whole, sizes = tokens(items), context_lengths(items)
    spans = []
    for _ in range(data.draw(st.integers(1, 6))):
        item = data.draw(st.integers(0, len(sizes) - 1))
        start = data.draw(st.integers(0, int(sizes[item]) - 1))
        spans.append((item, start, data.draw(st.integers(start + 1, int(sizes[item]))), data.draw(st.integers(0, 2))))
    spans.sort(key=lambda span: span[3])
    item, start, stop, context = (np.array(column) for column in zip(*spans, strict=True))
    found = tokens(cut(items, item, start, stop, context, np.arange(len(spans))))
    expected: dict[int, list[object]] = {}
    names = {c: i for i, c in enumerate(sorted(set(context.tolist())))}
    for i, a, b, c in spans:
        expected.setdefault(names[c], []).extend(whole[i][a:b])
    assert found == expected


def test_one_each_is_every_document_once() -> None:
    table = one_each(pa.table({"doc_id": pa.array([5, 9], pa.uint64()), "copy": [0, 1], "tokens": [3, 4]}))
    assert table.schema == PIECES
    assert tokens(table) == {0: [(5, 0), (5, 1), (5, 2)], 1: [(9, 0), (9, 1), (9, 2), (9, 3)]}


def test_numbered_closes_gaps_and_leaves_empty_pieces_out() -> None:
    table = pieces(
        context_id=[7, 3, 3], position=[0, 5, 2], doc_id=[1, 2, 3], copy=[0, 0, 0], start=[0, 0, 4], stop=[2, 3, 4]
    )
    found = numbered(table).to_pydict()
    assert (found["context_id"], found["position"], found["doc_id"]) == ([0, 1], [0, 0], [2, 1])


@pytest.mark.parametrize(
    ("attention", "groups", "offsets"),
    [("document", [0, 0, 1, 1, 2], [0, 3, 0, 2, 0]), ("context", [0, 0, 0, 0, 0], [0, 3, 5, 7, 9])],
)
def test_positions_begin_anew_or_run_through(attention: str, groups: list[int], offsets: list[int]) -> None:
    inserted = lists_of([[900, 901]], np.array([2]), 5)
    table = pieces(
        context_id=[0] * 5,
        position=range(5),
        doc_id=pa.array([1, 1, None, 2, 3], pa.uint64()),
        copy=[0] * 5,
        start=[0, 3, 0, 0, 0],
        stop=[3, 5, 0, 2, 1],
        inserted=inserted,
    )
    assert lengths(table).tolist() == [3, 2, 2, 2, 1]
    found = attending(table, attention)
    assert found["attention"].to_pylist() == groups
    assert found["position_offset"].to_pylist() == offsets
