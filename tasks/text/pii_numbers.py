"""Numbers that name a person or an account: phone numbers, payment cards, IPv4 addresses, by their form alone.

A number is read as groups of digits with one separator between them and judged as a whole: a row of figures is no phone
number because some of its figures look like one. What is in a word, a path or a longer number is left alone.
"""

import numpy as np
from numba import njit

from tasks.text.borrow import Array, Int

NOTHING, EMAIL, PHONE, IP, CARD, IBAN, KEY = range(7)
GROUPS, _LONG, _CARD_DIGITS = 9, 9, 19
# Separators of groups; a bracket may come with a space or a hyphen.
PLAIN, _SPACE, _HYPHEN, _DOT, _SLASH, _BRACKET = 0, 1, 2, 3, 4, 5


@njit(nogil=True, cache=True)
def is_digit(byte: Int) -> bool:
    """Say whether the byte is 0 to 9."""
    return byte >= 48 and byte <= 57


@njit(nogil=True, cache=True)
def is_word(byte: Int) -> bool:
    """Say whether the byte is an ASCII letter, a digit or ``_``."""
    letter = byte | 32
    return (letter >= 97 and letter <= 122) or is_digit(byte) or byte == 95


@njit(nogil=True, cache=True)
def free_before(data: Array, start: Int, place: Int) -> bool:
    """Say whether nothing before ``place`` makes it part of a word, a path, a longer number or a sum."""
    if place == start:
        return True
    byte = data[place - 1]
    joined = (byte >= 35 and byte <= 38) or (byte >= 41 and byte <= 47) or byte == 61 or byte == 92 or byte == 93
    return not (is_word(byte) or joined)


@njit(nogil=True, cache=True)
def _separator(data: Array, place: Int, stop: Int) -> tuple[Int, Int]:
    """Return (kind, bytes) of the separator at ``place`` if a digit follows it, else (PLAIN, 0)."""
    width, bracket = 0, False
    kind = PLAIN
    while place + width < stop and width < 3 and not is_digit(data[place + width]):
        byte = data[place + width]
        if byte == 40 or byte == 41:
            bracket = True
        elif kind == PLAIN and (byte == 32 or byte == 45 or byte == 46 or byte == 47):
            kind = _SPACE if byte == 32 else (_HYPHEN if byte == 45 else (_DOT if byte == 46 else _SLASH))
        else:
            return PLAIN, 0
        width += 1
    if width == 0 or place + width >= stop or not is_digit(data[place + width]) or (width > 1 and not bracket):
        return PLAIN, 0
    return _BRACKET if bracket else kind, width


@njit(nogil=True, cache=True)
def read_number(data: Array, place: Int, stop: Int, groups: Array) -> tuple[Int, Int, Int]:
    """Read groups of digits from ``place`` on into ``groups``; return (groups, digits, end).

    ``groups``: int64 (GROUPS, 3) of start, stop and the separator before; no more are read. A space after a hyphen, a
    dot or a long group ends the number.
    """
    count, digits = 0, 0
    kind, end = PLAIN, place
    while count < GROUPS:
        end = place
        while end < stop and is_digit(data[end]):
            end += 1
        groups[count, 0], groups[count, 1], groups[count, 2] = place, end, kind
        count += 1
        digits += end - place
        before = kind
        kind, width = _separator(data, end, stop)
        if width == 0 or (kind == _SPACE and (before in (_HYPHEN, _DOT) or end - place >= _LONG)):
            break
        place = end + width
    return count, digits, end


@njit(nogil=True, cache=True)
def free_after(data: Array, place: Int, stop: Int) -> bool:
    """Say whether nothing after ``place`` makes it part of a word or a longer number."""
    if place == stop:
        return True
    byte = data[place]
    return not (is_word(byte) or byte == 37 or byte == 40 or byte == 42 or byte == 61 or byte == 64)


@njit(nogil=True, cache=True)
def ip_end(data: Array, groups: Array, count: Int, stop: Int) -> Int:
    """Return where an IPv4 address of the first four groups ends, or -1."""
    if count < 4 or (count > 4 and groups[4, 2] == _DOT):
        return -1
    for i in range(4):
        length = groups[i, 1] - groups[i, 0]
        value = 0
        for place in range(groups[i, 0], groups[i, 1]):
            value = min(10 * value + data[place] - 48, 1000)
        if length > 3 or value > 255 or (i and groups[i, 2] != _DOT) or (length > 1 and data[groups[i, 0]] == 48):
            return -1
    end = groups[3, 1]
    if end + 1 < stop and data[end] == 46 and is_word(data[end + 1]):
        return -1
    return end if end == stop or not is_word(data[end]) else -1


@njit(nogil=True, cache=True)
def card_end(data: Array, groups: Array, count: Int, stop: Int) -> Int:
    """Return where a payment card ends, or -1: length and prefix of an issuer, usual grouping, Luhn's check digit.

    Another number may follow after a space, such as the date to which the card is valid.
    """
    used = _grouped_like_card(groups, count)
    digits = 0
    for i in range(used):
        digits += groups[i, 1] - groups[i, 0]
    if digits < 13 or digits > _CARD_DIGITS:
        return -1
    total, head, at = np.int64(0), np.int64(0), digits
    for i in range(used):
        for place in range(groups[i, 0], groups[i, 1]):
            value = data[place] - np.int64(48)
            head = 10 * head + value if digits - at < 4 else head
            at -= 1
            value *= 1 + at % 2
            total += value - 9 if value > 9 else value
    end = groups[used - 1, 1]
    return end if total % 10 == 0 and _is_issued(head, digits) and free_after(data, end, stop) else -1


