import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.score.repetition import COLUMNS, repetition
from tests.units.text.oracles import HOSTILE, batch


def _one(text: str) -> dict[str, float]:
    return {name: float(values[0]) for name, values in repetition(batch(text)).items()}


def test_golden_values() -> None:
    found = _one("a b c\n\na b c\n\nd e f")
    assert found["duplicate_paragraph_share"] == pytest.approx(1 / 3)
    assert found["duplicate_paragraph_character_share"] == pytest.approx(5 / 19)
    found = _one("a b c d e x a b c d e y a b c d e")
    assert found["duplicate_5gram_share"] == pytest.approx(10 / 33)


def test_what_occurs_once_repeats_nothing() -> None:
    assert _one("the cat sat on the mat")["top_2gram_share"] == 0
    assert _one("\nx\ny\n")["duplicate_line_share"] == 0


def test_the_first_of_equally_frequent_ngrams_counts() -> None:
    assert _one("a b x a b y ccc ddd z ccc ddd")["top_2gram_share"] == pytest.approx(2 * 3 / 29)


@given(
    st.lists(st.sampled_from([*HOSTILE, "a b a b a b a b a b a b", "x\nx\nx"]), min_size=1, max_size=5),
    st.integers(0, 4),
)
def test_finite_and_independent_of_the_batch(many: list[str], at: int) -> None:
    together, index = repetition(batch(*many)), min(at, len(many) - 1)
    alone = _one(many[index])
    assert list(together) == [column.name for column in COLUMNS]
    for name, values in together.items():
        assert np.isfinite(values).all() and (values >= 0).all()
        assert values[index] == alone[name]
