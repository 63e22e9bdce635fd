"""What must fit together in a recipe: steps in an order, scores that exist, rules that can be decided."""

from collections.abc import Iterable, Iterator
from math import isfinite

from schemas.errors import unknown
from schemas.recipe import Call, InlineRule, Kind, Recipe, Step, inline_rule
from schemas.rule import Rule, RuleSet, mismatch
from schemas.table import Column
from schemas.tables import tables
from tasks import units
from tasks.compose import check_composition
from tasks.select._fit import problem
from tasks.yaml_lines import MisplacedError, Place

ONCE: tuple[Kind, ...] = ("reweight", "order", "pack")
COLUMN_SETTINGS = ("score", "prefer", "by")
RANK = {"reweight": 1, "order": 2, "transform": 3, "pack": 3}


def columns(steps: Iterable[Step] = ()) -> dict[str, bool]:
    """Return the columns that rules may compare: name to whether it holds labels."""
    found = [*tables()["documents"].columns, *(column for column, _ in _scores(steps))]
    return {c.name: c.type == "VARCHAR" for c in found if c.type != "BLOB" and not c.type.endswith("[]")}


def scorer_of(steps: Iterable[Step] = ()) -> dict[str, str]:
    """Return which scorer gives each score; scores named by a scorer's settings are those of the ``steps``."""
    return {column.name: scorer for column, scorer in _scores(steps)}


def _scores(steps: Iterable[Step]) -> Iterator[tuple[Column, str]]:
    for scorer in units.units("score"):
        yield from ((column, scorer.name) for column in scorer.columns)
    for call in (call for step in steps if step.kind == "score" for call in step.calls):
        yield from ((column, call.name) for column in units.unit("score", call.name).columns_with(call.settings))


def rules_of(step: Step) -> Iterator[tuple[str, InlineRule, bool, str]]:
    """Yield every rule of a filter step as (rule set, rule, inverse, citation)."""
    for call in step.calls:
        rule_set: RuleSet = units.unit("filter", call.name).call
        for rule in rule_set.chosen(call.settings):
            threshold = call.settings[rule.name]
            changed = Rule(f"{call.name}.{rule.name}", rule.score, rule.operator, threshold)
            yield call.name, InlineRule(rule=changed), call.settings["inverse"], rule_set.source
    for inline in step.rules:
        yield "inline", inline, False, "recipe"


def needed_scorers(steps: Iterable[Step], step: Step) -> set[str]:
    """Return the scorers whose scores a step of the ``steps`` uses."""
    makers = scorer_of(steps)
    return {makers[name] for name in columns_used(step) if name in makers}


def columns_used(step: Step) -> Iterator[str]:
    """Yield the columns that a step compares or goes by."""
    if step.where:
        yield step.where.score
    if step.kind == "filter":
        for _, inline, _, _ in rules_of(step):
            yield inline.rule.score
            if inline.per:
                yield inline.per
            if inline.where:
                yield inline.where.score
        return
    if step.kind == "reweight":
        yield step.by
    if step.kind == "edit":
        yield from (rule.score for _, rule in applied_rules(step))
    for call in step.calls:
        yield from columns_of(step.kind, call)


def columns_of(kind: str, call: Call) -> Iterator[str]:
    """Yield the columns of documents and scores that a call goes by, as its settings name them."""
    for setting in COLUMN_SETTINGS:
        named = call.settings.get(setting)
        yield from [named] if isinstance(named, str) else named or ()
    uses = getattr(units.unit(kind, call.name).module, "uses", None)
    yield from uses(**units.accepted(uses, call.settings)) if uses else ()


def applied_rules(step: Step) -> Iterator[tuple[Call, Rule]]:
    """Yield the rules by which editors of an edit step apply what a scorer has learnt."""
    for call in step.calls:
        if units.unit("edit", call.name).fitted_by:
            yield call, inline_rule(call.settings["rule"]).rule


def check(recipe: Recipe) -> None:
    """Refuse a recipe whose steps do not fit together; MisplacedError says where."""
    known = columns(recipe.steps)
    order = [step.kind for step in recipe.steps]
    for kind in ONCE:
        if order.count(kind) > 1:
            raise MisplacedError(("steps",), f"a recipe has one {kind} step, got {order.count(kind)}")
    for index, step in enumerate(recipe.steps):
        place: Place = ("steps", index, step.kind)
        late = [kind for kind in order[:index] if RANK.get(kind, 0) > RANK.get(step.kind, 0)]
        if late:
            raise MisplacedError(place, f"{step.kind} must come before {late[0]}")
        for name in columns_used(step):
            if name not in known:
                raise MisplacedError(place, unknown("score", name, known))
        _check_numbers(step, known, place)
        if step.where:
            _check_kind("where", step.where, known, place)
        _check_learnt(recipe, index, place)
        _check_paragraphs(recipe, index, place)
        if step.kind == "edit":
            _check_applied(recipe, index, place)
        if step.kind == "filter":
            _check_rules(step, known, place)
            _check_values(recipe, step, place)
        if step.kind == "select" and (wrong := problem(recipe, index)):
            raise MisplacedError(place, wrong)
    _check_scorers(recipe)
    check_composition(recipe)
    _check_exports(recipe, "pack" in order or "transform" in order)


