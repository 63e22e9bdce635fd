"""Every error that Gristmill raises on purpose.

GristmillError
├── RecipeError            the recipe asks for something that does not exist or cannot be
├── InputError             an input file is missing, unreadable or of an unknown format
├── MissingExtraError      an optional dependency is needed; the message says what to install
├── UnitError              a unit broke its contract (wrong length, not finite, wrong columns)
├── AgreementError         a learnt score agrees too little with held-out labels to decide by
├── ReviewError            a person agrees too little with what became of the documents they looked at
├── ToleranceError         more documents failed than the recipe tolerates
├── AuditError             a law does not hold in this run; nothing was published
└── LedgerError            the ledger is missing, locked or asked for what it does not hold
"""

from collections.abc import Iterable
from difflib import get_close_matches


class GristmillError(Exception):
    """Something a user can mend; the message says what and how."""


class RecipeError(GristmillError):
    """The recipe asks for something that does not exist or cannot be."""


class InputError(GristmillError):
    """An input file is missing, unreadable or of an unknown format."""


class MissingExtraError(GristmillError):
    """An optional dependency is needed; the message says what to install."""


class UnitError(GristmillError):
    """A unit broke its contract: wrong length, not finite, or other columns than declared."""


class AgreementError(GristmillError):
    """A learnt score agrees too little with labels that it has not seen to decide what is kept."""


class ReviewError(GristmillError):
    """A person agrees too little with what became of the documents that they looked at."""


class ToleranceError(GristmillError):
    """More documents failed than the recipe tolerates; nothing was published."""


class AuditError(GristmillError):
    """A law does not hold in this run; nothing was published."""


class LedgerError(GristmillError):
    """The ledger is missing, locked, or asked for something it does not hold."""


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """Say that ``name`` is not a known ``what``, with the nearest right name.

    >>> unknown("rule", "gopher_qualty", ["gopher_quality", "c4_quality"])
    "unknown rule 'gopher_qualty'; did you mean 'gopher_quality'?"
    """
    names = sorted(known)
    near = get_close_matches(name, names, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(names) or 'none'}"
    return f"unknown {what} '{name}'; {hint}"
