"""Mail addresses, phone numbers, network addresses, cards, bank accounts and keys replaced.

Peers replace mail and network addresses alone, inside longer numbers too, by stand-ins in the order in which they meet
them, so that a release depends on how its input was cut. Here a stand-in depends on nothing but the value.
"""

from hashlib import blake2b
from typing import Literal

import numpy as np
import pyarrow as pa

from tasks.text.batch import TextBatch
from tasks.text.pii import KINDS, find_pii
from tasks.text.spans import Spans

Kind = Literal["email", "phone", "ip_address", "card", "iban", "key"]
EVERY: tuple[Kind, ...] = ("email", "phone", "ip_address", "card", "iban", "key")


def pii(
    batch: TextBatch,
    *,
    kinds: tuple[Kind, ...] = EVERY,
    style: Literal["placeholder", "fake"] = "placeholder",
    salt: str = "",
) -> Spans:
    """Replace what names a person or an account.

    With ``style: placeholder`` by its kind, such as ``<EMAIL>``; with ``style: fake`` by something of the same form
    that reaches no one: the same for the same value and ``salt``, in every document, and one of a few hundred to a
    few thousand, so that it does not lead back. No table holds a value: reasons name the kind.

    Source: Gristmill; ranges for examples by RFC 2606, RFC 3849 and RFC 5737.
    """
    rows = find_pii(batch)
    rows = rows[np.isin(rows[:, 1], [KINDS.index(kind) for kind in kinds])]
    reasons = [KINDS[kind] for kind in rows[:, 1].tolist()]
    if style == "placeholder":
        replacements = [f"<{reason.upper()}>" for reason in reasons]
    else:
        values = (bytes(batch.data[start:stop]) for start, stop in rows[:, 2:].tolist())
        replacements = [_fake(reason, value, salt) for reason, value in zip(reasons, values, strict=True)]
    return Spans(
        rows[:, 0].copy(),
        rows[:, 2].copy(),
        rows[:, 3].copy(),
        pa.array(replacements, pa.string()),
        pa.array(reasons, pa.string()),
    )


def _fake(kind: str, value: bytes, salt: str) -> str:
    """Return the stand-in of a value."""
    digest = blake2b(value, digest_size=4, key=salt.encode()[:64]).digest()
    number = int.from_bytes(digest, "little")
    if kind == "email":
        return f"user{number % 1000}@example.{('com', 'net', 'org')[number // 1000 % 3]}"
    if kind == "phone":
        return f"+1 {(212, 312, 415, 617)[number // 100 % 4]}-555-01{number % 100:02}"
    if kind == "ip_address":
        network = ("192.0.2", "198.51.100", "203.0.113")[number // 250 % 3]
        return f"2001:db8::{number % 4096:x}" if b":" in value else f"{network}.{number % 250 + 1}"
    if kind == "card":
        return f"0000 0000 0000 {number % 1000:04}"
    if kind == "iban":
        return f"XX00 0000 0000 {number % 1000:04}"
    return f"EXAMPLE-KEY-{number % 1000:04}"
