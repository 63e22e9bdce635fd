"""What begins the things that name a person or an account, as tables for the kernel that looks for them."""

import numpy as np

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
AT, COLON, OPEN, DASH, DIGIT, UPPER, LOWER = range(1, 8)


def _gate() -> np.ndarray:
    gate = np.zeros(256, np.uint8)
    for bytes_, kind in ((b"@", AT), (b"0123456789", DIGIT), (b":", COLON), (b"+(", OPEN), (b"-", DASH)):
        gate[list(bytes_)] = kind
    gate[65:91] = UPPER
    gate[[prefix[0] for prefix, *_ in PREFIXES if prefix[0] >= 97]] = LOWER
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


def _marks() -> np.ndarray:
    """Return which beginnings two bytes on end may be, and after which byte: uint16 (3, 256), a bit for each.

    Rows: the byte before, the first and the second. Where they have no bit in common, nothing begins.
    """
    digits, upper = b"0123456789", bytes(range(65, 91))
    letters = upper + upper.lower()
    hexadecimal, word = digits + b"ABCDEFabcdef:", digits + letters + b"_"
    after_word = bytes({*range(256)} - {*word})
    kinds = (
        (word + b"!#$%&'*+-/=?^`{|}~", b"@", digits + letters),
        (bytes({*after_word} - {46}), digits, digits + b" ()-./"),
        (hexadecimal, b":", hexadecimal),
        (bytes({*after_word} - {*b"#$%&)*+,-./=\\]"}), b"+(", digits),
        (bytes(range(256)), b"-", b"-"),
        (after_word, upper, upper),
        *((after_word, bytes([first]), seconds) for first, seconds in _small_beginnings().items()),
    )
    marks = np.zeros((3, 256), np.uint16)
    for bit, kind in enumerate(kinds):
        for row, fitting in zip(marks, kind, strict=True):
            row[[*fitting]] |= 1 << bit
    return marks


def _small_beginnings() -> dict[int, bytes]:
    """Return the second bytes of the access keys that begin with a small letter, by the first."""
    small = sorted({prefix[:2] for prefix, *_ in PREFIXES if prefix[0] >= 97})
    return {first: bytes(pair[1] for pair in small if pair[0] == first) for first in {pair[0] for pair in small}}


GATE, PAIRS, LENGTHS, MARKS = _gate(), _pairs(), _lengths(), _marks()
STRINGS = _strings((*(prefix for prefix, *_ in PREFIXES), OPENING, CLOSING, *CLAIMED))
FEWEST = np.array([(fewest, letters) for _, fewest, letters in PREFIXES], np.int64)