@njit(nogil=True, cache=True)
def _grouped_like_card(groups: Array, count: Int) -> Int:
    """Return how many of the groups are one alone, fours (the last one may be shorter), or 4-6-4 and 4-6-5; else 0."""
    kind = groups[1, 2] if count > 1 else PLAIN
    if count == 1 or (groups[0, 1] - groups[0, 0] >= 13 and kind == _SPACE):
        return 1
    if kind != _SPACE and kind != _HYPHEN:
        return 0
    if count >= 3 and groups[1, 1] - groups[1, 0] == 6:
        last = groups[2, 1] - groups[2, 0]
        alike = groups[0, 1] - groups[0, 0] == 4 and groups[2, 2] == kind and last >= 4 and last <= 5
        return 3 if alike and _ends_there(groups, 3, count) else 0
    used = 0
    while used < count and groups[used, 1] - groups[used, 0] == 4 and (used == 0 or groups[used, 2] == kind):
        used += 1
    if used == 4 and _ends_there(groups, 4, count):
        return 4
    short = used >= 3 and used + 1 == count and groups[used, 2] == kind and groups[used, 1] - groups[used, 0] < 4
    return count if short else 0


@njit(nogil=True, cache=True)
def _ends_there(groups: Array, used: Int, count: Int) -> bool:
    """Say whether the groups after the first ``used`` are none, or begin with one of another length after a space."""
    return used == count or (groups[used, 2] == _SPACE and groups[used, 1] - groups[used, 0] != 4)


@njit(nogil=True, cache=True)
def _is_issued(head: Int, digits: Int) -> bool:
    """Say whether a number of so many digits that begins with these four is of one of the large card schemes."""
    if head // 1000 == 4:
        return digits == 13 or digits == 16 or digits == 19
    if (head >= 5100 and head < 5600) or (head >= 2221 and head <= 2720):
        return digits == 16
    if head // 100 == 34 or head // 100 == 37:
        return digits == 15
    if (head >= 3000 and head < 3060) or head // 100 == 36 or head // 100 == 38:
        return digits == 14
    discover = head == 6011 or (head >= 6440 and head < 6600) or (head >= 3528 and head <= 3589) or head // 100 == 62
    return discover and digits >= 16


@njit(nogil=True, cache=True)
def phone_end(data: Array, start: Int, begin: Int, stop: Int, groups: Array, count: Int, digits: Int) -> Int:
    """Return where a phone number from ``begin`` on (a sign, a bracket or its first digit) ends, or -1.

    International numbers begin with ``+`` and have 8 to 15 digits; North American ones are 3-3-4 digits, after a 1 or
    not; other national ones begin with a zero and an area code and have 9 to 11 digits.
    """
    end = groups[count - 1, 1]
    first = groups[0, 1] - groups[0, 0]
    if data[begin] == 43:
        decimal = count == 2 and groups[1, 2] == _DOT
        fits = digits >= (10 if count == 1 else 8) and digits <= 15 and data[groups[0, 0]] != 48
        return end if fits and not decimal else -1
    skip = 1 if first == 1 and data[groups[0, 0]] == 49 and count > 3 else 0
    if _is_american(data, groups, skip, count):
        alone = count == skip + 3 and not _after_figure(data, start, begin)
        tight = groups[skip + 2, 2] != _SPACE
        return groups[skip + 2, 1] if alone or tight else -1
    return end if _is_national(data, groups, count, digits) and not _after_figure(data, start, begin) else -1


@njit(nogil=True, cache=True)
def _is_american(data: Array, groups: Array, skip: Int, count: Int) -> bool:
    if count < skip + 3:
        return False
    area, middle, last = skip, skip + 1, skip + 2
    sizes = (
        groups[area, 1] - groups[area, 0] == 3
        and groups[middle, 1] - groups[middle, 0] == 3
        and groups[last, 1] - groups[last, 0] == 4
    )
    codes = data[groups[area, 0]] >= 50 and data[groups[middle, 0]] >= 50
    between, after = groups[middle, 2], groups[last, 2]
    same = between == _BRACKET or between == after or (between == _SPACE and after == _HYPHEN)
    return sizes and codes and same and after != _SLASH and after != _BRACKET


@njit(nogil=True, cache=True)
def _is_national(data: Array, groups: Array, count: Int, digits: Int) -> bool:
    first = groups[0, 1] - groups[0, 0]
    if count < 2 or digits < 9 or digits > 11 or first < 2 or first > 5:
        return False
    if data[groups[0, 0]] != 48 or data[groups[0, 0] + 1] == 48:
        return False
    for i in range(1, count):
        size = groups[i, 1] - groups[i, 0]
        if size < 2 or (i > 1 and groups[i, 2] != groups[count - 1, 2]):
            return False
    # 01.02.2024 and the like are dates.
    last = groups[count - 1, 1] - groups[count - 1, 0]
    return not (count >= 3 and first == 2 and last == 4 and groups[1, 1] - groups[1, 0] == 2)


@njit(nogil=True, cache=True)
def _after_figure(data: Array, start: Int, begin: Int) -> bool:
    """Say whether a number stands before, but for a space."""
    return begin - start >= 2 and data[begin - 1] == 32 and is_digit(data[begin - 2])
