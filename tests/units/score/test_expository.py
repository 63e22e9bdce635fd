import numpy as np
import pytest

from tasks.score.expository import expository
from tests.units.text.oracles import HOSTILE, batch

LESSON = """## 2.1 What heat is

Heat is defined as energy that moves because two bodies differ in temperature. For example, a hot spoon is warm.
However, the spoon does not hold heat; what it holds is called internal energy, which therefore has another name.

Exercises and problems

Consider a kettle that boils for ten minutes, and work out the energy that the water has taken up in that time.
"""
SHOP = """Buy now! Click here for your free gift. You will love our shoes, we promise you. Subscribe to my list!
best shoes
cheap shoes
new in
"""


def test_a_lesson_is_more_expository_than_a_shop() -> None:
    found = expository(batch(LESSON, SHOP, ""))
    assert found["expository"][0] > 0.7 > 0.2 > found["expository"][1] and found["expository"][2] == 0
    for name in ("definition_rate", "connective_rate", "example_rate", "exercise_rate", "heading_share"):
        assert found[name][0] > found[name][1], name
    assert found["person_rate"][1] > 100 > found["person_rate"][0] == 0
    assert found["appeal_share"].tolist() == [0, pytest.approx(3 / 5), 0]


def test_headings() -> None:
    body = "\n\nA line that is long enough to be the first of a paragraph of text, which ends here."
    for line, heading in {
        "# Heat": 1, "Heat": 1, "2.1 Heat": 1, "heat": 0, "Heat.": 0, "Heat:": 0, "- Heat": 0, "Über": 1, "热": 1,
    }.items():  # fmt: skip
        assert expository(batch(line + body))["heading_share"][0] == heading / 2, line
    assert expository(batch("Heat\n\nshort line"))["heading_share"][0] == 0


def test_rates_are_per_thousand_content_words() -> None:
    found = expository(batch("Because, because -- it is called so. " + "word " * 93))
    assert found["connective_rate"][0] == pytest.approx(2000 / 99)
    assert found["definition_rate"][0] == pytest.approx(1000 / 99)


def test_values_are_bounded_on_hostile_texts() -> None:
    found = expository(batch(*HOSTILE, LESSON))
    for name, values in found.items():
        assert np.isfinite(values).all() and (values >= 0).all(), name
        assert name.endswith("_rate") or (values <= 1).all(), name
