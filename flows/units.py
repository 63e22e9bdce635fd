"""What a person is told of units: all of a kind in a table, or those of one name with their documentation."""

import inspect
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from rich.markup import escape

from flows.terminal import output, table
from schemas.errors import GristmillError, unknown
from schemas.rule import RuleSet
from schemas.table import Column
from tasks import units
from tasks.units import Unit

EXPORT = "export"  # the recipe's word for writers


def is_kind(asked: str) -> bool:
    """Whether this is what recipes call a kind of unit."""
    return asked == EXPORT or asked in units.KINDS


def found(asked: str | None) -> list[Unit]:
    """Return the units of a kind, or those that have a name or give a score of that name, or all.

    GristmillError names the nearest kind, unit or score.
    """
    if asked is None or is_kind(asked):
        return units.units("write" if asked == EXPORT else asked)
    names = {unit: {unit.name, *(column.name for column in _scores(unit))} for unit in units.units()}
    named = [unit for unit in names if asked in names[unit]]
    if not named:
        known = {*units.KINDS}.union(*names.values())
        near = get_close_matches(asked, known, n=1)
        raise GristmillError(unknown("kind, unit or score", asked, known if near else units.KINDS))
    return named


def _scores(unit: Unit) -> tuple[Column, ...]:
    return unit.columns if unit.kind == "score" else ()


def listed(found: Iterable[Unit]) -> list[dict[str, Any]]:
    """Return a row for each unit."""
    return [
        {
            "unit": f"{unit.kind}/{unit.name}",
            "settings": ", ".join(_setting(name, default) for name, (_, default) in unit.settings.items()),
            "meaning": unit.meaning,
            "languages": _languages(unit),
            "source": unit.source,
        }
        for unit in found
    ]


def _setting(name: str, default: Any) -> str:
    return name if default is ... else f"{name}={default}"


def show(found: Iterable[Unit]) -> None:
    """Print each unit with all that its documentation says, and its settings."""
    for unit in found:
        output.print(f"[bold]{unit.kind}/{unit.name}[/]  {escape(f'languages: {_languages(unit)}')}", highlight=False)
        output.print(escape(_help(unit)), highlight=False, soft_wrap=True)
        table(
            [
                {"setting": name, "default": "must be given" if default is ... else str(default)}
                for name, (_, default) in unit.settings.items()
            ],
            empty="no settings",
        )
        if scores := _scores(unit):
            table([{"score": column.name, "meaning": column.meaning} for column in scores])
        output.print(escape(f"Source: {unit.source}"), highlight=False, soft_wrap=True)
        output.print()


def _languages(unit: Unit) -> str:
    return ", ".join(unit.languages) or "any"


def _help(unit: Unit) -> str:
    """Return what the unit's docstring says before its source and example, or a rule set's meaning."""
    if isinstance(unit.call, RuleSet):
        return unit.meaning
    return (inspect.getdoc(unit.call) or "").partition("\nSource:")[0].partition("\n>>>")[0].strip()
