"""Position ids with gaps: ascending, within the window, and tokens untouched."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import RecipeError, UnitError
from tasks import units
from tasks.transform._pieces import attending
from tasks.transform.spread_positions import spread_positions, undo
from tests.units.transform.made import packed, per_token, position_ids, sizes, tokens, valid


@given(drawn=sizes, seed=st.integers(0, 9), every=st.integers(1, 20), window=st.integers(240, 900), whole=st.booleans())
def test_positions_ascend_within_the_window_with_gaps_between_stretches(
    drawn: list[list[int]], seed: int, every: int, window: int, whole: bool
) -> None:
    table = attending(packed(drawn), "context" if whole else "document")
    made = valid(spread_positions(table, seed=seed, window=window, every=every))
    assert tokens(made) == tokens(table) and undo(made).equals(table)
    for ids, group in zip(position_ids(made), per_token(made, "attention"), strict=True):
        for number in set(group):
            mine = [i for i, g in zip(ids, group, strict=True) if g == number]
            assert all(a < b for a, b in pairwise(mine)) and mine[0] >= 0
            assert mine[-1] < max(window * len(mine) // len(ids), len(mine))
            assert sum(b - a > 1 for a, b in pairwise(mine)) <= -(-len(mine) // every) + 6
    assert made.equals(spread_positions(table, seed=seed, window=window, every=every))


def test_the_window_is_used_to_its_ends() -> None:
    made = spread_positions(packed([[24]] * 500), seed=1, window=80, every=3)
    ids = np.array(position_ids(made))
    assert ids.max() == 79 and ids.min() == 0
    assert np.histogram(ids, bins=8, range=(0, 80))[0] == pytest.approx(np.full(8, 24 * 500 / 8), rel=0.12)
    assert len(np.unique(ids, axis=0)) > 490


def test_only_as_many_as_asked_for_and_none_too_long() -> None:
    table = packed([[20]] * 2000)
    made = spread_positions(table, seed=2, window=100, every=5, probability=0.4)
    assert np.mean([ids != list(range(20)) for ids in position_ids(made)]) == pytest.approx(0.4, abs=0.04)
    with pytest.raises(UnitError, match="20 tokens does not fit a window of 19"):
        spread_positions(table, seed=0, window=19)
    with pytest.raises(RecipeError, match="got 0"):
        units.unit("transform", "spread_positions").resolve({"every": 0})
