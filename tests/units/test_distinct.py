"""Distinct values, against Python's own sets."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tasks.distinct import distinct


@given(st.lists(st.integers(0, 2**64 - 1)), st.lists(st.text("abé", max_size=2)))
def test_distinct_values_are_those_of_a_set_in_order(numbers: list[int], words: list[str]) -> None:
    assert distinct(np.array(numbers, np.uint64)).tolist() == sorted(set(numbers))
    assert distinct(np.array(words, str)).tolist() == sorted(set(words))
    assert distinct(np.array([numbers, numbers], np.uint64)).tolist() == sorted(set(numbers))
