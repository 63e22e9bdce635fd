"""A recipe file read, checked against the registry and filled in with every default, before any work starts."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import ValidationError

from schemas.errors import RecipeError, unknown
from schemas.recipe import Call, InlineRule, Kind, Recipe, Source, Step, inline_rule
from schemas.rule import Rule, RuleSet
from schemas.tables import tables
from tasks import units

Path_ = tuple[str | int, ...]
STEPS: tuple[Kind, ...] = get_args(Kind)
KEYS = tuple(key for key in Recipe.model_fields if key != "folder")
ONCE: tuple[Kind, ...] = ("reweight", "order", "pack")
LABEL_COLUMNS = ("source", "domain", "url", "id", "created", "declared_language", "license", "file")


class MisplacedError(RecipeError):
    """An error at a place in the recipe, given as keys and indices from the top."""

    def __init__(self, place: Path_, message: str) -> None:
        super().__init__(message)
        self.place = place


@dataclass(frozen=True)
class Document:
    """A YAML text with the line of each of its keys."""

    name: str
    data: dict[str, Any]
    lines: dict[Path_, int]

    def error(self, place: Path_, message: str) -> RecipeError:
        """Return the error for a place in this file."""
        line = next((self.lines[place[:n]] for n in range(len(place), -1, -1) if place[:n] in self.lines), 1)
        where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
        return RecipeError(f"recipe {self.name}, line {line}{', ' + where if where else ''}: {message}")


def load(path: Path) -> Recipe:
    """Read a recipe; relative source and tokenizer paths are taken from the recipe's folder.

    Raises RecipeError with the file, the line, the place and what would be right.
    """
    if not path.is_file():
        raise RecipeError(f"no recipe at {path}")
    return parse(path.read_text(encoding="utf-8"), name=path.name, folder=path.parent)


def parse(text: str, *, name: str = "recipe", folder: Path | None = None) -> Recipe:
    """Read a recipe from its YAML text."""
    document = _document(text, name)
    data = document.data
    try:
        for key in data:
            if key not in KEYS:
                raise MisplacedError((key,), unknown("key", key, KEYS))
        resolved = {
            **data,
            "sources": _sources(data.get("sources")),
            "steps": _steps(data.get("steps")),
            "export": _exports(data.get("export", ["parquet"])),
            "tokenizer": _tokenizer(data.get("tokenizer")),
            "folder": folder or Path(),
        }
        recipe = Recipe.model_validate(resolved)
        _check(recipe)
    except MisplacedError as error:
        raise document.error(error.place, str(error)) from None
    except ValidationError as error:
        first = error.errors()[0]
        raise document.error(tuple(first["loc"]), first["msg"].removeprefix("Value error, ")) from None
    return recipe


def _document(text: str, name: str) -> Document:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RecipeError(f"recipe {name} is not valid YAML: {error}") from None
    if not isinstance(data, dict) or node is None:
        raise RecipeError(f"recipe {name}: expected keys such as name, sources and steps")
    lines: dict[Path_, int] = {}
    for place, mark, repeated in _walk(node, ()):
        if repeated:
            raise RecipeError(f"recipe {name}, line {mark}: key '{place[-1]}' is given twice")
        lines[place] = mark
    return Document(name, data, lines)


def _walk(node: yaml.Node, place: Path_) -> Iterator[tuple[Path_, int, bool]]:
    yield place, node.start_mark.line + 1, False
    if isinstance(node, yaml.SequenceNode):
        for index, child in enumerate(node.value):
            yield from _walk(child, (*place, index))
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, child in node.value:
            if key.value in seen:
                yield (*place, key.value), key.start_mark.line + 1, True
            seen.add(key.value)
            yield from _walk(child, (*place, key.value))
            yield (*place, key.value), key.start_mark.line + 1, False


def _mapping(value: Any, place: Path_, what: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise MisplacedError(place, f"expected {what}, got {value!r}")
    return value


def _sources(value: Any) -> dict[str, Any]:
    sources = _mapping(value, ("sources",), "a name and a path for each source")
    if not sources:
        raise MisplacedError(("sources",), "a recipe needs at least one source")
    for name, source in sources.items():
        place: Path_ = ("sources", name)
        if isinstance(source, str | list):
            source = {"path": source}
        for key in _mapping(source, place, "a path or settings"):
            if key not in Source.model_fields:
                raise MisplacedError((*place, key), unknown("key of a source", key, Source.model_fields))
        if source.get("format") and source["format"] not in units.names("read"):
            raise MisplacedError((*place, "format"), unknown("format", source["format"], units.names("read")))
        if "path" not in source:
            raise MisplacedError(place, "a source needs a path")
        paths = source["path"] if isinstance(source["path"], list) else [source["path"]]
        if not paths:
            raise MisplacedError((*place, "path"), "a source needs at least one path")
        sources[name] = {**source, "path": [str(path) for path in paths]}
    return {str(name): source for name, source in sources.items()}


def _tokenizer(value: Any) -> dict[str, Any]:
    return _mapping({"file": value} if isinstance(value, str) else value, ("tokenizer",), "a file")


def _exports(value: Any) -> list[Call]:
    if isinstance(value, str | dict):
        value = [value]
    return [_call("write", item, ("export", index)) for index, item in enumerate(value or [])]


def _steps(value: Any) -> list[Step]:
    if value is not None and not isinstance(value, list):
        raise MisplacedError(("steps",), "steps are a list, each item one step such as `- filter: [gopher_quality]`")
    return [_step(step, ("steps", index)) for index, step in enumerate(value or [])]


def _step(value: Any, place: Path_) -> Step:
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
    if kind == "reweight" and isinstance(given, dict):
        by = given.get("by", "domain")
        calls = _calls(kind, {k: v for k, v in given.items() if k != "by"}, place)
    else:
        by, calls = "domain", _calls(kind, given, place)
    if kind in ONCE and len(calls) != 1:
        raise MisplacedError(place, f"{kind} takes one unit of {', '.join(units.names(kind))}; got {len(calls)}")
    if kind == "deduplicate" and not calls:
        raise MisplacedError(place, f"deduplicate takes at least one unit of {', '.join(units.names(kind))}")
    return Step(kind=kind, calls=tuple(calls), by=str(by))


def _calls(kind: str, given: Any, place: Path_) -> list[Call]:
    if given is None:
        return []
    if isinstance(given, str):
        given = [given]
    if isinstance(given, dict):
        return [_call(kind, {name: settings}, place) for name, settings in given.items()]
    return [_call(kind, item, (*place, index)) for index, item in enumerate(given)]


def _call(kind: str, item: Any, place: Path_) -> Call:
    if isinstance(item, str):
        item = {item: None}
    if not isinstance(item, dict) or len(item) != 1:
        raise MisplacedError(place, f"expected a unit or `unit: {{setting: value}}`, got {item!r}")
    (name, settings), *_ = item.items()
    place = (*place, name) if isinstance(place[-1], str) else place
    try:
        found = units.unit(kind, str(name))
        return Call(name=str(name), settings=found.resolve(_mapping(settings, place, "settings")))
    except MisplacedError:
        raise
    except RecipeError as error:
        raise MisplacedError(place, str(error)) from None


def _filter(given: Any, place: Path_) -> Step:
    if isinstance(given, str | dict):
        given = [given]
    calls: list[Call] = []
    rules: list[InlineRule] = []
    for index, item in enumerate(given or []):
        here = (*place, index)
        if isinstance(item, dict) and "rule" in item:
            rules.append(_inline(item, here))
        elif isinstance(item, str) and not item.isidentifier():
            rules.append(_inline({"rule": item}, here))
        else:
            calls.append(_call("filter", item, here))
    if not calls and not rules:
        raise MisplacedError(place, "a filter needs a rule or a rule set")
    return Step(kind="filter", calls=tuple(calls), rules=tuple(rules))


def _inline(item: dict[str, Any], place: Path_) -> InlineRule:
    keys = ("rule", "name", "quantile", "per", "thresholds")
    for key in item:
        if key not in keys:
            raise MisplacedError((*place, key), unknown("key of a rule", key, keys))
    try:
        rule = inline_rule(str(item["rule"]))
        changes = {key: item[key] for key in ("quantile", "per", "thresholds") if key in item}
        named = Rule(str(item.get("name", rule.rule.name)), rule.rule.score, rule.rule.operator, rule.rule.threshold)
        rule = InlineRule.model_validate({**rule.model_dump(), **changes, "rule": named})
    except ValidationError as error:
        raise MisplacedError(place, error.errors()[0]["msg"]) from None
    except RecipeError as error:
        raise MisplacedError(place, str(error)) from None
    if rule.thresholds and not rule.per:
        raise MisplacedError(place, "thresholds for single values need `per`: the column whose values they are for")
    return rule


def columns() -> dict[str, bool]:
    """Return the columns that rules may compare: name to whether it holds labels."""
    documents = {column.name: column.type == "VARCHAR" for column in tables()["documents"].columns}
    scores = {c.name: c.type == "VARCHAR" for scorer in units.units("score") for c in scorer.columns}
    return {**documents, **scores}


def rules_of(step: Step) -> Iterator[tuple[str, InlineRule, bool, str]]:
    """Yield every rule of a filter step as (rule set, rule, inverse, citation)."""
    for call in step.calls:
        rule_set: RuleSet = units.unit("filter", call.name).call
        for rule in rule_set.rules:
            threshold = call.settings[rule.name]
            changed = Rule(f"{call.name}.{rule.name}", rule.score, rule.operator, threshold)
            yield call.name, InlineRule(rule=changed), call.settings["inverse"], rule_set.source
    for inline in step.rules:
        yield "inline", inline, False, "recipe"


def _check(recipe: Recipe) -> None:
    known = columns()
    order = [step.kind for step in recipe.steps]
    for kind in ONCE:
        if order.count(kind) > 1:
            raise MisplacedError(("steps",), f"a recipe has one {kind} step, got {order.count(kind)}")
    for index, step in enumerate(recipe.steps):
        place: Path_ = ("steps", index, step.kind)
        late = [kind for kind in order[:index] if STEPS.index(kind) > max(2, STEPS.index(step.kind))]
        if late:
            raise MisplacedError(place, f"{step.kind} must come before {late[0]}")
        for name in _columns_used(step):
            if name not in known:
                raise MisplacedError(place, unknown("score", name, known))
        if step.kind == "filter":
            _check_rules(step, known, place)


def _columns_used(step: Step) -> Iterator[str]:
    if step.kind == "filter":
        for _, inline, _, _ in rules_of(step):
            yield inline.rule.score
            if inline.per:
                yield inline.per
    if step.kind == "reweight":
        yield step.by
    for call in step.calls:
        for setting in ("score", "prefer"):
            if isinstance(call.settings.get(setting), str) and step.kind != "filter":
                yield call.settings[setting]


def _check_rules(step: Step, known: dict[str, bool], place: Path_) -> None:
    seen: set[str] = set()
    for _, inline, _, _ in rules_of(step):
        rule = inline.rule
        if rule.name in seen:
            raise MisplacedError(place, f"rule '{rule.name}' is given twice; give one of them a `name`")
        seen.add(rule.name)
        if known[rule.score] != isinstance(rule.threshold, str):
            kind = "labels" if known[rule.score] else "numbers"
            raise MisplacedError(place, f"rule '{rule.name}': {rule.score} holds {kind}, got {rule.threshold!r}")


def needed_scorers(step: Step) -> set[str]:
    """Return the scorers whose columns a step uses."""
    return {units.scorer_of()[name] for name in _columns_used(step) if name in units.scorer_of()}
