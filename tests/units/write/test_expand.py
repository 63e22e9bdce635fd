"""Per-token arrays and padding, against plain Python over any pieces."""

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import UnitError
from tasks.write._expand import expand, filled, pieces_of

PIECES = st.tuples(
    st.integers(1, 4), st.sampled_from([0.0, 0.5, 1.0]), st.integers(0, 9), st.integers(0, 2), st.booleans()
)
CONTEXTS = st.lists(st.lists(PIECES, min_size=1, max_size=4), min_size=1, max_size=4)


def batch(contexts: list[list[tuple[int, float, int, int, bool]]]) -> pa.RecordBatch:
    """Return contexts of pieces (length, weight, position offset, attention, causal) as writers get them."""

    def lists(values: list[list[Any]], kind: pa.DataType) -> pa.Array:
        return pa.array(values, pa.list_(pa.field("element", kind, nullable=False)))

    def of(field: int, kind: pa.DataType) -> pa.Array:
        return lists([[piece[field] for piece in context] for context in contexts], kind)

    zeros = [[0 for _ in context] for context in contexts]
    return pa.RecordBatch.from_pydict(
        {
            "context_id": pa.array(range(len(contexts)), pa.int64()),
            "tokens": lists([list(range(1, 1 + sum(p[0] for p in context))) for context in contexts], pa.uint16()),
            "doc_ids": lists([[2**64 - 1 for _ in context] for context in contexts], pa.uint64()),
            "copies": lists(zeros, pa.int32()),
            "starts": lists(zeros, pa.int64()),
            "lengths": of(0, pa.int32()),
            "loss_weights": of(1, pa.float64()),
            "position_offsets": of(2, pa.int64()),
            "attentions": of(3, pa.int32()),
            "causals": of(4, pa.bool_()),
            "roles": lists([["text" for _ in context] for context in contexts], pa.string()),
        }
    )


@given(CONTEXTS, st.integers(0, 3))
def test_tokens_have_what_their_pieces_say(contexts: list[Any], skip: int) -> None:
    contexts = contexts[min(skip, len(contexts) - 1) :]
    found = expand(batch([[(9, 1.0, 0, 0, True)], *contexts]).slice(1))
    at = 0
    for i, context in enumerate(contexts):
        assert found.offsets[i] == at
        bounds, before = [at], context[0][3]
        for j, (length, weight, offset, attention, causal) in enumerate(context):
            if j and attention != before:
                bounds.append(at)
            for k in range(length):
                first = at == bounds[-1]
                assert found.loss_weights[at] == (0 if first else weight)
                assert (found.position_ids[at], found.segment_ids[at]) == (offset + k, attention)
                assert found.causal[at] == causal
                at += 1
            before = attention
        assert found.bounds[found.firsts[i] : found.firsts[i + 1] + 1].tolist() == [*bounds, at]
    assert found.offsets[-1] == at == len(found.loss_weights)


@given(CONTEXTS)
def test_padding_adds_one_piece_without_weight_that_sees_itself(contexts: list[Any]) -> None:
    length, given_batch = 16, batch(contexts)
    full = filled(given_batch, length, 7)
    full.validate(full=True)
    assert filled(full, length, 7) is full and filled(given_batch, None) is given_batch
    for old, new, context in zip(given_batch.to_pylist(), full.to_pylist(), contexts, strict=True):
        size = len(old["tokens"])
        assert new["tokens"] == old["tokens"] + [7] * (length - size)
        if size == length:
            assert new == old
            continue
        assert {k: v[:-1] for k, v in new.items() if k not in ("context_id", "tokens")} == {
            k: v for k, v in old.items() if k not in ("context_id", "tokens")
        }
        assert (new["lengths"][-1], new["roles"][-1], new["loss_weights"][-1]) == (length - size, "padding", 0.0)
        assert new["attentions"][-1] == max(piece[3] for piece in context) + 1
    if full.schema != given_batch.schema:
        assert [f.type for f in full.schema] == [f.type for f in given_batch.schema]


def test_a_context_that_is_too_long_and_a_padding_that_is_too_large_are_refused() -> None:
    made = batch([[(2, 1.0, 0, 0, True)], [(5, 1.0, 0, 0, True)]])
    with pytest.raises(UnitError, match="context 1 has 5 tokens, more than the 4"):
        filled(made, 4)
    with pytest.raises(UnitError, match="padding token 70000 does not fit the uint16"):
        filled(made, 8, 70_000)


def test_pieces_come_back() -> None:
    made = batch([[(2, 0.5, 3, 1, False), (1, 1.0, 0, 2, True)], [(4, 0.0, 0, 0, True)]])
    found = pieces_of(filled(made, 4))
    assert found["context_id"].tolist() == [0, 0, 0, 1]
    assert found["length"].tolist() == [2, 1, 1, 4]
    assert found["loss_weight"].tolist() == [0.5, 1, 0, 0]
    assert found["text"].tolist() == [True, True, False, True]
    assert found["doc_id"].tolist() == [2**64 - 1, 2**64 - 1, 0, 2**64 - 1]
