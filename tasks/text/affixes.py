"""Where punctuation is cut off a word's ends, and where it splits a word: rules 2 and 5 of ``tasks.text.segment``."""

import numpy as np
from numba import njit

from tasks.text.borrow import Array, Int
from tasks.text.classes import ALPHA, CURRENCY, DIGIT, EDGE, ICON, INNER, LOWER, QUOTE, UPPER
from tasks.text.hashing import decode, decode_before
from tasks.text.specials import candidate, find, hash_exact

_LONGEST_UNIT = 5  # bytes
_EN_DASH, _EM_DASH, _RIGHT_QUOTE, _ELLIPSIS, _DEGREE = 0x2013, 0x2014, 0x2019, 0x2026, 0xB0


@njit(nogil=True, cache=True)
def _kind(point: Int, classes: Array) -> Int:
    return np.int64(classes[point])


@njit(nogil=True, cache=True)
def prefix(data: Array, start: Int, stop: Int, classes: Array) -> Int:
    """Return the bytes to split off the front of ``data[start:stop]``, or 0."""
    point, width = decode(data, start, stop)
    if _kind(point, classes) & (EDGE | ICON | CURRENCY):
        return width
    if point == 37 or point == 61 or point in (_EN_DASH, _EM_DASH):  # % =
        return width
    if point == 43:  # +
        return 0 if start + 1 < stop and data[start + 1] >= 48 and data[start + 1] <= 57 else 1
    if point == 46:
        return _dots(data, start, stop)
    return 0


@njit(nogil=True, cache=True)
def _dots(data: Array, start: Int, stop: Int) -> Int:
    """Return the length of the run of two or more dots at ``start``, or 0."""
    end = start
    while end < stop and data[end] == 46:
        end += 1
    return end - start if end - start > 1 else 0


@njit(nogil=True, cache=True)
def suffix(
    data: Array, start: Int, stop: Int, classes: Array, unit_keys: Array, unit_mask: Int, unit_gate: Array
) -> Int:
    """Return the bytes to split off the end of ``data[start:stop]``, or 0."""
    point, width = decode_before(data, stop, start)
    if width == 0:
        return 0
    kind = _kind(point, classes)
    before, width_before = decode_before(data, stop - width, start)
    kind_before = _kind(before, classes) if width_before else 0
    if kind & (EDGE | ICON) or point in (_EN_DASH, _EM_DASH):
        return width
    if (point == 115 or point == 83) and (before == 39 or before == _RIGHT_QUOTE):  # 's
        return width + width_before
    if point == 46:
        return _final_period(data, start, stop, before, width_before, kind_before, classes)
    if (point == 43 or kind & CURRENCY) and kind_before & DIGIT:
        return width
    return _unit(data, start, stop, unit_keys, unit_mask, unit_gate)


@njit(nogil=True, cache=True)
def _final_period(
    data: Array, start: Int, stop: Int, before: Int, width_before: Int, kind_before: Int, classes: Array
) -> Int:
    if before == 46:
        run = stop
        while run > start and data[run - 1] == 46:
            run -= 1
        return stop - run
    if (
        kind_before & (LOWER | DIGIT | EDGE)
        or before == 37
        or before == 45
        or before == 43
        or before == 124
        or before == 0xB2
    ):
        return 1
    if kind_before & UPPER:
        second, width = decode_before(data, stop - 1 - width_before, start)
        return 1 if width and (_kind(second, classes) & UPPER or second == _DEGREE) else 0
    return 0


@njit(nogil=True, cache=True)
def _unit(data: Array, start: Int, stop: Int, unit_keys: Array, unit_mask: Int, unit_gate: Array) -> Int:
    """Return the bytes of the unit of measure after a digit ("10km"), or 0."""
    first = stop
    while first > start and stop - first <= _LONGEST_UNIT and not (data[first - 1] >= 48 and data[first - 1] <= 57):
        first -= 1
    if first in (start, stop) or stop - first > _LONGEST_UNIT:
        return 0
    if candidate(data, first, stop, unit_gate) and find(unit_keys, unit_mask, hash_exact(data, first, stop)) >= 0:
        return stop - first
    return 0


@njit(nogil=True, cache=True)
def infix(data: Array, start: Int, place: Int, stop: Int, classes: Array) -> Int:
    """Return the bytes at ``place`` that split the word ``data[start:stop]`` there, or 0."""
    point, width = decode(data, place, stop)
    kind = _kind(point, classes)
    if not kind & INNER:
        return 0
    if kind & ICON or point == _ELLIPSIS:
        return width
    before, width_before = decode_before(data, place, start)
    kind_before = _kind(before, classes) if width_before else 0
    if point == 46:
        return _inner_period(data, place, stop, kind_before, classes)
    kind_after = _class_at(data, place + width, stop, classes)
    if kind_before & ALPHA and kind_after & ALPHA and point == 44:
        return 1
    if kind_before & (ALPHA | DIGIT) and (point == 58 or point == 60 or point == 61 or point == 62 or point == 47):
        return 1 if kind_after & ALPHA else 0
    sign = (point == 43 or point == 45 or point == 42 or point == 94) and kind_before & DIGIT
    if sign and (kind_after & DIGIT or (place + 1 < stop and data[place + 1] == 45)):
        return 1
    if kind_before & (ALPHA | DIGIT) and (point == 45 or point == 126 or point in (_EN_DASH, _EM_DASH)):
        return _dashes(data, place, stop, point, width, classes)
    return 0


@njit(nogil=True, cache=True)
def _class_at(data: Array, place: Int, stop: Int, classes: Array) -> Int:
    if place >= stop:
        return np.int64(0)
    return _kind(decode(data, place, stop)[0], classes)


@njit(nogil=True, cache=True)
def _inner_period(data: Array, place: Int, stop: Int, kind_before: Int, classes: Array) -> Int:
    run = _dots(data, place, stop)
    if run:
        return run
    if kind_before & (LOWER | QUOTE) and _class_at(data, place + 1, stop, classes) & (UPPER | QUOTE):
        return 1
    return 0


@njit(nogil=True, cache=True)
def _dashes(data: Array, place: Int, stop: Int, point: Int, width: Int, classes: Array) -> Int:
    """Up to three hyphens or two em dashes, when a letter follows."""
    most = 3 if point == 45 else (2 if point == _EM_DASH else 1)
    end = place
    for _ in range(most):
        if end >= stop or decode(data, end, stop)[0] != point:
            break
        end += width
    return end - place if _class_at(data, end, stop, classes) & ALPHA else 0
