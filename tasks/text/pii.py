"""Where texts name a person or an account: one pass that stops at bytes which may begin or hold such a thing.

Everything is judged by its form and its check digits; names are not looked for. Values leave this module as places
only. An address of a network counts if it can be reached from everywhere, so that examples and private networks stay.
"""

import ipaddress
from typing import Any

import numpy as np
from numba import njit

from tasks.text.batch import TextBatch
from tasks.text.borrow import Array, Int, borrow
from tasks.text.pii_forms import (
    AT,
    COLON,
    DASH,
    DIGIT,
    FEWEST,
    GATE,
    LENGTHS,
    MARKS,
    OPEN,
    PAIRS,
    STRINGS,
    UPPER,
)
from tasks.text.pii_numbers import (
    CARD,
    EMAIL,
    GROUPS,
    IBAN,
    IP,
    KEY,
    NOTHING,
    PHONE,
    card_end,
    free_after,
    free_before,
    ip_end,
    is_digit,
    is_word,
    phone_end,
    read_number,
)

KINDS = ("", "email", "phone", "ip_address", "card", "iban", "key")
_LONGEST_KEY, _CLAIM_BYTES, _LONGEST_LOCAL, _LONGEST_HOST = 1 << 14, 16, 64, 253


def find_pii(batch: TextBatch) -> np.ndarray:
    """Return rows (document, kind, start, stop) of what was found, sorted and apart; kinds as in ``KINDS``."""
    groups = np.empty((GROUPS, 3), np.int64)
    rows = _scan(batch.data, batch.offsets, GATE, MARKS, PAIRS, LENGTHS, STRINGS, FEWEST, groups)
    addresses = np.flatnonzero(rows[:, 1] == IP)
    kept = np.ones(len(rows), bool)
    for row in addresses.tolist():
        kept[row] = _is_reachable(bytes(batch.data[rows[row, 2] : rows[row, 3]]).decode())
    return rows[kept]


