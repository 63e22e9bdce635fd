"""A recipe file read, checked against the registry and filled in with every default, before any work starts."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import ValidationError

from schemas.errors import RecipeError, UnitError, unknown
from schemas.recipe import Call, InlineRule, Kind, Recipe, Source, Step, Tokenizer, inline_rule
from schemas.rule import Rule, RuleSet
from schemas.tables import tables
from tasks import units
from tasks.probe import probe

Path_ = tuple[str | int, ...]
STEPS: tuple[Kind, ...] = get_args(Kind)
KEYS = tuple(key for key in Recipe.model_fields if key != "folder")
ONCE: tuple[Kind, ...] = ("reweight", "order", "pack")
RANK = {kind: rank for rank, kind in enumerate(ONCE)}
YAML_TAG = "tag:yaml.org,2002:"


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

    def known(self, place: Path_) -> Path_:
        """Return the part of a place that this file has; one key of it at least."""
        return next((place[:n] for n in range(len(place), 1, -1) if place[:n] in self.lines), place[:1])

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
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RecipeError(f"recipe {path.name} is not UTF-8: {error}") from None
    return parse(text, name=path.name, folder=path.parent)


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
        raise document.error(document.known(first["loc"]), first["msg"].removeprefix("Value error, ")) from None
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
    for place, mark, wrong in _walk(node, ()):
        if wrong:
            raise RecipeError(f"recipe {name}, line {mark}: key '{place[-1]}' {wrong}")
        lines[place] = mark
    return Document(name, data, lines)


def _walk(node: yaml.Node, place: Path_) -> Iterator[tuple[Path_, int, str]]:
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
        sources[name] = _source(source, ("sources", name))
    return sources


def _source(given: Any, place: Path_) -> dict[str, Any]:
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


def _check_reader(source: dict[str, Any], place: Path_) -> None:
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


def _items(given: Any, place: Path_) -> list[Any]:
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
    named = isinstance(given, dict)
    return [_call(kind, item, place if named else (*place, i)) for i, item in enumerate(_items(given, place))]


def _call(kind: str, item: Any, place: Path_) -> Call:
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


def _filter(given: Any, place: Path_) -> Step:
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
    if rule.quantile is not None and not 0 <= rule.quantile <= 1:
        raise MisplacedError(place, f"a quantile is a number from 0 to 1, got {rule.quantile}")
    return rule


def columns() -> dict[str, bool]:
    """Return the columns that rules may compare: name to whether it holds labels."""
    scores = [column for scorer in units.units("score") for column in scorer.columns]
    found = [*tables()["documents"].columns, *scores]
    return {c.name: c.type == "VARCHAR" for c in found if c.type != "BLOB" and not c.type.endswith("[]")}


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
        late = [kind for kind in order[:index] if kind in ONCE and ONCE.index(kind) > RANK.get(step.kind, -1)]
        if late:
            raise MisplacedError(place, f"{step.kind} must come before {late[0]}")
        for name in _columns_used(step):
            if name not in known:
                raise MisplacedError(place, unknown("score", name, known))
        for call in step.calls if step.kind in ("deduplicate", "order") else ():
            for setting in ("prefer", "score"):
                if known.get(str(call.settings.get(setting))):
                    raise MisplacedError(place, f"{call.name} needs numbers; {call.settings[setting]} holds labels")
        if step.kind == "filter":
            _check_rules(step, known, place)
            _check_values(recipe, step, place)
    _check_scorers(recipe)


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
        if known[rule.score] and (inline.quantile is not None or inline.thresholds):
            raise MisplacedError(
                place, f"rule '{rule.name}': {rule.score} holds labels, which have no quantiles or thresholds"
            )
        if known[rule.score] != isinstance(rule.threshold, str):
            kind = "labels" if known[rule.score] else "numbers"
            raise MisplacedError(place, f"rule '{rule.name}': {rule.score} holds {kind}, got {rule.threshold!r}")
        numbers = [value for value in (rule.threshold, *inline.thresholds.values()) if not isinstance(value, str)]
        if not all(map(isfinite, numbers)):
            raise MisplacedError(place, f"rule '{rule.name}': a threshold is a finite number, got {numbers[0]}")


def _check_values(recipe: Recipe, step: Step, place: Path_) -> None:
    """Sources and domains are known before any document is read: thresholds for others are a mistake."""
    domains = {source.domain or name for name, source in recipe.sources.items()}
    for inline in step.rules:
        values = {"source": set(recipe.sources), "domain": domains}.get(inline.per or "")
        for value in inline.thresholds if values else ():
            if value not in (values or ()):
                raise MisplacedError(place, unknown(str(inline.per), value, values or ()))


def _check_scorers(recipe: Recipe) -> None:
    asked: dict[str, Call] = {}
    for index, step in enumerate(recipe.steps):
        for call in step.calls if step.kind == "score" else ():
            if asked.setdefault(call.name, call) != call:
                raise MisplacedError(("steps", index), f"{call.name} is asked for twice with different settings")


def needed_scorers(step: Step) -> set[str]:
    """Return the scorers whose columns a step uses."""
    return {units.scorer_of()[name] for name in _columns_used(step) if name in units.scorer_of()}
