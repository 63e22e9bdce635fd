"""Domains as often as the recipe says."""

import pyarrow as pa
import pytest

from schemas.errors import RecipeError, UnitError
from tasks import units
from tasks.probe import probe
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


@pytest.mark.parametrize("epochs", [{"case": -1.0}, {"case": float("nan")}])
def test_impossible_epochs_are_refused(epochs: dict[str, float]) -> None:
    with pytest.raises(RecipeError, match="epochs"):
        units.unit("reweight", "given").resolve({"epochs": epochs})


def test_epochs_that_draw_nothing_are_refused() -> None:
    with pytest.raises(UnitError, match="draw nothing"):
        given(DOMAINS, epochs={"case": 0, "study": 0})


def test_only_the_domains_that_are_named_may_be_asked_for() -> None:
    unit = units.unit("reweight", "given")
    probe(unit, unit.resolve({"epochs": {"study": 2.0}, "other": 0}))
    with pytest.raises(UnitError, match="draw nothing"):
        probe(unit, unit.resolve({"other": 0}))
