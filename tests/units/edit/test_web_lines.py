"""RefinedWeb's line rules leave the same texts, byte for byte, as DCLM's functions with its settings."""

import json

from tasks.edit.web_lines import web_lines
from tests.units.edit.editing import edited
from tests.units.edit.pages import HERE, digest, web_pages

LEFT = json.loads((HERE / "dclm.json").read_text(encoding="utf-8"))


def test_web_lines_leave_what_dclm_leaves() -> None:
    found = edited(web_lines, *web_pages().values())
    assert list(LEFT) == list(web_pages())
    assert [page for page, text in zip(LEFT, found, strict=True) if digest(text) != LEFT[page]] == []
    changed = [page for page, text in web_pages().items() if LEFT[page] not in (digest(text), digest(""))]
    assert len(changed) > 200


def test_settings() -> None:
    assert edited(web_lines, "SOME words\nHERE", most_capitals=1.0) == ["SOME words"]
    assert edited(web_lines, "Some words\nhere", fewest_words=1) == ["Some words\nhere"]
    assert edited(web_lines, "Now items in cart", furniture_words=3) == ["Now items in cart"]
