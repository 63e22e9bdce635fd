"""Keys, tokens and passwords that should not have been published: counted, never copied.

A kernel looks for the marks that such strings begin with; only what stands there is held against the whole form, so
that a text without marks costs one pass over its bytes. Forms are those with a mark of their own: a key that is 32
random letters and nothing else is not found, unless it is assigned to a name that says so.
"""

import re
from functools import cache

import numpy as np

from schemas.recipe import From0
from schemas.table import Column
from tasks.score._phrases import Phrases, bits, occurrences, phrases
from tasks.text.batch import TextBatch

COLUMNS = (
    Column("secret_keys", "BIGINT", "keys of services, by their form"),
    Column("secret_private_keys", "BIGINT", "blocks that hold a private key"),
    Column("secret_tokens", "BIGINT", "signed web tokens (JWT)"),
    Column("secret_assignments", "BIGINT", "random strings assigned to names such as password, secret and token"),
)
KEYS, PRIVATE, TOKENS, ASSIGNED = range(4)
FORMS: tuple[tuple[bytes, str, int], ...] = (
    (b"AKIA", r"AKIA[A-Z0-9]{16}(?![A-Za-z0-9])", KEYS),
    (b"ASIA", r"ASIA[A-Z0-9]{16}(?![A-Za-z0-9])", KEYS),
    *((mark, r"gh[pousr]_[A-Za-z0-9]{36,255}(?![A-Za-z0-9])", KEYS) for mark in (b"ghp_", b"gho_", b"ghu_", b"ghs_")),
    (b"github_pat_", r"github_pat_[A-Za-z0-9_]{82}", KEYS),
    (b"glpat-", r"glpat-[\w-]{20}", KEYS),
    (b"xox", r"xox[abprs]-[A-Za-z0-9-]{10,250}", KEYS),
    (b"AIza", r"AIza[\w-]{35}(?![\w-])", KEYS),
    (b"sk_live_", r"sk_live_[A-Za-z0-9]{24,}", KEYS),
    (b"rk_live_", r"rk_live_[A-Za-z0-9]{24,}", KEYS),
    (b"sk-", r"sk-(?:proj|ant|svcacct)-[\w-]{20,}", KEYS),
    (b"hf_", r"hf_[A-Za-z]{34}(?![A-Za-z0-9])", KEYS),
    (b"npm_", r"npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])", KEYS),
    (b"SG.", r"SG\.[\w-]{22}\.[\w-]{43}", KEYS),
    (b"-----BEGIN", r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----", PRIVATE),
    (b"eyJ", r"eyJ[\w-]{10,2000}\.eyJ[\w-]{10,2000}\.[\w-]{10,}", TOKENS),
)
NAMES = (b"password", b"passwd", b"secret", b"token", b"api_key", b"apikey", b"access_key", b"auth_key")
VALUE = re.compile(rb"[\w-]{0,20}[\"']?\s{0,4}(?::=|=>|[:=])\s{0,4}[\"']([!-~]{16,256}?)[\"']")
LONGEST, LONGEST_VALUE = 4096, 320
WORD = re.compile(rb"[A-Za-z0-9_-]")
RANDOM_KEY = 2.5  # bits per character: a key of repeated letters is an illustration


def secrets(batch: TextBatch, *, entropy: From0 = 3.8) -> dict[str, np.ndarray]:
    """Count the keys, private keys, tokens and assigned secrets of a document; the values are kept nowhere.

    A key counts if it has the form of its service and is no illustration (repeated letters, ``EXAMPLE``). An assigned
    string counts if it has 16 characters or more, letters and digits, and at least ``entropy`` bits per character.

    Source: Yelp, detect-secrets, github.com/Yelp/detect-secrets; the forms are those that the services document.

    >>> import pyarrow as pa
    >>> found = secrets(TextBatch(pa.array(["key = AKIA" + "Z7QX2WLM4NRT8VBC"])))
    >>> found["secret_keys"].tolist()
    [1]
    """
    counts = np.zeros((len(batch), len(COLUMNS)), np.int64)
    for document, place, form in zip(*occurrences(batch.data, batch.offsets, _marks()), strict=True):
        kind = FORMS[form][2]
        counts[document, kind] += _is_secret(batch, int(document), int(place), _patterns()[form], kind)
    names, places, which = occurrences(batch.data, batch.offsets, _names())
    seen: set[int] = set()
    for document, place, name in zip(names.tolist(), places.tolist(), which.tolist(), strict=True):
        behind = place + len(NAMES[name])
        found = VALUE.match(_bytes(batch, document, behind, LONGEST_VALUE))
        at = behind + found.start(1) if found else -1
        if found and at not in seen and _is_random(found[1], entropy):
            seen.add(at)
            counts[document, ASSIGNED] += 1
    return {column.name: counts[:, i].copy() for i, column in enumerate(COLUMNS)}


@cache
def _marks() -> Phrases:
    return phrases([mark for mark, _, _ in FORMS], folded=False)


@cache
def _names() -> Phrases:
    return phrases(NAMES, folded=True)


@cache
def _patterns() -> tuple[re.Pattern[bytes], ...]:
    return tuple(re.compile(pattern.encode(), re.ASCII) for _, pattern, _ in FORMS)


def _bytes(batch: TextBatch, document: int, place: int, most: int = LONGEST) -> bytes:
    return batch.data[place : min(place + most, int(batch.offsets[document + 1]))].tobytes()


def _is_secret(batch: TextBatch, document: int, place: int, pattern: re.Pattern[bytes], kind: int) -> bool:
    before = batch.data[max(place - 1, int(batch.offsets[document])) : place].tobytes()
    if kind != PRIVATE and WORD.match(before):
        return False
    found = pattern.match(_bytes(batch, document, place))
    if not found:
        return False
    return kind == PRIVATE or (b"EXAMPLE" not in found[0].upper() and bits(found[0]) >= RANDOM_KEY)


def _is_random(value: bytes, entropy: float) -> bool:
    mixed = re.search(rb"[0-9]", value) and re.search(rb"[A-Za-z]", value)
    return bool(mixed) and bits(value) >= entropy
