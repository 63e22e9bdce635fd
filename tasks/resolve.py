"""A recipe file read, checked against the registry and filled in with every default, before any work starts."""

from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from schemas.errors import InputError, RecipeError, UnitError, unknown
from schemas.recipe import Call, InlineRule, Kind, Recipe, Source, Step, Tokenizer, inline_rule
from schemas.rule import Rule
from tasks import units
from tasks.blanks import NOTHING, Given, filled_in
from tasks.check import ONCE, check
from tasks.probe import probe
from tasks.read._files import FileRef, expand
from tasks.yaml_lines import MisplacedError, Place, read_lines

STEPS: tuple[Kind, ...] = get_args(Kind)
OWN: dict[Kind, tuple[str, ...]] = {"reweight": ("by",), "score": ("where",), "pack": ("attention",)}
KEYS = ("parameters", *(key for key in Recipe.model_fields if key != "folder"))


def load(path: Path, given: Given = NOTHING) -> Recipe:
    """Read a recipe; relative source and tokenizer paths are taken from the recipe's folder.

    Raises RecipeError with the file, the line, the place and what would be right.
    """
    if not path.is_file():
        raise RecipeError(f"no recipe at {path}")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RecipeError(f"recipe {path.name} is not UTF-8: {error}") from None
    return parse(text, name=path.name, folder=path.parent, given=given)


def find_inputs(path: Path, recipe: Recipe, given: Given = NOTHING) -> dict[str, list[FileRef]]:
    """Return the files of each source of a recipe read from ``path``; InputError names the source and its line."""
    return {name: _found(path, recipe, name, given) for name in recipe.sources}


def _found(path: Path, recipe: Recipe, name: str, given: Given) -> list[FileRef]:
    try:
        return expand([recipe.at(each) for each in recipe.sources[name].path])
    except InputError as error:
        if given.inputs:
            raise InputError(f"input {name}: {error}") from None
        document = read_lines(path.read_text(encoding="utf-8"), path.name)
        raise InputError(str(document.error(("sources", name), str(error)))) from None


def parse(text: str, *, name: str = "recipe", folder: Path | None = None, given: Given = NOTHING) -> Recipe:
    """Read a recipe from its YAML text."""
    document = read_lines(text, name)
    try:
        for key in document.data:
            if key not in KEYS:
                raise MisplacedError((key,), unknown("key", key, KEYS))
        data = filled_in(document.data, given)
        resolved = {
            **data,
            "sources": _sources(data.get("sources")),
            "steps": _steps(data.get("steps")),
            "export": _exports(data.get("export", ["parquet"])),
            "tokenizer": _tokenizer(data.get("tokenizer")),
            "folder": folder or Path(),
        }
        recipe = Recipe.model_validate(resolved)
        check(recipe)
    except MisplacedError as error:
        raise document.error(error.place, str(error)) from None
    except ValidationError as error:
        first = error.errors()[0]
        message = first["msg"].removeprefix("Value error, ")
        value = "" if first["type"] == "missing" else f" (got {first['input']!r})"
        raise document.error(document.known(first["loc"]), message + value) from None
    return recipe


