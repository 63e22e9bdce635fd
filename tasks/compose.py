"""What must fit together from the order to the last transform: what units say of themselves, held against the others.

A module of an order or transform says ``IN_TIME`` if contexts must come in the order of its documents, or names the
setting that makes it so; of a pack or transform, ``REORDERS`` if they do not; of a pack, ``CUTS`` if it cuts whatever
does not fit, and of a transform, ``WHOLE`` if what it makes must not be cut. A transform says where it stands
(``AFTER_PACK``), which ``ATTENTION`` it is for, and which transforms alone may follow it (``FOLLOWED_BY``).
"""

from collections.abc import Callable, Iterator
from typing import Any

from schemas.recipe import Call, Recipe
from tasks import units
from tasks.yaml_lines import MisplacedError, Place

Stood = tuple[Place, str, Call]  # the place in the recipe, the kind, the unit


def check_composition(recipe: Recipe) -> None:
    """Refuse an order, transforms and a pack that undo each other; MisplacedError says where and what would do."""
    stood = list(_stood(recipe))
    _check_side(stood)
    _check_kept(stood, "IN_TIME", _reordering)
    _check_attention(stood, next((step.attention for step in recipe.steps if step.kind == "pack"), "document"))
    _check_kept(stood, "WHOLE", _cutting)
    _check_followers(stood)


def _stood(recipe: Recipe) -> Iterator[Stood]:
    """Yield the units from the order on, in turn."""
    for index, step in enumerate(recipe.steps):
        if step.kind in ("order", "transform", "pack"):
            yield from ((("steps", index, step.kind), step.kind, call) for call in step.calls)


def _said(kind: str, call: Call, name: str) -> Any:
    return getattr(units.unit(kind, call.name).module, name, None)


def _check_side(stood: list[Stood]) -> None:
    packed = False
    for place, kind, call in stood:
        wanted = _said(kind, call, "AFTER_PACK")
        if wanted not in (None, packed):
            raise MisplacedError(place, f"{call.name} stands {'after' if wanted else 'before'} the pack step")
        packed = packed or kind == "pack"


def _check_kept(stood: list[Stood], promise: str, undoing: Callable[[str, Call], str]) -> None:
    """Refuse what stands after a unit that says ``promise`` and undoes it."""
    for number, (_, kind, call) in enumerate(stood):
        made = _made(kind, call, promise)
        for place, later_kind, later in stood[number + 1 :] if made else ():
            if reason := undoing(later_kind, later):
                raise MisplacedError(place, f"{made} would be lost, since {reason}")


def _made(kind: str, call: Call, promise: str) -> str:
    """Return what a unit that says ``promise`` makes; blank if it does not, or its setting does not ask for it."""
    said = _said(kind, call, promise)
    if isinstance(said, str):
        value = call.settings.get(said)
        return f"what {call.name} makes with `{said}: {value}`" if value else ""
    return f"what {call.name} makes" if said else ""


def _reordering(kind: str, call: Call) -> str:
    """Return how a unit puts contexts into another order, blank if it does not."""
    if kind == "pack" and call.settings.get("shuffle"):
        return f"{call.name} would shuffle the contexts: set `shuffle: false`"
    return f"{call.name} puts contexts into an order of its own" if _said(kind, call, "REORDERS") else ""


def _cutting(kind: str, call: Call) -> str:
    """Return how a unit cuts what must stay whole, blank if it does not."""
    return f"{call.name} cuts where a context is full: pack with best_fit" if _said(kind, call, "CUTS") else ""


def _check_attention(stood: list[Stood], attention: str) -> None:
    for place, kind, call in stood:
        wanted = _said(kind, call, "ATTENTION")
        if wanted not in (None, attention):
            raise MisplacedError(place, f"{call.name} is for contexts seen whole: pack with `attention: {wanted}`")


def _check_followers(stood: list[Stood]) -> None:
    for number, (_, kind, call) in enumerate(stood):
        allowed = _said(kind, call, "FOLLOWED_BY")
        for place, _, later in stood[number + 1 :] if allowed is not None else ():
            if later.name not in allowed:
                raise MisplacedError(place, f"{later.name} would undo what {call.name} does: put it before")
