"""Laws of editors, run over the registry: spans are stretches of characters, and each text is edited by itself."""

import pickle
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks import units
from tasks.stages.edit import check
from tasks.text import TextBatch
from tests.contracts.test_units import HOSTILE, LONG, defaults, measure_of
from tests.data import texts
from tests.units.edit.editing import edited
from tests.units.edit.pages import pages

EDITORS = [unit for unit in units.units("edit") if unit.fit is None]
every_editor = pytest.mark.parametrize("unit", EDITORS, ids=lambda unit: unit.name)


def after(unit: units.Unit, found: list[str]) -> list[str]:
    return edited(unit.call, *found, **given_to(unit))


def given_to(unit: units.Unit) -> dict[str, Any]:
    """Settings by default, and what a scorer has learnt for those that apply it."""
    if unit.fitted_by is None:
        return defaults(unit)
    return defaults(unit) | {"fitted": measure_of(units.unit("score", unit.fitted_by)).given["fitted"]}


@every_editor
def test_editor_is_total(unit: units.Unit) -> None:
    found = [*HOSTILE.values(), *(piece * 20_000 for piece in LONG.values())]
    assert len(after(unit, found)) == len(found)
    assert after(unit, []) == []


@every_editor
def test_each_text_is_edited_by_itself(unit: units.Unit) -> None:
    together = [*HOSTILE.values(), *texts(20), *list(pages().values())[:60]]
    assert after(unit, together) == [after(unit, [text])[0] for text in together]


@every_editor
@given(drawn=st.lists(st.text(max_size=80), max_size=4))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_spans_are_stretches_of_characters(unit: units.Unit, drawn: list[str]) -> None:
    batch = TextBatch(pa.array(drawn, pa.large_string()))
    check(unit.name, batch, unit.call(batch, **given_to(unit)))
    assert pickle.loads(pickle.dumps(unit.call)) is unit.call
