"""One line of JSON Lines to a document: fast when it is sound, exact about what is wrong when it is not."""

import json
import math
import re
from typing import Any

import orjson

from tasks.read._rows import BadRecordError, Document, document_of, json_type, rounded
from tasks.read._slice import Fields

SURROGATE = re.compile("[\ud800-\udfff]")


def parse(line: bytes, fields: Fields, *, replace: bool) -> Document:
    """Return the document of one line, or raise BadRecordError with the cause.

    With ``replace``, bytes that are not UTF-8 and escaped halves of surrogate pairs become U+FFFD instead of a failure.
    """
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        if "depth limit" in error.msg:
            raise BadRecordError(f"broken JSON: {error.msg}") from None
        return document_of(_object(_loads(_decode(line, replace), replace)), fields)
    document = document_of(_object(record), fields)
    if rounded(record, document, fields):
        return document_of(_loads(line.decode(), replace), fields)
    return document


def _object(value: Any) -> dict[str, Any]:
    if type(value) is not dict:
        raise BadRecordError(f"the line is {json_type(value)}, not a JSON object")
    return value


def _decode(line: bytes, replace: bool) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        if replace:
            return line.decode(errors="replace")
        raise BadRecordError(f"invalid UTF-8 at byte {error.start} of the line") from None


def _loads(text: str, replace: bool) -> Any:
    """Parse like the standard library, but refuse what JSON does not have: NaN, infinities, halves of pairs."""
    try:
        value = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
        return value if not _escapes_half(text) else _whole(value, replace)
    except json.JSONDecodeError as error:
        raise BadRecordError(f"broken JSON: {error.msg} (character {error.pos})") from None
    except (ValueError, RecursionError) as error:
        raise BadRecordError(f"broken JSON: {error}") from None


def _escapes_half(text: str) -> bool:
    return "\\ud" in text or "\\uD" in text


def _whole(value: Any, replace: bool) -> Any:
    text = json.dumps(value, ensure_ascii=False)
    half = SURROGATE.search(text)
    if half is None:
        return value
    if replace:
        return json.loads(SURROGATE.sub("\ufffd", text))
    raise ValueError(f"a string holds the lone surrogate U+{ord(half.group()):04X}")


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"the number {digits[:40]} is too large")
    return value
