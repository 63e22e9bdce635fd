"""Settings tried on next to nothing when a recipe is read, so that a wrong one is refused before any work starts."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa

from tasks.decontaminate._handling import ITEMS
from tasks.select._fit import columns_of
from tasks.units import Unit, accepted

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
    """Call a packer, mixer, selection or measure on almost nothing; UnitError if it cannot work with ``settings``."""
    PROBES.get(unit.kind, _nothing)(unit, settings)


def _nothing(unit: Unit, settings: dict[str, Any]) -> None:
    return None


def _pack(unit: Unit, settings: dict[str, Any]) -> None:
    unit.call(NO_DOCUMENTS, seed=0, **settings)


def _reweight(unit: Unit, settings: dict[str, Any]) -> None:
    names = list(dict.fromkeys([*(settings.get("epochs") or {}), "any"]))
    unit.call(pa.table({"domain": names, "documents": [1] * len(names), "tokens": [1] * len(names)}), **settings)


def _select(unit: Unit, settings: dict[str, Any]) -> None:
    documents = NO_DOCUMENTS
    for name in columns_of(settings):
        if name not in documents.column_names:
            documents = documents.append_column(name, pa.array([], pa.float64()))
    unit.call(documents, seed=0, **settings)


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
