"""Order by score: sorted, ties by doc_id, nothing missing."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import RecipeError
from tasks.order.by_score import by_score

ROWS = st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(-3, 3)), unique_by=lambda row: row[0])


def table(rows):
    return pa.table(
        {"doc_id": pa.array([row[0] for row in rows], pa.uint64()), "s": pa.array([row[1] for row in rows])}
    )


@given(ROWS)
@settings(deadline=None)
def test_agrees_with_sorted(rows):
    descending = by_score(table(rows), seed=0, score="s")
    assert [rows[i] for i in descending] == sorted(rows, key=lambda row: (-row[1], row[0]))
    ascending = by_score(table(rows), seed=0, score="s", direction="ascending")
    assert [rows[i] for i in ascending] == sorted(rows, key=lambda row: (row[1], row[0]))


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_missing_scores_are_refused(missing):
    documents = pa.table({"doc_id": pa.array([3, 4], pa.uint64()), "s": [1.0, missing]})
    with pytest.raises(RecipeError, match=r"'s' is missing for 1 of 2 documents .the first: doc_id 4"):
        by_score(documents, seed=0, score="s")


def test_unknown_score_names_the_nearest():
    with pytest.raises(RecipeError, match="did you mean 'quality'"):
        by_score(pa.table({"doc_id": [1], "quality": [1.0]}), seed=0, score="qualty")
