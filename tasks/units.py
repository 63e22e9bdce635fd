"""The registry of units: a folder listing. A file ``tasks/KIND/NAME.py`` with a public object NAME is a unit."""

import inspect
import re
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from schemas.errors import GristmillError, RecipeError, UnitError, unknown
from schemas.recipe import FilePath, Kind
from schemas.rule import RuleSet
from schemas.table import Column
from tasks import draw
from tasks.environment import environment, hash_of

KINDS = ("read", *get_args(Kind), "write")
HOME = Path(__file__).parent
PLAIN = re.compile(r"\s+")


@dataclass(frozen=True)
class Unit:
    """One method in one file: its kind and name; the rest is read from the file."""

    kind: str
    name: str

    @property
    def module(self) -> ModuleType:
        """The imported file."""
        return import_module(f"tasks.{self.kind}.{self.name}")

    @property
    def call(self) -> Any:
        """The unit's public object: a function, or the data of a rule set."""
        return getattr(self.module, self.name)

    def apply(self, *things: Any, **given: Any) -> Any:
        """Call the unit on ``things`` with what it has keyword-only parameters for; UnitError naming it if it fails."""
        with blamed(self):
            return self.call(*things, **accepted(self.call, given))

    @property
    def measure(self) -> Callable[..., Any] | None:
        """What the unit computes in the pass over the text, if anything."""
        return self.call if self.kind == "score" else getattr(self.module, "measure", None)

    @property
    def fit(self) -> Callable[..., Any] | None:
        """How the unit learns from a sample before it can measure, if it has to."""
        return getattr(self.module, "fit", None)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns that ``measure`` gives whatever its settings."""
        if hasattr(self.module, "columns"):
            return ()
        declared = getattr(self.module, "COLUMNS", None)
        return tuple(declared) if declared else (Column(self.name, "DOUBLE", self.meaning),)

    def columns_with(self, settings: dict[str, Any]) -> tuple[Column, ...]:
        """The columns that ``measure`` gives with these settings."""
        named = getattr(self.module, "columns", None)
        return tuple(named(**accepted(named, settings))) if named else self.columns

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that the unit was checked on; none if it does not depend on the language."""
        return tuple(getattr(self.module, "LANGUAGES", ()))

    @property
    def files(self) -> tuple[str, ...]:
        """The settings that name files."""
        return tuple(name for name, (kind, _) in self.settings.items() if _names_files(kind))

    @property
    def needs(self) -> tuple[str, ...]:
        """The columns of documents that the unit asks for, beyond those that all of its kind get."""
        return tuple(getattr(self.module, "NEEDS", ()))

    @property
    def fitted_by(self) -> str | None:
        """Of an editor: the scorer that has to learn before it can edit, if it applies what one has learnt."""
        return getattr(self.module, "FITTED_BY", None)

    @property
    def note(self) -> dict[str, str]:
        """Of a writer: what its files carry, what they cannot, and how a trainer must be set to keep the order."""
        return dict(getattr(self.module, "NOTE", {}))

    @property
    def meaning(self) -> str:
        """The unit in one line."""
        if isinstance(self.call, RuleSet):
            return self.call.meaning
        return (inspect.getdoc(self.call) or "").partition("\n")[0]

    @property
    def source(self) -> str:
        """Where the method comes from, as its docstring or its rule set says."""
        if isinstance(self.call, RuleSet):
            return self.call.source
        for text in (inspect.getdoc(self.call), inspect.getdoc(self.module)):
            found = re.search(r"^Source:\s*(.+?)(?:\n\s*\n|\Z)", text or "", re.M | re.S)
            if found:
                return PLAIN.sub(" ", found[1]).strip()
        return ""

    @property
    def settings(self) -> dict[str, tuple[Any, Any]]:
        """The unit's settings: name to (type, default); ``...`` as default means that it must be given."""
        if isinstance(self.call, RuleSet):
            return self.call.settings
        hooks = [getattr(self.module, name) for name in HOOKS if hasattr(self.module, name)]
        return {name: setting for function in (*hooks, self.call) for name, setting in keywords(function).items()}

    @property
    def required(self) -> list[str]:
        """The settings that have no default."""
        return [name for name, (_, default) in self.settings.items() if default is ...]

    @property
    def fingerprint(self) -> str:
        """Hash of what decides its results: its file, its folder's shared files, the text engine, the libraries."""
        return _code(self.kind, self.name, "score" if self.fitted_by else self.kind)

    def resolve(self, given: dict[str, Any] | None) -> dict[str, Any]:
        """Return all settings with the ``given`` ones checked and the defaults filled in.

        Raises RecipeError naming the setting, its value and what would be right.
        """
        given = given or {}
        settings = self.settings
        for key in given:
            if key not in settings:
                raise RecipeError(unknown(f"setting of {self.name}", key, settings))
        try:
            resolved = _model(self).model_validate(given).model_dump()
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"][:1])
            value = "" if first["type"] == "missing" else f" (got {first['input']!r})"
            raise RecipeError(f"setting '{place}' of {self.name}: {first['msg']}{value}") from None
        idle = self.call.idle(resolved) if isinstance(self.call, RuleSet) else []
        if idle:
            raise RecipeError(f"setting '{idle[0]}' of {self.name}: its variant {resolved['variant']} has no such rule")
        return resolved


