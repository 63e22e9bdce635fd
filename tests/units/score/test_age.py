"""Dates as inputs write them, against the standard library's calendar."""

from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import format_datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.score.age import age
from tasks.text.batch import TextBatch

EPOCH = date(1970, 1, 1)


def when(*created: str | None) -> list[tuple[int | None, int | None]]:
    fields = pa.table({"created": pa.array(created, pa.string())})
    found = age(TextBatch(pa.array(["text"] * len(created), pa.string()), fields))
    return list(zip(found["created_year"].to_pylist(), found["created_day"].to_pylist(), strict=True))


@given(time=st.datetimes(min_value=datetime(1000, 1, 2), max_value=datetime(9998, 12, 30)), hours=st.integers(-12, 14))
def test_every_day_in_every_form(time: datetime, hours: int) -> None:
    time = time.replace(microsecond=0)
    zoned = time.replace(tzinfo=timezone(timedelta(hours=hours)))
    days = [
        f"{time:%Y-%m-%d}",
        f"{time:%Y/%m/%d}",
        f"{time:%Y%m%d}",
        f"{time:%Y%m%d%H%M%S}",
        time.isoformat(),
        str(time),
    ]
    days += [time.strftime(form) for form in ("%d-%b-%Y", "%d %B %Y", "%B %d, %Y", "%b. %d %Y")]
    zones = [zoned.isoformat(), format_datetime(zoned)]
    for forms, day in ((days, time.date()), (zones, zoned.astimezone(UTC).date())):
        assert when(*forms) == [(day.year, (day - EPOCH).days)] * len(forms)


@pytest.mark.parametrize(
    ("created", "year", "day"),
    [
        ("1970-01-01", 1970, 0),
        (" 1969-12-31 ", 1969, -1),
        ("2024-04-25T16:24:44Z", 2024, 19838),
        ("Thu, 25 Apr 2024 16:24:44 GMT", 2024, 19838),
        ("1999", 1999, None),
        ("1999-05", 1999, None),
        ("1999-13", None, None),
        ("2023-02-29", None, None),
        ("0000", None, None),
        ("9999-12-31T23:59:59-10:00", None, None),
        ("yesterday", None, None),
        ("31-May-2001", 2001, 11473),
        ("30 Feb 2001", None, None),
        ("30 Foo 2001", None, None),
        ("31-May-2001, 01-Jun-2001", None, None),
        ("1714062284", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_dates(created: str | None, year: int | None, day: int | None) -> None:
    assert when(created) == [(year, day)]


def test_an_input_without_the_field_has_no_age() -> None:
    found = age(TextBatch(pa.array(["1999-01-01"])))
    assert [column.null_count for column in found.values()] == [1, 1]
