"""Loss weights: the packed loss is the mean over documents to 1e-6, for any packing and any losses."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.pack.best_fit import best_fit
from tasks.pack.concatenate import concatenate
from tasks.transform._pieces import attending, lists_of, pieces, replaced
from tasks.transform.loss_weights import loss_weights, undo
from tests.units.transform.made import items, packed, per_token, sizes, tokens


def packing(drawn: list[int], packer: Any, attention: str, length: int, seed: int) -> pa.Table:
    """Documents of these lengths packed."""
    table = items(drawn)
    documents = pa.table({"doc_id": table["doc_id"], "copy": table["copy"], "tokens": table["stop"]})
    found = packer(documents, context_length=length, seed=seed)
    return attending(pieces(**{name: found[name] for name in found.column_names}), attention)


def losses(table: pa.Table) -> list[list[float]]:
    """A loss per token that depends on the token and what it sees, none for the first of what is seen as a unit."""
    found = []
    for context, group in zip(tokens(table), per_token(table, "attention"), strict=True):
        of = [hash((*token, context[0])) % 1009 / 100 + 0.01 if isinstance(token, tuple) else 1.0 for token in context]
        found.append([0.0 if not i or group[i] != group[i - 1] else loss for i, loss in enumerate(of)])
    return found


@given(
    drawn=st.lists(st.integers(1, 30), min_size=1, max_size=20),
    packer=st.sampled_from([best_fit, concatenate]),
    attention=st.sampled_from(["document", "context"]),
    length=st.integers(1, 40),
    seed=st.integers(0, 3),
    per=st.sampled_from(["document", "sqrt", "token"]),
    share=st.sampled_from([0.0, 0.3]),
)
def test_packed_loss_is_the_mean_over_documents(
    drawn: list[int], packer: Any, attention: str, length: int, seed: int, per: Any, share: float
) -> None:
    table = packing(drawn, packer, attention, length, seed)
    masked = np.random.default_rng(seed).random(table.num_rows) < share
    table = replaced(table, loss_weight=np.where(masked, 0.0, 1.0))
    of: dict[int, list[float]] = {}
    for context, given_weights, loss in zip(tokens(table), per_token(table, "loss_weight"), losses(table), strict=True):
        for (doc_id, _), weight, value in zip(context, given_weights, loss, strict=True):
            if weight and value:
                of.setdefault(doc_id, []).append(value)
    made = loss_weights(table, per=per)
    weighted = [
        sum(weight * loss for weight, loss in zip(*both, strict=True))
        for both in zip(per_token(made, "loss_weight"), losses(made), strict=True)
    ]
    shares = {doc_id: len(found) ** {"document": 0, "sqrt": 0.5, "token": 1}[per] for doc_id, found in of.items()}
    expected = sum(shares[d] * np.mean(found) for d, found in of.items()) / max(sum(shares.values()), 1)
    assert np.mean(weighted) == pytest.approx(expected, abs=1e-6, rel=1e-6)


@given(drawn=sizes)
def test_weights_are_one_on_the_mean_and_undone(drawn: list[list[int]]) -> None:
    table = attending(packed(drawn), "document")
    made = loss_weights(table, scale="mean")
    trained = [
        w
        for ws, ls in zip(per_token(made, "loss_weight"), losses(made), strict=True)
        for w, loss in zip(ws, ls, strict=True)
        if loss and w
    ]
    assert not trained or np.mean(trained) == pytest.approx(1)
    if all(size > 1 for context in drawn for size in context):
        assert undo(made).equals(table)


def test_weights_of_the_paper() -> None:
    table = attending(packed([[3, 5], [9]]), "document")
    made = loss_weights(table)
    contexts, documents = 2, 3
    assert made["loss_weight"].to_pylist() == pytest.approx([contexts / (n * documents) for n in (2, 4, 8)])
    assert loss_weights(table, per="token")["loss_weight"].to_pylist() == pytest.approx([contexts / 14] * 3)


def test_what_is_inserted_belongs_to_the_document_it_goes_with() -> None:
    table = pieces(
        context_id=[0, 0, 1],
        position=[0, 1, 0],
        doc_id=pa.array([None, 5, None], pa.uint64()),
        copy=[0] * 3,
        start=[0] * 3,
        stop=[0, 4, 0],
        inserted=lists_of([[1, 2], [3, 4, 5]], np.array([0, 2]), 3),
        role=["metadata", "text", "answer"],
    )
    made = loss_weights(table)
    assert made["loss_weight"].to_pylist() == pytest.approx([2 / (5 * 2), 2 / (5 * 2), 2 / (2 * 2)])
