"""Settings that name files: taken from the recipe's folder, and known by what is in the files rather than by where."""

from dataclasses import dataclass
from typing import Any

from schemas.errors import InputError, RecipeError
from schemas.recipe import Call, Recipe
from tasks import parts, units
from tasks.read._files import expand, fingerprint


@dataclass(frozen=True)
class Files:
    """The files that one setting names: absolute paths or patterns, one or a list, and a hash of the content."""

    path: str | list[str]
    content: str


def files_of(recipe: Recipe, kind: str, call: Call) -> dict[str, Files]:
    """Return the files that a call's settings name, by setting; InputError if one is missing."""
    return {name: found for name in units.unit(kind, call.name).files if (found := _files(recipe, call.settings[name]))}


def try_files(recipe: Recipe, kind: str, call: Call) -> None:
    """Read the files that a call's settings name as its unit will; InputError if it could not."""
    unit, files = units.unit(kind, call.name), files_of(recipe, kind, call)
    read = getattr(unit.module, "read_files", None)
    if files and read:
        try:
            read(**units.accepted(read, found_at(call.settings, files)))
        except (InputError, RecipeError) as error:
            raise type(error)(f"{call.name}: {error}") from None


def found_at(settings: dict[str, Any], files: dict[str, Files]) -> dict[str, Any]:
    """Return the settings with absolute paths."""
    return settings | {name: found.path for name, found in files.items()}


def known_by_content(settings: dict[str, Any], files: dict[str, Files]) -> dict[str, Any]:
    """Return the settings with hashes in place of paths, to name results by."""
    return settings | {name: found.content for name, found in files.items()}


def _files(recipe: Recipe, value: str | list[str] | None) -> Files | None:
    if not value:
        return None
    paths = [recipe.at(path) for path in ([value] if isinstance(value, str) else value)]
    prints = [(file.name, fingerprint(file.path)) for path in paths for file in expand(path)]
    return Files(paths[0] if isinstance(value, str) else paths, parts.key_of(prints))
