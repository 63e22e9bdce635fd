"""Settings tried on next to nothing when a recipe is read, so that a wrong one is refused before any work starts."""

import inspect
from collections.abc import Callable
from typing import Any

import pyarrow as pa

from schemas.errors import UnitError
from tasks.decontaminate._handling import ITEMS
from tasks.select._fit import columns_of
from tasks.units import TAKEN, Unit, accepted, place

NO_DOCUMENTS = pa.table(
    {
        "doc_id": pa.array([], pa.uint64()),
        "source": pa.array([], pa.string()),
        "tokens": pa.array([], pa.int64()),
        "copy": pa.array([], pa.int32()),
    }
)
NO_ITEMS = ITEMS.empty_table()


def probe(unit: Unit, settings: dict[str, Any]) -> None:
    """Call a packer, mixer or selection on almost nothing; UnitError if a unit cannot work with ``settings``."""
    if unit.kind in TAKEN:
        _fits(unit, settings)
    PROBES.get(unit.kind, _nothing)(unit, settings)


def _fits(unit: Unit, settings: dict[str, Any]) -> None:
    """Raise UnitError if what units of its kind are called with does not fit the unit's parameters."""
    things, own = TAKEN[unit.kind]
    try:
        inspect.signature(unit.call).bind(*things, **accepted(unit.call, settings | dict.fromkeys(own)))
    except TypeError as error:
        taken = f"({', '.join([*things, '*', *own, '...settings'])})"
        said = f"{unit.kind} {unit.name} cannot be called: {error} ({place(unit)})"
        raise UnitError(
            f"{said}; a unit to {unit.kind} is given {taken}, and may do without what is after the *"
        ) from None


def _nothing(unit: Unit, settings: dict[str, Any]) -> None:
    return None


def _pack(unit: Unit, settings: dict[str, Any]) -> None:
    unit.apply(NO_DOCUMENTS, seed=0, **settings)


def _reweight(unit: Unit, settings: dict[str, Any]) -> None:
    names = list(dict.fromkeys([*(settings.get("epochs") or {}), "any"]))
    unit.apply(pa.table({"domain": names, "documents": [1] * len(names), "tokens": [1] * len(names)}), **settings)


def _select(unit: Unit, settings: dict[str, Any]) -> None:
    documents = NO_DOCUMENTS
    for name in columns_of(settings):
        if name not in documents.column_names:
            documents = documents.append_column(name, pa.array([], pa.float64()))
    unit.apply(documents, seed=0, **settings)


def _check(unit: Unit, settings: dict[str, Any]) -> None:
    check = getattr(unit.module, "check", None)
    if check is not None:
        check(**accepted(check, settings))


def _decontaminate(unit: Unit, settings: dict[str, Any]) -> None:
    unit.module.handling(**accepted(unit.module.handling, settings))
    unit.module.index(NO_ITEMS, **accepted(unit.module.index, settings))


PROBES: dict[str, Callable[[Unit, dict[str, Any]], None]] = {
    "score": _check,
    "transform": _check,
    "pack": _pack,
    "reweight": _reweight,
    "select": _select,
    "decontaminate": _decontaminate,
    "deduplicate": _check,
    "annotate": _check,
    "order": _check,
    "edit": _check,
}