def _is_reachable(text: str) -> bool:
    """Say whether it is an address that anyone can reach: no private, reserved or documentation range."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address not in ipaddress.IPv6Network("2000::/3"):
        return False
    return address.is_global and not address.is_multicast


@njit(nogil=True, cache=True)
def _scan(
    data: Array,
    offsets: Array,
    gate: Array,
    marks: Array,
    pairs: Array,
    lengths: Array,
    strings: Array,
    fewest: Array,
    groups: Array,
) -> Any:
    data, gate, pairs = borrow(data), borrow(gate), borrow(pairs)
    befores, firsts, seconds = borrow(marks[0]), borrow(marks[1]), borrow(marks[2])
    rows, count = np.empty((64, 4), np.int64), 0
    for document in range(len(offsets) - 1):
        start, stop = offsets[document], offsets[document + 1]
        place = start
        while place + 1 < stop:
            place = _next(data, start, place, stop, befores, firsts, seconds)
            if place + 1 >= stop:
                break
            what = gate[data[place]]
            if what >= UPPER and pairs[(np.int64(data[place]) << 8) | data[place + 1]] == 0:
                place += 1
                continue
            kind, first, last, following = _look(data, start, place, stop, what, lengths, strings, fewest, groups)
            place = following
            if kind == NOTHING:
                continue
            while count and rows[count - 1, 0] == document and rows[count - 1, 3] > first:
                count -= 1
            if count == len(rows):
                grown = np.empty((2 * count, 4), np.int64)
                grown[:count] = rows
                rows = grown
            rows[count, 0], rows[count, 1], rows[count, 2], rows[count, 3] = document, kind, first, last
            count += 1
    return rows[:count]


@njit(nogil=True, cache=True)
def _next(data: Array, start: Int, place: Int, stop: Int, befores: Array, firsts: Array, seconds: Array) -> Int:
    """Return the next place where something may begin; the last byte begins nothing."""
    if place == start and firsts[data[place]] & seconds[data[place + 1]]:
        return place
    place = max(place, start + 1)
    while place + 1 < stop and not befores[data[place - 1]] & firsts[data[place]] & seconds[data[place + 1]]:
        place += 1
    return place


@njit(nogil=True, cache=True)
def _look(
    data: Array,
    start: Int,
    place: Int,
    stop: Int,
    what: Int,
    lengths: Array,
    strings: Array,
    fewest: Array,
    groups: Array,
) -> tuple[Int, Int, Int, Int]:
    """Return (kind, start, stop, where to go on) of what stands around ``place``."""
    if what == AT:
        first, last = _email(data, start, place, stop)
        return (EMAIL, first, last, last) if last else (NOTHING, 0, 0, place + 1)
    if what == DIGIT:
        return _number(data, start, place, place, stop, strings, groups)
    if what == COLON:
        first, last = _ipv6(data, start, place, stop)
        return (IP, first, last, last) if last else (NOTHING, 0, 0, place + 1)
    if what == OPEN:
        digit = place + 1
        if digit < stop and is_digit(data[digit]) and free_before(data, start, place):
            return _number(data, start, place, digit, stop, strings, groups)
        return NOTHING, 0, 0, place + 1
    if what == DASH:
        last = _private_key(data, place, stop, strings, len(fewest))
        return (KEY, place, last, last) if last else (NOTHING, 0, 0, place + 1)
    last = _key(data, place, stop, strings, fewest)
    if last:
        return KEY, place, last, last
    last = _iban(data, place, stop, lengths) if what == UPPER else 0
    return (IBAN, place, last, last) if last else (NOTHING, 0, 0, place + 1)


@njit(nogil=True, cache=True)
def _number(
    data: Array, start: Int, begin: Int, digit: Int, stop: Int, strings: Array, groups: Array
) -> tuple[Int, Int, Int, Int]:
    """Judge the number whose first digit is at ``digit``; a sign or bracket may be at ``begin``."""
    count, digits, end = read_number(data, digit, stop, groups)
    after = groups[0, 1]
    if digits < 4 or (count == 1 and digits < 10) or _is_claimed(data, start, begin, strings):
        return NOTHING, 0, 0, after
    named = begin - start >= 2 and data[begin - 1] == 45 and is_word(data[begin - 2]) and not is_digit(data[begin - 2])
    if begin == digit and not named:
        last = ip_end(data, groups, count, stop)
        if last >= 0:
            return IP, begin, last, last
    if not free_before(data, start, begin):
        return NOTHING, 0, 0, after
    if begin == digit and digits >= 13:
        last = card_end(data, groups, count, stop)
        if last >= 0:
            return CARD, begin, last, last
    if not free_after(data, end, stop):
        return NOTHING, 0, 0, after
    last = phone_end(data, start, begin, stop, groups, count, digits)
    return (PHONE, begin, last, last) if last >= 0 else (NOTHING, 0, 0, after)


@njit(nogil=True, cache=True)
def _is_claimed(data: Array, start: Int, place: Int, strings: Array) -> bool:
    """Say whether the words right before a number make it something else."""
    for back in range(max(start, place - _CLAIM_BYTES), place):
        if back > start and is_word(data[back - 1]):
            continue
        for i in range(len(strings) - 5, len(strings)):
            if _stands(data, back, place, strings, i):
                after = data[back + np.int64(strings[i, 0])]
                return not is_word(after) or after == 115  # versions, sections
    return False


@njit(nogil=True, cache=True)
def _stands(data: Array, place: Int, stop: Int, strings: Array, i: Int) -> bool:
    """Say whether string ``i`` stands at ``place``; the last five match capitals too."""
    length = np.int64(strings[i, 0])
    if place + length > stop:
        return False
    fold = 32 if i >= len(strings) - 5 else 0
    for k in range(length):  # noqa: SIM110
        if data[place + k] | fold != strings[i, 1 + k]:
            return False
    return True


@njit(nogil=True, cache=True)
def _in_local(byte: Int) -> bool:
    """Say whether the byte may stand in front of the @ of an address: any but spaces, quotes and brackets."""
    other = byte == 33 or (byte >= 35 and byte <= 39) or byte == 42 or byte == 43 or (byte >= 45 and byte <= 47)
    return (
        is_word(byte) or other or byte == 61 or byte == 63 or byte == 94 or byte == 96 or (byte >= 123 and byte < 127)
    )


@njit(nogil=True, cache=True)
def _email(data: Array, start: Int, at: Int, stop: Int) -> tuple[Int, Int]:
    """Return (start, stop) of the mail address around the ``@``, or (0, 0)."""
    first = at
    while first > start and at - first < _LONGEST_LOCAL and _in_local(data[first - 1]):
        if data[first - 1] == 46 and (first == at or data[first] == 46):
            break
        first -= 1
    while first < at and not is_word(data[first]):  # quotes, brackets and signs around the address
        first += 1
    last, label, dot = at + 1, at + 1, np.int64(0)
    good = np.int64(0)
    while last < stop and last - at <= _LONGEST_HOST:
        byte = data[last]
        if byte == 46:
            if last == label or data[last - 1] == 45:
                break
            dot, label = last, last + 1
        elif not (is_word(byte) and byte != 95) and not (byte == 45 and last > label):
            break
        last += 1
        if dot and last - label >= 2 and data[last - 1] != 45:
            good = last
    if first == at or not good or not _is_top(data, good):
        return 0, 0
    return first, good


@njit(nogil=True, cache=True)
def _is_top(data: Array, stop: Int) -> bool:
    """Say whether the last label of a host may be a top-level domain: it begins with a letter and has no digit else."""
    place = stop - 1
    digits = False
    while data[place] != 46:
        digits |= is_digit(data[place])
        place -= 1
    return not digits or (data[place + 1] | 32 == 120 and data[place + 2] | 32 == 110)


@njit(nogil=True, cache=True)
def _in_ipv6(byte: Int) -> bool:
    letter = byte | 32
    return is_digit(byte) or byte == 58 or (letter >= 97 and letter <= 102)


@njit(nogil=True, cache=True)
def _ipv6(data: Array, start: Int, colon: Int, stop: Int) -> tuple[Int, Int]:
    """Return (start, stop) of what has the form of an IPv6 address around its first colon, or (0, 0)."""
    first, last = colon, colon
    while first > start and colon - first < 5 and _in_ipv6(data[first - 1]):
        first -= 1
    if first == colon or (first > start and (is_word(data[first - 1]) or data[first - 1] == 58)):
        return 0, 0
    colons, double = 0, False
    while last < stop and last - first < 45 and _in_ipv6(data[last]):
        if data[last] == 58:
            colons += 1
            double |= data[last - 1] == 58
        last += 1
    if last < stop and (is_word(data[last]) or (data[last] == 46 and last + 1 < stop and is_digit(data[last + 1]))):
        return 0, 0
    if data[last - 1] == 58 and data[last - 2] != 58:
        last -= 1
        colons -= 1
    return (first, last) if (double and colons >= 2) or colons == 7 else (0, 0)


@njit(nogil=True, cache=True)
def _key(data: Array, place: Int, stop: Int, strings: Array, fewest: Array) -> Int:
    """Return where the access key at ``place`` ends, or 0."""
    for i in range(len(fewest)):
        if data[place] == strings[i, 1] and _stands(data, place, stop, strings, i):
            body = place + np.int64(strings[i, 0])
            last = body
            mixed, dots = 0, 0
            while last < stop and _in_key(data[last], fewest[i, 1]):
                mixed |= 1 if is_digit(data[last]) else (2 if data[last] >= 65 and data[last] <= 90 else 0)
                dots += data[last] == 46
                last += 1
            exact = data[place] == 65 and last - body != fewest[i, 0]
            random = mixed == 3 or (mixed and fewest[i, 1] != 1)
            if last - body >= fewest[i, 0] and random and not exact and (fewest[i, 1] < 2 or dots >= 2):
                return last
    return 0


@njit(nogil=True, cache=True)
def _in_key(byte: Int, letters: Int) -> bool:
    if byte == 95 or byte == 45:
        return letters > 0
    return is_word(byte) or (byte == 46 and letters == 2)


@njit(nogil=True, cache=True)
def _private_key(data: Array, place: Int, stop: Int, strings: Array, opening: Int) -> Int:
    """Return where the private key that is opened at ``place`` has been closed, or 0."""
    if not _stands(data, place, stop, strings, opening):
        return 0
    seen = 0
    for end in range(place, min(stop, place + _LONGEST_KEY)):
        if data[end] == 80 and _stands(data, end, stop, strings, opening + 1):
            seen += 1
            if seen == 2:
                return end + np.int64(strings[opening + 1, 0])
        if seen == 0 and data[end] == 10:
            break
    return 0


@njit(nogil=True, cache=True)
def _iban(data: Array, place: Int, stop: Int, lengths: Array) -> Int:
    """Return where the bank account number at ``place`` ends, or 0: length by country, remainder 1 modulo 97."""
    if place + 4 > stop or data[place + 1] < 65 or data[place + 1] > 90:
        return 0
    if not is_digit(data[place + 2]) or not is_digit(data[place + 3]):
        return 0
    wanted = lengths[26 * (np.int64(data[place]) - 65) + np.int64(data[place + 1]) - 65]
    remainder, read, last = np.int64(0), 0, place
    head = np.empty(4, np.int64)
    while last < stop and read < wanted:
        byte = np.int64(data[last])
        if byte == 32 and read % 4 == 0 and read and data[last - 1] != 32:
            last += 1
            continue
        if not is_digit(byte) and not (byte >= 65 and byte <= 90):
            return 0
        value = byte - 48 if byte < 65 else byte - 55
        if read < 4:
            head[read] = value
        else:
            remainder = (remainder * (100 if value > 9 else 10) + value) % 97
        read += 1
        last += 1
    if wanted == 0 or read < wanted or (last < stop and is_word(data[last])):
        return 0
    for value in head:
        remainder = (remainder * (100 if value > 9 else 10) + value) % 97
    return last if remainder == 1 else 0
