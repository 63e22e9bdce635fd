"""What a select step needs of the recipe around it, and of the documents."""

from typing import Any

from schemas.errors import unknown
from schemas.recipe import Recipe

AFTER_REPEATS = ("score", "order", "pack")


def columns_of(settings: dict[str, Any]) -> list[str]:
    """Return the columns that a rule of acceptance with these settings goes by: its score and its strata."""
    score, by = settings.get("score"), settings.get("by") or []
    return list(dict.fromkeys([*([score] if score else []), *([by] if isinstance(by, str) else by)]))


def problem(recipe: Recipe, index: int) -> str | None:
    """Say what does not fit about the select step at ``index`` of the recipe, and what would; None if it fits."""
    step = recipe.steps[index]
    if len(step.calls) != 1:
        return f"select takes one unit, got {len(step.calls)}; write a step for each"
    settings = step.calls[0].settings
    others = [later.kind for later in recipe.steps[index + 1 :] if later.kind not in AFTER_REPEATS]
    if settings.get("shortfall") == "repeat" and others:
        return f"with `shortfall: repeat` the copies of documents are settled: no {others[0]} step may follow"
    by = settings.get("by") or []
    first = by if isinstance(by, str) else by[0] if by else ""
    quota = settings.get("quota")
    if isinstance(quota, dict):
        known = {"source": set(recipe.sources), "domain": {s.domain or name for name, s in recipe.sources.items()}}
        for name in quota if first in known else ():
            if name not in known[first]:
                return unknown(first, name, known[first])
    return None