# What the units of a kind are called on, and what a run has for those with such keyword-only parameters: no settings.
TAKEN: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "score": (("batch",), ("fitted",)),
    "annotate": (("documents",), ("seed",)),
    "edit": (("batch",), ("fitted",)),
    "decontaminate": (("batch",), ("fitted",)),
    "select": (("documents",), ("seed",)),
    "reweight": (("domains",), ()),
    "order": (("documents",), ("seed", "measured", "folder", "mapper")),
    "pack": (("documents",), ("seed",)),
    "transform": (("contexts",), ("seed", "documents", "encode", "vocabulary", "end_of_text", "packed")),
}
INTERNAL = {"full_context", *(name for _, own in TAKEN.values() for name in own)}
HOOKS = ("fit", "index", "columns", "handling", "files", "special_tokens")


def _names_files(kind: Any) -> bool:
    return kind == FilePath or any(_names_files(part) for part in get_args(kind) if part != "path")


def keywords(function: Callable[..., Any]) -> dict[str, tuple[Any, Any]]:
    """Return a function's keyword-only parameters but the run's own: name to (type, default)."""
    hints = get_type_hints(function, include_extras=True)
    return {
        name: (hints.get(name, Any), ... if p.default is p.empty else p.default)
        for name, p in inspect.signature(function).parameters.items()
        if p.kind is p.KEYWORD_ONLY and name not in INTERNAL
    }


@contextmanager
def blamed(unit: Unit, doing: str = "") -> Iterator[None]:
    """Make one line of what a unit raises: what it failed at, how, and at which line of its file.

    Errors with advice of their own come through as they are.
    """
    try:
        yield
    except GristmillError:
        raise
    except Exception as error:
        raise UnitError(f"{unit.kind} {unit.name} failed{doing}: {told(unit, error)}") from error


def told(unit: Unit, error: Exception) -> str:
    """Return what a unit raised, in one line, and the last line of its file that ran before."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == unit.module.__file__]
    return f"{type(error).__name__}: {error} ({place(unit, lines[-1] if lines else None)})"


def place(unit: Unit, line: int | None = None) -> str:
    """Return a line of a unit's file, by default that of its function, for a message."""
    return f"{unit.name}.py, line {line or inspect.getsourcelines(unit.call)[1]}"


def parameters(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """Return a function's parameters by name, in order."""
    return dict(inspect.signature(function).parameters)


def accepted(function: Callable[..., Any], settings: dict[str, Any]) -> dict[str, Any]:
    """Return the ``settings`` that ``function`` has keyword-only parameters for."""
    return {
        name: settings[name]
        for name, p in parameters(function).items()
        if p.kind is p.KEYWORD_ONLY and name in settings
    }


@cache
def names(kind: str) -> tuple[str, ...]:
    """Return the names of all units of ``kind``, by listing its folder."""
    return tuple(sorted(file.stem for file in (HOME / kind).glob("*.py") if not file.stem.startswith("_")))


def unit(kind: str, name: str) -> Unit:
    """Return a unit by name; RecipeError names the nearest one when there is none."""
    if name not in names(kind):
        raise RecipeError(unknown("rule set" if kind == "filter" else f"unit to {kind}", name, names(kind)))
    return Unit(kind, name)


def units(kind: str | None = None) -> list[Unit]:
    """Return all units, of one kind or of every kind."""
    return [Unit(k, name) for k in ([kind] if kind else KINDS) for name in names(k)]


@cache
def _model(unit: Unit) -> type[BaseModel]:
    return create_model(unit.name, __config__=ConfigDict(extra="forbid"), **unit.settings)  # type: ignore[call-overload]


@cache
def _code(kind: str, name: str, applied: str) -> str:
    """``applied``: the kind whose shared files the unit imports beside those of its own."""
    shared = [file for each in dict.fromkeys((kind, applied)) for file in sorted((HOME / each).glob("_*.py"))]
    shared += [*sorted((HOME / "text").glob("*.py")), Path(draw.__file__)]
    return hash_of([HOME / kind / f"{name}.py", *shared]) + environment()
