"""A YAML text with the line of each of its keys, so that what is wrong in a recipe is named with its line."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from schemas.errors import RecipeError

Place = tuple[str | int, ...]
YAML_TAG = "tag:yaml.org,2002:"


class MisplacedError(RecipeError):
    """An error at a place in the recipe, given as keys and indices from the top."""

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(message)
        self.place = place


@dataclass(frozen=True)
class Document:
    """A YAML text with the line of each of its keys."""

    name: str
    data: dict[str, Any]
    lines: dict[Place, int]

    def known(self, place: Place) -> Place:
        """Return the part of a place that this file has; one key of it at least."""
        return next((place[:n] for n in range(len(place), 1, -1) if place[:n] in self.lines), place[:1])

    def error(self, place: Place, message: str) -> RecipeError:
        """Return the error for a place in this file."""
        line = next((self.lines[place[:n]] for n in range(len(place), -1, -1) if place[:n] in self.lines), 1)
        where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
        return RecipeError(f"recipe {self.name}, line {line}{', ' + where if where else ''}: {message}")


def read_lines(text: str, name: str) -> Document:
    """Read a YAML mapping; RecipeError names the line of what is not valid, given twice or not a name."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RecipeError(f"recipe {name} is not valid YAML: {error}") from None
    if not isinstance(data, dict) or node is None:
        raise RecipeError(f"recipe {name}: expected keys such as name, sources and steps")
    lines: dict[Place, int] = {}
    for place, mark, wrong in _walk(node, ()):
        if wrong:
            raise RecipeError(f"recipe {name}, line {mark}: key '{place[-1]}' {wrong}")
        lines[place] = mark
    return Document(name, data, lines)


def _walk(node: yaml.Node, place: Place) -> Iterator[tuple[Place, int, str]]:
    yield place, node.start_mark.line + 1, ""
    if isinstance(node, yaml.SequenceNode):
        for index, child in enumerate(node.value):
            yield from _walk(child, (*place, index))
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, child in node.value:
            where, line = (*place, key.value), key.start_mark.line + 1
            if key.value in seen:
                yield where, line, "is given twice"
            if key.tag.removeprefix(YAML_TAG) not in ("str", "merge"):
                # YAML reads `no` as false and `2024_01` as a number; a name must come out as it was written.
                yield where, line, f"is read as {key.tag.removeprefix(YAML_TAG)}; put it in quotes"
            seen.add(key.value)
            yield from _walk(child, where)
            yield where, line, ""
