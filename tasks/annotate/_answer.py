"""Answers read strictly: every label once (or twice alike), each in range; anything else is a problem with a name."""

import json
import re
from functools import cache
from math import ceil, floor
from typing import Any

from tasks.annotate._pack import Asked, Pack

Value = float | str
FENCED = re.compile(r"^```(?:json)?\s*\n(.*)\n\s*```$", re.DOTALL)
NUMBER = re.compile(r"^([-+]?\d+(?:\.\d+)?)(?![\d.]*\d)(?!\s*(?:-|–|to|or|,)\s*\d)(?:\s*/\s*(\d+(?:\.\d+)?))?")
WHOLE = re.compile(r"^[-+]?\d+(?:\.\d+)?$")
NONE = re.compile(r"^(?:n\.?\s*/?\s*a\b|none\b|null\b|_+\s*(?:/|$))", re.IGNORECASE)
THOUGHT = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
WRAPPING = " \t*_`\"'[]()"


class AnswerError(ValueError):
    """An answer that cannot be used; the message says why."""


def read_answer(pack: Pack, text: str, finish_reason: str | None = "stop") -> dict[str, Value]:
    """Return the values of an answer by label; AnswerError if it is cut off, lacks one, or has one that cannot be.

    What a model thinks aloud before it answers is no part of the answer.
    """
    if finish_reason == "length":
        raise AnswerError("the answer was cut off at its limit of tokens")
    text = THOUGHT.sub("", text)
    if not text.strip():
        raise AnswerError(f"the answer is empty (finish reason {finish_reason})")
    return READERS[pack.answer](pack, text.strip())


def _bare(pack: Pack, text: str) -> dict[str, Value]:
    [(name, asked)] = pack.labels.items()
    if asked.choices:
        return {name: _choice(asked, text)}
    said = text.strip(WRAPPING + ".")
    if not WHOLE.match(said):
        raise AnswerError(f"{asked.ask} is {said[:40]!r}, not a number")
    return {name: _number(asked, float(said))}


def _json(pack: Pack, text: str) -> dict[str, Value]:
    fenced = FENCED.match(text)
    try:
        found = json.loads(fenced[1] if fenced else text, object_pairs_hook=_once, parse_constant=_no_constant)
    except (json.JSONDecodeError, RecursionError) as error:
        raise AnswerError(f"not JSON: {error}") from None
    if not isinstance(found, dict):
        raise AnswerError(f"not a JSON object: {text[:40]!r}")
    missing = [name for name in pack.labels if name not in found]
    if missing:
        raise AnswerError(f"no {', '.join(missing)}")
    return {name: _member(asked, found[name]) for name, asked in pack.labels.items()}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found and found[name] != value:
            raise AnswerError(f"{name} is given twice: {found[name]!r} and {value!r}")
        found[name] = value
    return found


def _no_constant(name: str) -> float:
    raise AnswerError(f"{name} is no number")


def _member(asked: Asked, value: Any) -> Value:
    if asked.choices:
        if not isinstance(value, str):
            raise AnswerError(f"{asked.ask} is {value!r}, not one of {', '.join(asked.choices)}")
        return _choice(asked, value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise AnswerError(f"{asked.ask} is {value!r}, not a number")
    return _number(asked, value)


def _lines(pack: Pack, text: str) -> dict[str, Value]:
    """One line per label; all numbers once more are accepted if the second time says the same (DataMan's rule)."""
    scores: list[tuple[str, float]] = []
    chosen: dict[str, set[str]] = {}
    for ask, rest in _pattern(pack).findall(text):
        name = _named(pack)[_folded(ask)]
        asked, said = pack.labels[name], rest.strip(WRAPPING)
        if not said or NONE.match(said) or NONE.match(rest.strip(" \t*`'\"[]()")):
            raise AnswerError(f"{asked.ask} is not given ({rest.strip()[:40]!r})")
        if asked.choices:
            chosen.setdefault(name, set()).update(_mentioned(asked, said))
        else:
            scores.append((name, _number(asked, _as_number(asked, said))))
    missing = [asked.ask for name, asked in pack.labels.items() if name not in {*dict(scores), *chosen}]
    if missing:
        raise AnswerError(f"no {', '.join(missing)}")
    for name, labels in chosen.items():
        if len(labels) != 1:
            raise AnswerError(f"{pack.labels[name].ask} has {len(labels)} answers: {', '.join(sorted(labels))}")
    numbers = sum(not asked.choices for asked in pack.labels.values())
    if len(scores) != numbers and not (len(scores) == 2 * numbers and scores[:numbers] == scores[numbers:]):
        raise AnswerError(f"{len(scores)} numbers where {numbers} were asked for")
    return {**dict(scores), **{name: labels.pop() for name, labels in chosen.items()}}


@cache
def _compiled(asks: tuple[str, ...]) -> re.Pattern[str]:
    known = "|".join(re.escape(ask).replace(r"\ ", r"\s+") for ask in sorted(asks, key=len, reverse=True))
    lead = r"^[ \t>#*\-•]*(?:\(?\d{1,2}[.):]\s*|\[\d{1,2}\]\s*)?[*_\"'`\[]*"
    return re.compile(rf"{lead}({known})[*_\"'`\]]*[ \t]*[:=]([^\n]*)", re.IGNORECASE | re.MULTILINE)


def _pattern(pack: Pack) -> re.Pattern[str]:
    return _compiled(tuple(asked.ask for asked in pack.labels.values()))


def _named(pack: Pack) -> dict[str, str]:
    return {_folded(asked.ask): name for name, asked in pack.labels.items()}


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _as_number(asked: Asked, text: str) -> float:
    found = NUMBER.match(text.strip(WRAPPING))
    if not found:
        raise AnswerError(f"{asked.ask} is {text[:40]!r}, not a number")
    if found[2] is not None and float(found[2]) != asked.most:
        raise AnswerError(f"{asked.ask} is out of {found[2]}, {asked.most:g} was asked for")
    return float(found[1])


def _number(asked: Asked, value: float) -> float:
    least, most = asked.least or 0.0, asked.most or 0.0
    if not least <= value <= most:
        raise AnswerError(f"{asked.ask} is {value:g}, not from {least:g} to {most:g}")
    if value == floor(value):
        return float(value)
    if asked.cut is None:
        raise AnswerError(f"{asked.ask} is {value:g}, not a whole number")
    return float(floor(value) if value < asked.cut else ceil(value))


def _choice(asked: Asked, text: str) -> str:
    said = text.strip(WRAPPING + ".").casefold()
    for choice in asked.choices:
        if choice.casefold() == said:
            return choice
    raise AnswerError(f"{asked.ask} is {text[:40]!r}, not one of {', '.join(asked.choices)}")


def _mentioned(asked: Asked, text: str) -> set[str]:
    known = "|".join(re.escape(choice) for choice in sorted(asked.choices, key=len, reverse=True))
    found = re.findall(rf"(?<!\w)(?:{known})(?!\w)", text, re.IGNORECASE)
    if not found:
        raise AnswerError(f"{asked.ask} is {text[:40]!r}, not one of {', '.join(asked.choices)}")
    names = {choice.casefold(): choice for choice in asked.choices}
    return {names[each.casefold()] for each in found}


READERS = {"lines": _lines, "json": _json, "bare": _bare}
