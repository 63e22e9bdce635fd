"""Documents twice: what is read again, with which cue, and where the loss is."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.transform.repeat import repeat, undo
from tests.units.transform.made import documents_of, encode, items, per_token, position_ids, tokens, valid


def twice(drawn: list[int], **given: Any) -> Any:
    """The transform on documents of these lengths, all of them unless said otherwise."""
    table = items(drawn)
    return repeat(table, documents=documents_of(table), encode=encode, **{"seed": 3, "probability": 1.0, **given})


@pytest.mark.parametrize(("loss", "first", "second"), [("both", 1, 1), ("second", 0, 1), ("first", 1, 0)])
def test_a_document_token_by_token(loss: str, first: int, second: int) -> None:
    made = valid(twice([3], loss=loss, before="So:", cue=" "))
    doc = items([3])["doc_id"][0].as_py()
    assert tokens(made) == [[*b"So:", (doc, 0), (doc, 1), *b" ", (doc, 0), (doc, 1), (doc, 2)]]
    assert per_token(made, "loss_weight") == [[0, 0, 0, first, first, 0, second, second, second]]
    assert position_ids(made) == [list(range(9))]


@given(
    drawn=st.lists(st.integers(1, 30), max_size=10),
    seed=st.integers(0, 5),
    share=st.sampled_from([0.0, 0.5, 1.0]),
    loss=st.sampled_from(["both", "second", "first"]),
    longest=st.sampled_from([None, 10]),
)
def test_one_reading_is_the_document(drawn: list[int], seed: int, share: float, loss: Any, longest: int | None) -> None:
    table = items(drawn)
    made = valid(twice(drawn, seed=seed, probability=share, loss=loss, longest=longest))
    assert undo(made).equals(table)
    for before, after in zip(tokens(table), tokens(made), strict=True):
        assert len(after) in (len(before), 2 * len(before))  # the cue is as long as the end-of-text left out
        assert len(after) == len(before) or longest is None or len(before) <= longest
    assert (
        share < 1
        or longest
        or [len(context) for context in tokens(made)] == [2 * size if size > 1 else 1 for size in drawn]
    )


def test_as_many_as_asked_for() -> None:
    made = twice([2] * 5000, probability=0.3)
    assert sum(len(context) == 4 for context in tokens(made)) / 5000 == pytest.approx(0.3, abs=0.03)