def _check_exports(recipe: Recipe, packed: bool) -> None:
    for index, call in enumerate(recipe.export):
        contents = getattr(units.unit("write", call.name).module, "CONTENTS", ("documents",))
        if not packed and "documents" not in contents:
            place: Place = ("export", index)
            raise MisplacedError(place, f"{call.name} holds contexts, and there are none without a pack step")


def _check_numbers(step: Step, known: dict[str, bool], place: Place) -> None:
    for call in step.calls if step.kind in ("deduplicate", "order", "select") else ():
        for setting in ("prefer", "score"):
            if known.get(str(call.settings.get(setting))):
                raise MisplacedError(place, f"{call.name} needs numbers; {call.settings[setting]} holds labels")


def _check_kind(what: str, rule: Rule, known: dict[str, bool], place: Place) -> None:
    """A comparison is of labels with labels, or of numbers with a number."""
    if wrong := mismatch(rule, known[rule.score]):
        raise MisplacedError(place, f"{what}: {wrong}")


def _check_learnt(recipe: Recipe, index: int, place: Place) -> None:
    """What a scorer has to learn first, or gives to some documents only, is there from its own step on."""
    step = recipe.steps[index]
    for call in step.calls if step.kind == "score" else ():
        labels = getattr(units.unit("score", call.name).module, "LABELLED", False)
        if labels and not any(s.kind == "annotate" for s in recipe.steps[:index]):
            raise MisplacedError(place, f"{call.name} learns from labels: an annotate step must come before it")
    before = [s for s in recipe.steps[:index] if s.kind == "score"]
    asked = {call.name for s in before for call in s.calls}
    anywhere = {call.name for s in recipe.steps if s.kind == "score" for call in s.calls}
    makers = scorer_of(recipe.steps)
    for name in columns_used(step):
        scorer = makers.get(name)
        if scorer and units.unit("score", scorer).fit and scorer not in asked:
            raise MisplacedError(place, f"{name} has to be learnt: ask for {scorer} in a score step before this one")
        if scorer and scorer not in anywhere and (lacking := units.unit("score", scorer).required):
            raise MisplacedError(place, f"{name} needs to know {lacking[0]}: ask for {scorer} in a score step")
    some = {call.name: str(s.where) for s in before if s.where for call in s.calls}
    for inline in step.rules:
        where = some.get(makers.get(inline.rule.score, ""))
        if where and not inline.where and inline.missing is None:
            raise MisplacedError(
                place,
                f"rule '{inline.rule.name}': {inline.rule.score} is given where {where} only; "
                f"say `where: {where}`, or `missing: keep` or `missing: drop`",
            )


def _check_applied(recipe: Recipe, index: int, place: Place) -> None:
    """An editor that applies what a scorer has learnt compares what that scorer gives, and it has learnt as it must."""
    known, makers = columns(recipe.steps), scorer_of(recipe.steps)
    learners = {call.name: call for step in recipe.steps[:index] if step.kind == "score" for call in step.calls}
    for call, rule in applied_rules(recipe.steps[index]):
        unit = units.unit("edit", call.name)
        if makers.get(rule.score) != unit.fitted_by:
            raise MisplacedError(place, f"{call.name} compares what {unit.fitted_by} gives; {rule.score} is not of it")
        settings = learners[makers[rule.score]].settings
        for name, value in getattr(unit.module, "FITTED_WITH", {}).items():
            if settings[name] != value:
                raise MisplacedError(place, f"{call.name} needs a {unit.fitted_by} with `{name}: {value}`")
        _check_kind(call.name, rule, known, place)


def _check_paragraphs(recipe: Recipe, index: int, place: Place) -> None:
    """Labels of paragraphs count those of the text that was labelled: who learns from them sees the same text."""
    step = recipe.steps[index]
    edits = [number for number, before in enumerate(recipe.steps[:index]) if _edits(before)]
    if step.kind == "score" and edits and any(map(_of_paragraphs, step.calls)):
        labelled = (i for i, s in enumerate(recipe.steps) if s.kind == "annotate" and any(map(_of_paragraphs, s.calls)))
        if next(labelled, index) < edits[-1]:
            raise MisplacedError(place, "paragraphs were labelled before an edit: learn from the labels before it, too")
    if step.kind == "annotate" and edits and any(call.settings.get("paragraph") for call in step.calls):
        raise MisplacedError(place, "a table's paragraphs are those of the text as read: put it before any edit")


def _of_paragraphs(call: Call) -> bool:
    return call.settings.get("unit") == "paragraph" or bool(call.settings.get("paragraph"))


def _edits(step: Step) -> bool:
    return step.kind == "edit" or any(call.settings.get("action") == "cut" for call in step.calls)


def _check_rules(step: Step, known: dict[str, bool], place: Place) -> None:
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
        _check_kind(f"rule '{rule.name}'", rule, known, place)
        if inline.where:
            _check_kind(f"rule '{rule.name}', where", inline.where, known, place)
        numbers = [value for value in (rule.threshold, *inline.thresholds.values()) if not isinstance(value, str)]
        if not all(map(isfinite, numbers)):
            raise MisplacedError(place, f"rule '{rule.name}': a threshold is a finite number, got {numbers[0]}")


def _check_values(recipe: Recipe, step: Step, place: Place) -> None:
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
