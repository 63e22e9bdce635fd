"""When a document was made, as the input says: for the age of a corpus and for cut-off dates.

Nothing is guessed from the text. Inputs write dates in many ways; a value that is none of those listed has no age.
"""

import re
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

import pyarrow as pa

from schemas.table import Column
from tasks.text.batch import TextBatch

NEEDS = ("created",)
COLUMNS = (
    Column("created_year", "BIGINT", "year in which the document was made, as the input says", True),
    Column("created_day", "BIGINT", "day on which it was made, in days since 1970-01-01", True),
)
EPOCH = date(1970, 1, 1)
YEAR = re.compile(r"(\d{4})(?:[-/.](\d{1,2}))?")
DAY = re.compile(r"(\d{4})([-/.]?)(\d{1,2})\2(\d{1,2})(?:\d{6})?")
NAMED_DAY = re.compile(r"(?P<day>\d{1,2})[-\s](?P<month>[A-Za-z]{3,9})\.?[-,\s]\s?(?P<year>\d{4})")
NAMED_MONTH = re.compile(r"(?P<month>[A-Za-z]{3,9})\.?\s(?P<day>\d{1,2}),?\s(?P<year>\d{4})")
MONTHS: tuple[str, ...] = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
)
MONTHS += ("november", "december")


def age(batch: TextBatch) -> dict[str, pa.Array]:
    """Year and day of a document's field ``created``.

    Read are ISO 8601 (a year, a month, a day, a time), with ``/`` or ``.`` for ``-``, as digits alone (20240425 and
    20240425162444), days with the English name of their month (25 April 2024, 25-Apr-2024, Apr 25, 2024), and the dates
    of mail and HTTP (Thu, 25 Apr 2024 16:24:44 GMT). A time with an offset counts by its
    day in UTC. A year or month alone has no day. Whatever else the field says, and a day that no calendar has, is as
    good as nothing.

    Source: Longpre et al. 2023, arXiv:2305.13169.

    >>> fields = pa.table({"created": ["1970-01-03", "1999", "soon"]})
    >>> age(TextBatch(pa.array(["a", "b", "c"]), fields))["created_year"].to_pylist()
    [1970, 1999, None]
    """
    found = [_when(value.strip()) if value else (None, None) for value in batch.field("created").to_pylist()]
    return {column.name: pa.array([each[i] for each in found], column.arrow) for i, column in enumerate(COLUMNS)}


@lru_cache(1 << 14)
def _when(value: str) -> tuple[int | None, int | None]:
    """Return (year, day since 1970), each None if not known."""
    if found := YEAR.fullmatch(value):
        valid = int(found[1]) > 0 and 1 <= int(found[2] or 1) <= 12
        return (int(found[1]) if valid else None), None
    day = _day(value)
    return (day.year, (day - EPOCH).days) if day else (None, None)


def _day(value: str) -> date | None:
    try:
        if found := DAY.fullmatch(value):
            return date(int(found[1]), int(found[3]), int(found[4]))
        if named := NAMED_DAY.fullmatch(value) or NAMED_MONTH.fullmatch(value):
            return date(int(named["year"]), _month(named["month"]), int(named["day"]))
        return _utc(datetime.fromisoformat(value))
    except (ValueError, OverflowError):
        pass
    try:
        return _utc(parsedate_to_datetime(value))
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _month(name: str) -> int:
    """Return the number of a month by its name or the first three letters and more, 0 if there is none such."""
    return next((i for i, month in enumerate(MONTHS, 1) if month.startswith(name.lower())), 0)


def _utc(time: datetime) -> date:
    return (time.astimezone(UTC) if time.tzinfo else time).date()
