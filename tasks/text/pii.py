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
# The ISO 13616 registry of the lengths of account numbers by country.
IBANS = """
AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18
FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20
LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31
SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30"""
# Beginnings of access keys, fewest characters after them, and which: 0 letters and digits, 1 also - and _, 2 also dots.
PREFIXES = (
    *((b"AKIA", 16, 0), (b"ASIA", 16, 0), (b"AIza", 35, 1), (b"ghp_", 36, 0), (b"gho_", 36, 0), (b"ghu_", 36, 0)),
    *((b"ghs_", 36, 0), (b"ghr_", 36, 0), (b"github_pat_", 50, 1), (b"glpat-", 20, 1), (b"xoxb-", 20, 1)),
    *((b"xoxp-", 20, 1), (b"xoxa-", 20, 1), (b"xoxr-", 20, 1), (b"xoxs-", 20, 1), (b"sk_live_", 20, 0)),
    *((b"rk_live_", 20, 0), (b"sk-", 40, 1), (b"npm_", 36, 0), (b"hf_", 34, 0), (b"eyJ", 60, 2)),
)
OPENING, CLOSING = b"-----BEGIN ", b"PRIVATE KEY-----"
CLAIMED = (b"isbn", b"issn", b"doi", b"version", b"section")  # what a number right after these is instead
_LONGEST_KEY, _CLAIM_BYTES, _LONGEST_LOCAL, _LONGEST_HOST = 1 << 14, 16, 64, 253
_AT, _COLON, _OPEN, _DASH, _DIGIT, _UPPER, _LOWER = range(1, 8)


def _gate() -> np.ndarray:
    gate = np.zeros(256, np.uint8)
    for bytes_, kind in ((b"@", _AT), (b"0123456789", _DIGIT), (b":", _COLON), (b"+(", _OPEN), (b"-", _DASH)):
        gate[list(bytes_)] = kind
    gate[65:91] = _UPPER
    gate[[prefix[0] for prefix, *_ in PREFIXES if prefix[0] >= 97]] = _LOWER
    return gate


def _pairs() -> np.ndarray:
    """Return for two bytes (the first times 256) whether a key or a bank account may begin with them."""
    pairs = np.zeros(1 << 16, np.uint8)
    pairs[[256 * prefix[0] + prefix[1] for prefix, *_ in PREFIXES]] = 1
    pairs[[256 * ord(item[0]) + ord(item[1]) for item in IBANS.split()]] = 1
    return pairs


def _lengths() -> np.ndarray:
    lengths = np.zeros(26 * 26, np.int64)
    for item in IBANS.split():
        lengths[26 * (ord(item[0]) - 65) + ord(item[1]) - 65] = int(item[2:])
    return lengths


def _strings(words: tuple[bytes, ...]) -> np.ndarray:
    table = np.zeros((len(words), 1 + max(map(len, words))), np.uint8)
    for i, word in enumerate(words):
        table[i, : len(word) + 1] = [len(word), *word]
    return table


GATE, PAIRS, LENGTHS = _gate(), _pairs(), _lengths()
STRINGS = _strings((*(prefix for prefix, *_ in PREFIXES), OPENING, CLOSING, *CLAIMED))
FEWEST = np.array([(fewest, letters) for _, fewest, letters in PREFIXES], np.int64)


def find_pii(batch: TextBatch) -> np.ndarray:
    """Return rows (document, kind, start, stop) of what was found, sorted and apart; kinds as in ``KINDS``."""
    rows = _scan(batch.data, batch.offsets, GATE, PAIRS, LENGTHS, STRINGS, FEWEST, np.empty((GROUPS, 3), np.int64))
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
    pairs: Array,
    lengths: Array,
    strings: Array,
    fewest: Array,
    groups: Array,
) -> Any:
    data, gate, pairs = borrow(data), borrow(gate), borrow(pairs)
    rows, count = np.empty((64, 4), np.int64), 0
    for document in range(len(offsets) - 1):
        start, stop = offsets[document], offsets[document + 1]
        place = start
        while place < stop:
            what = gate[data[place]]
            if what == 0 or (what >= _DIGIT and _cannot_begin(data, start, place, stop, what, pairs)):
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


@njit(nogil=True, cache=True, inline="always")
def _cannot_begin(data: Array, start: Int, place: Int, stop: Int, what: Int, pairs: Array) -> bool:
    """Say whether a number, key or account cannot begin here: inside a word, or with other letters."""
    if place > start and (is_word(data[place - 1]) or (what == _DIGIT and data[place - 1] == 46)):
        return True
    if what == _DIGIT or place + 1 >= stop:
        return False
    return pairs[(np.int64(data[place]) << 8) | data[place + 1]] == 0


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
    if what == _AT:
        first, last = _email(data, start, place, stop)
        return (EMAIL, first, last, last) if last else (NOTHING, 0, 0, place + 1)
    if what == _DIGIT:
        return _number(data, start, place, place, stop, strings, groups)
    if what == _COLON:
        first, last = _ipv6(data, start, place, stop)
        return (IP, first, last, last) if last else (NOTHING, 0, 0, place + 1)
    if what == _OPEN:
        digit = place + 1
        if digit < stop and is_digit(data[digit]) and free_before(data, start, place):
            return _number(data, start, place, digit, stop, strings, groups)
        return NOTHING, 0, 0, place + 1
    if what == _DASH:
        last = _private_key(data, place, stop, strings, len(fewest))
        return (KEY, place, last, last) if last else (NOTHING, 0, 0, place + 1)
    last = _key(data, place, stop, strings, fewest)
    if last:
        return KEY, place, last, last
    last = _iban(data, place, stop, lengths) if what == _UPPER else 0
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
