"""Tables: the answer is in the table once, at every depth, and only it is learnt."""

from collections import Counter
from itertools import chain
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import RecipeError, UnitError
from tasks import units
from tasks.probe import probe
from tasks.transform.tables import tables, undo
from tests.units.transform.made import encode, packed, per_token, position_ids, sizes, tokens, valid

END = 256


def added(drawn: list[list[int]], **given: Any) -> Any:
    """The transform on contexts of documents of these lengths."""
    return tables(packed(drawn), encode=encode, end_of_text=END, **{"seed": 4, **given})


def read(context: list[int], weights: list[float]) -> tuple[list[list[str]], str, str]:
    """A table's cells, the question, and what is to be predicted."""
    answer = bytes(t for t, w in zip(context, weights, strict=True) if w).decode()
    assert context[-1] == END and weights[-1] == 0
    table, _, question = bytes(context[:-1]).decode().removesuffix(answer).partition("\n\n")
    return [line.split(" | ") for line in table.split("\n")], question, answer


@pytest.mark.parametrize("hops", ["one", "two", "both"])
def test_the_table_gives_the_answer_and_no_other(hops: Any) -> None:
    made = valid(added([], count=60, rows=20, columns=3, hops=hops))
    depths: Counter[int] = Counter()
    asked = Counter[bool]()
    for context, weights in zip(tokens(made), per_token(made, "loss_weight"), strict=True):
        (names, *rows), question, answer = read(context, weights)
        cells = list(chain(*rows))
        assert len(set(cells)) == len(cells) == 20 * 4
        words = question.split()
        wanted = names.index(words[1])
        far = "what has" in question
        given = names.index(words[6]) if far else 0
        matching = [row for row in rows if row[given] == words[-2]]
        assert len(matching) == 1 and given != wanted and matching[0][wanted] == answer.strip()
        depths[rows.index(matching[0]) // 2] += 1
        asked[far] += 1
    assert depths == dict.fromkeys(range(10), 6)
    assert asked == {"one": {False: 60}, "two": {True: 60}, "both": {False: 30, True: 30}}[hops]


@given(drawn=sizes, seed=st.integers(0, 9), count=st.integers(0, 5))
def test_other_contexts_stay_as_they_are_and_in_order(drawn: list[list[int]], seed: int, count: int) -> None:
    made = valid(added(drawn, seed=seed, count=count, rows=3, context_length=200))
    assert undo(made).equals(packed(drawn))
    assert len(tokens(made)) == len(drawn) + count
    assert position_ids(made) == [list(range(len(context))) for context in tokens(made)]


def test_tables_are_anywhere_among_the_contexts() -> None:
    made = added([[1]] * 1000, count=1000, rows=1, context_length=120)
    at = np.unique(made["context_id"].to_numpy()[made["doc_id"].is_null().to_numpy(False)])
    assert np.histogram(at, bins=5, range=(0, 2000))[0] == pytest.approx(np.full(5, 200), rel=0.25)


def test_a_table_too_long_is_refused() -> None:
    with pytest.raises(UnitError, match="more than the 50 of a context"):
        added([], context_length=50)
    with pytest.raises(UnitError, match=r"64 rows make [0-9]+ tokens, more than the 60 of a context: ask for fewer"):
        added([[40, 20], [7]])
    unit = units.unit("transform", "tables")
    probe(unit, unit.resolve({"columns": 1, "hops": "one"}))
    with pytest.raises(RecipeError, match="at least 2 columns, got 1"):
        probe(unit, unit.resolve({"columns": 1}))
