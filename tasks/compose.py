"""What must fit together from the order to the last transform: what units say of themselves, held against the others.

A module of an order says ``IN_TIME`` if contexts must come in the order of its documents; of a pack or transform,
``REORDERS`` if they do not; of a pack, ``CUTS`` if it cuts whatever does not fit, and of a transform, ``WHOLE`` if what
it makes must not be cut. A transform says where it stands (``AFTER_PACK``), which ``ATTENTION`` it is for, and which
transforms alone may follow it (``FOLLOWED_BY``).
"""

from collections.abc import Callable, Iterator
from typing import Any

from schemas.recipe import Call, Recipe
from tasks import units
from tasks.yaml_lines import MisplacedError, Place

Stood = tuple[Place, str, str, Call]


def check_composition(recipe: Recipe) -> None:
    """Refuse an order, transforms and a pack that undo each other; MisplacedError says where and what would do."""
    stood = list(_stood(recipe))
    for check in (_stands, _keeps_time, _sees, _stays_whole, _is_followed):
        check(stood)


def _stood(recipe: Recipe) -> Iterator[Stood]:
    """The units from the order on, in turn, with their place in the recipe and what the pack step lets see whom."""
    attention = next((step.attention for step in recipe.steps if step.kind == "pack"), "document")
    for index, step in enumerate(recipe.steps):
        if step.kind in ("order", "transform", "pack"):
            yield from ((("steps", index, step.kind), step.kind, attention, call) for call in step.calls)


def _said(kind: str, call: Call, name: str) -> Any:
    return getattr(units.unit(kind, call.name).module, name, None)


def _stands(stood: list[Stood]) -> None:
    packs = [number for number, (_, kind, _, _) in enumerate(stood) if kind == "pack"]
    for number, (place, kind, _, call) in enumerate(stood):
        wanted = _said(kind, call, "AFTER_PACK") if kind == "transform" else None
        if wanted is not None and wanted != (bool(packs) and number > packs[0]):
            raise MisplacedError(place, f"{call.name} stands {'after' if wanted else 'before'} the pack step")


def _keeps_time(stood: list[Stood]) -> None:
    def undone(kind: str, call: Call) -> str:
        if call.settings.get("shuffle") is True:
            return f"{call.name} would shuffle the contexts: set `shuffle: false`"
        return f"{call.name} puts contexts into an order of its own" if _said(kind, call, "REORDERS") else ""

    _hold(stood, "IN_TIME", undone)


def _stays_whole(stood: list[Stood]) -> None:
    def undone(kind: str, call: Call) -> str:
        return f"{call.name} cuts where a context is full: pack with best_fit" if _said(kind, call, "CUTS") else ""

    _hold(stood, "WHOLE", undone)


def _is_followed(stood: list[Stood]) -> None:
    for number, (_, kind, _, call) in enumerate(stood):
        allowed = _said(kind, call, "FOLLOWED_BY")
        for place, _, _, later in stood[number + 1 :] if allowed is not None else ():
            if later.name not in allowed:
                raise MisplacedError(place, f"{later.name} would undo what {call.name} does: put it before")


def _hold(stood: list[Stood], promise: str, undone: Callable[[str, Call], str]) -> None:
    """Refuse what stands after a unit that says ``promise`` and undoes it."""
    for number, (_, kind, _, call) in enumerate(stood):
        for place, later_kind, _, later in stood[number + 1 :] if _said(kind, call, promise) else ():
            if reason := undone(later_kind, later):
                raise MisplacedError(place, f"what {call.name} makes would be lost, since {reason}")


def _sees(stood: list[Stood]) -> None:
    for place, kind, attention, call in stood:
        wanted = _said(kind, call, "ATTENTION")
        if wanted and wanted != attention:
            raise MisplacedError(place, f"{call.name} is for contexts seen whole: pack with `attention: {wanted}`")
