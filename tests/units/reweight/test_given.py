"""Domains as often as the recipe says."""

import pyarrow as pa
import pytest

from schemas.errors import UnitError
from tasks.reweight.given import given

DOMAINS = pa.table({"domain": ["case", "none", "study"], "documents": [2, 1, 7], "tokens": [20, 0, 80]})


def test_named_domains_are_drawn_as_often_as_said_and_others_once() -> None:
    table = given(DOMAINS, epochs={"case": 10, "absent": 3})
    assert dict(zip(table["domain"].to_pylist(), table["epochs"].to_pylist(), strict=True)) == {
        "case": pytest.approx(10),
        "none": 0,
        "study": pytest.approx(1),
    }
    assert table["weight"].to_pylist() == pytest.approx([200 / 280, 0, 80 / 280])


def test_a_domain_can_be_left_out() -> None:
    assert given(DOMAINS, epochs={"study": 0})["epochs"].to_pylist() == pytest.approx([1, 0, 0])


@pytest.mark.parametrize("epochs", [{"case": -1.0}, {"case": float("nan")}, {"case": 0, "study": 0}])
def test_impossible_epochs_are_refused(epochs: dict[str, float]) -> None:
    with pytest.raises(UnitError, match="epochs"):
        given(DOMAINS, epochs=epochs)