def _mapping(value: Any, place: Place, what: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise MisplacedError(place, f"expected {what}, got {value!r}")
    return value


def _sources(value: Any) -> dict[str, Any]:
    sources = _mapping(value, ("sources",), "a name and a path for each source")
    if not sources:
        raise MisplacedError(("sources",), "a recipe needs at least one source, here or as --input PATTERN")
    for name, source in sources.items():
        sources[name] = _source(source, ("sources", name))
    return sources


def _source(given: Any, place: Place) -> dict[str, Any]:
    source = _mapping({"path": given} if isinstance(given, str | list) else given, place, "a path or settings")
    for key in source:
        if key not in Source.model_fields:
            raise MisplacedError((*place, key), unknown("key of a source", key, Source.model_fields))
    if source.get("format") and source["format"] not in units.names("read"):
        raise MisplacedError((*place, "format"), unknown("format", str(source["format"]), units.names("read")))
    if "path" not in source:
        raise MisplacedError(place, "a source needs a path")
    paths = source["path"] if isinstance(source["path"], list) else [source["path"]]
    if not paths:
        raise MisplacedError((*place, "path"), "a source needs at least one path")
    for path in paths:
        if not isinstance(path, str) or not path:
            raise MisplacedError((*place, "path"), f"expected a path, got {path!r}")
    _check_reader(source, place)
    return {**source, "path": paths}


def _check_reader(source: dict[str, Any], place: Place) -> None:
    settings = _mapping(source.get("reader"), (*place, "reader"), "settings of the reader")
    if not settings:
        return
    readers = [units.unit("read", name) for name in units.names("read") if source.get("format") in (None, name)]
    known = {name for reader in readers for name in reader.settings}
    for key in settings:
        if key not in known:
            raise MisplacedError((*place, "reader", key), unknown("setting of the reader", key, known))
    try:
        next(reader for reader in readers if set(settings) <= set(reader.settings)).resolve(settings)
    except StopIteration:
        raise MisplacedError((*place, "reader"), "no one reader has all of these settings") from None
    except RecipeError as error:
        raise MisplacedError((*place, "reader"), str(error)) from None


def _tokenizer(value: Any) -> dict[str, Any]:
    tokenizer = _mapping({"file": value} if isinstance(value, str) else value, ("tokenizer",), "a file")
    for key in tokenizer:
        if key not in Tokenizer.model_fields:
            raise MisplacedError(("tokenizer", key), unknown("key of the tokenizer", key, Tokenizer.model_fields))
    return tokenizer


def _exports(value: Any) -> list[Call]:
    return [_call("write", item, ("export", index)) for index, item in enumerate(_items(value, ("export",)))]


def _items(given: Any, place: Place) -> list[Any]:
    """Several units, however they are written: one name, a list, or a mapping with the settings of each."""
    if given is None:
        return []
    if isinstance(given, str):
        return [given]
    if isinstance(given, dict):
        return [{name: settings} for name, settings in given.items()]
    if isinstance(given, list):
        return given
    raise MisplacedError(place, f"expected a unit or a list of them, got {given!r}")


def _steps(value: Any) -> list[Step]:
    if value is not None and not isinstance(value, list):
        raise MisplacedError(("steps",), "steps are a list, each item one step such as `- filter: [gopher_quality]`")
    return [_step(step, ("steps", index)) for index, step in enumerate(value or [])]


def _step(value: Any, place: Place) -> Step:
    if isinstance(value, str):
        value = {value: None}
    step = _mapping(value, place, "a step")
    for kind in step:
        if kind not in STEPS:
            raise MisplacedError((*place, kind), unknown("step", kind, STEPS))
    if len(step) != 1:
        raise MisplacedError(place, f"a step has one kind, got {', '.join(step) or 'none'}")
    kind = next(each for each in STEPS if each in step)
    given = step[kind]
    place = (*place, kind)
    if kind == "filter":
        return _filter(given, place)
    own = {key: given[key] for key in OWN.get(kind, ()) if isinstance(given, dict) and key in given}
    calls = _calls(kind, {k: v for k, v in given.items() if k not in own} if own else given, place)
    if kind in ONCE and len(calls) != 1:
        raise MisplacedError(place, f"{kind} takes one unit of {', '.join(units.names(kind))}; got {len(calls)}")
    if kind not in ("score", *ONCE) and not calls:
        raise MisplacedError(place, f"{kind} takes at least one unit of {', '.join(units.names(kind))}")
    if "where" in own:
        own["where"] = _where(own["where"], place)
    return Step(kind=kind, calls=tuple(calls), **own)


def _calls(kind: str, given: Any, place: Place) -> list[Call]:
    named = isinstance(given, dict)
    return [_call(kind, item, place if named else (*place, i)) for i, item in enumerate(_items(given, place))]


def _call(kind: str, item: Any, place: Place) -> Call:
    if isinstance(item, str):
        item = {item: None}
    if not isinstance(item, dict) or len(item) != 1:
        raise MisplacedError(place, f"expected a unit or `unit: {{setting: value}}`, got {item!r}")
    (name, settings), *_ = item.items()
    place = (*place, name) if isinstance(place[-1], str) else place
    try:
        found = units.unit(kind, str(name))
        resolved = found.resolve(_mapping(settings, place, "settings"))
        probe(found, resolved)
        return Call(name=str(name), settings=resolved)
    except MisplacedError:
        raise
    except (RecipeError, UnitError) as error:
        raise MisplacedError(place, str(error)) from None


def _filter(given: Any, place: Place) -> Step:
    calls: list[Call] = []
    rules: list[InlineRule] = []
    one_rule = isinstance(given, dict) and "rule" in given
    named = isinstance(given, dict) and not one_rule
    for index, item in enumerate([given] if one_rule else _items(given, place)):
        here = place if named else (*place, index)
        if isinstance(item, dict) and "rule" in item:
            rules.append(_inline(item, here))
        elif isinstance(item, str) and not item.isidentifier():
            rules.append(_inline({"rule": item}, here))
        else:
            calls.append(_call("filter", item, here))
    if not calls and not rules:
        raise MisplacedError(place, "a filter needs a rule or a rule set")
    return Step(kind="filter", calls=tuple(calls), rules=tuple(rules))


def _inline(item: dict[str, Any], place: Place) -> InlineRule:
    keys = ("rule", "name", "quantile", "per", "thresholds", "where", "missing")
    for key in item:
        if key not in keys:
            raise MisplacedError((*place, key), unknown("key of a rule", key, keys))
    rule = _rule(item, place)
    changes: dict[str, Any] = {key: item[key] for key in ("quantile", "per", "thresholds", "missing") if key in item}
    if "where" in item:
        changes["where"] = _where(item["where"], place)
    named = Rule(str(item.get("name", rule.rule.name)), rule.rule.score, rule.rule.operator, rule.rule.threshold)
    try:
        rule = InlineRule.model_validate({**rule.model_dump(), **changes, "rule": named})
    except ValidationError as error:
        raise MisplacedError(place, error.errors()[0]["msg"]) from None
    if rule.thresholds and not rule.per:
        raise MisplacedError(place, "thresholds for single values need `per`: the column whose values they are for")
    if rule.quantile is not None and not 0 <= rule.quantile <= 1:
        raise MisplacedError(place, f"a quantile is a number from 0 to 1, got {rule.quantile}")
    return rule


def _rule(item: dict[str, Any], place: Place) -> InlineRule:
    try:
        return inline_rule(str(item["rule"]))
    except RecipeError as error:
        raise MisplacedError(place, str(error)) from None


def _where(given: Any, place: Place) -> Rule:
    found = _rule({"rule": given}, (*place, "where"))
    if found.quantile is not None:
        raise MisplacedError((*place, "where"), f"'{given}' needs a number rather than a quantile")
    return found.rule
