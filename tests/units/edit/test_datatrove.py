"""The line editors leave the same texts, byte for byte, as the filter and the formatter of datatrove."""

import json

import pytest

from tasks.edit.c4_lines import c4_lines
from tasks.edit.symbol_lines import symbol_lines
from tests.units.edit.editing import edited
from tests.units.edit.pages import C4, HERE, SYMBOLS, digest, pages

KEPT = json.loads((HERE / "datatrove.json").read_text(encoding="utf-8"))
LEFT = {page: dict(zip((*C4, *SYMBOLS), left, strict=True)) for page, left in KEPT.items()}


@pytest.mark.parametrize("name", C4)
def test_c4_lines_leave_what_datatrove_leaves(name: str) -> None:
    found = edited(c4_lines, *pages().values(), **C4[name])
    assert [page for page, text in zip(pages(), found, strict=True) if digest(text) != LEFT[page][name]] == []


@pytest.mark.parametrize("name", SYMBOLS)
def test_symbol_lines_leave_what_datatrove_leaves(name: str) -> None:
    found = edited(symbol_lines, *pages().values(), line_feeds=True, **SYMBOLS[name])
    assert [page for page, text in zip(pages(), found, strict=True) if digest(text) != LEFT[page][name]] == []


def test_the_pages_try_the_rules() -> None:
    assert list(LEFT) == list(pages())
    for name in (*C4, *SYMBOLS):
        changed = [page for page, text in pages().items() if LEFT[page][name] not in (digest(text), digest(""))]
        assert len(changed) > 60, name
