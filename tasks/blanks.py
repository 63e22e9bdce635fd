"""What a recipe leaves open: its sources, and parameters that stand as ``${name}`` in its steps."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from schemas.errors import RecipeError, unknown
from tasks.read._files import expand
from tasks.yaml_lines import MisplacedError, Place

PARAMETER = re.compile(r"\$\{(\w+)\}")
NAMED = re.compile(r"^([\w.-]+)=(.+)$", re.S)


@dataclass(frozen=True)
class Given:
    """What whoever runs a recipe gives it: inputs as ``PATTERN`` or ``NAME=PATTERN``, parameters by name.

    Inputs take the place of the recipe's sources. A pattern without a name makes each of its files a source, named by
    the file's name up to the first full stop. Relative paths are taken from the working directory.
    """

    inputs: tuple[str, ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def sources(self) -> dict[str, dict[str, list[str]]]:
        """The inputs as sources of a recipe."""
        found: dict[str, list[str]] = {}
        for given in self.inputs:
            named = NAMED.match(given)
            for name, path in [named.groups()] if named else _by_name(given):
                found.setdefault(name, []).append(path if "://" in path else str(Path(path).absolute()))
        return {name: {"path": paths} for name, paths in found.items()}


NOTHING = Given()


def given_words(inputs: list[str], parameters: list[str]) -> Given:
    """Return what words such as ``wiki=wiki/*.gz`` and ``terms=terms.txt`` give; RecipeError if one is no pair."""
    pairs = [NAMED.match(word) for word in parameters]
    for word, pair in zip(parameters, pairs, strict=True):
        if pair is None:
            raise RecipeError(f"expected NAME=VALUE, got '{word}'")
    return Given(tuple(inputs), {pair[1]: _read(pair[2]) for pair in pairs if pair})


def filled_in(data: dict[str, Any], given: Given) -> dict[str, Any]:
    """Return a recipe's data with its inputs and parameters in place; MisplacedError names a parameter left open."""
    known = data.get("parameters") or {}
    if not isinstance(known, dict):
        raise MisplacedError(("parameters",), f"expected a value or null for each parameter, got {known!r}")
    for name in given.parameters:
        if name not in known:
            raise RecipeError(unknown("parameter", name, known))
    values = {name: given.parameters.get(name, default) for name, default in known.items()}
    rest = {key: _filled(value, values, (key,)) for key, value in data.items() if key != "parameters"}
    return {**rest, "sources": given.sources} if given.inputs else rest


def _filled(value: Any, values: dict[str, Any], place: Place) -> Any:
    if isinstance(value, dict):
        return {key: _filled(item, values, (*place, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, values, (*place, index)) for index, item in enumerate(value)]
    if not isinstance(value, str) or not PARAMETER.search(value):
        return value
    whole = PARAMETER.fullmatch(value)
    if whole:
        return _value(whole[1], values, place)
    return PARAMETER.sub(lambda found: str(_value(found[1], values, place)), value)


def _value(name: str, values: dict[str, Any], place: Place) -> Any:
    if name not in values:
        raise MisplacedError(place, unknown("parameter", name, values))
    if values[name] is None:
        raise MisplacedError(place, f"give the parameter '{name}': --set {name}=VALUE")
    return values[name]


def _by_name(pattern: str) -> list[tuple[str, str]]:
    return [(Path(file.name).name.partition(".")[0] or file.name, file.path) for file in expand(pattern)]


def _read(word: str) -> Any:
    """A path from the working directory made absolute; a number as such; anything else as it is."""
    path = Path(word)
    if "://" not in word and (path.exists() or (path.parent != Path() and path.parent.is_dir())):
        return str(path.absolute())
    try:
        value = yaml.safe_load(word)
    except yaml.YAMLError:
        return word
    return value if isinstance(value, int | float | list) else word
