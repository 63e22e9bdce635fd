"""Numbers as people read them: one form for counts, sizes, shares and values, alike in every table and chart."""

import math

GAP = "\u202f"
SHORT = ("", "k", "M", "B", "T", "Q")
SIZES = ("B", "kB", "MB", "GB", "TB", "PB")


def count(value: float | None) -> str:
    """Return a whole number with its thousands set apart.

    >>> count(1234567)
    '1,234,567'
    """
    return "–" if value is None else f"{round(value):,}"


def short(value: float | None) -> str:
    """Return a count in at most three digits and a letter (k, M, B, T).

    >>> short(1234567).split()
    ['1.23', 'M']
    """
    return "–" if value is None else _scaled(value, SHORT)


def size(value: float | None) -> str:
    """Return a number of bytes with its unit, in powers of 1000.

    >>> size(45_200_000).split()
    ['45.2', 'MB']
    """
    return "–" if value is None else _scaled(value, SIZES)


def percent(share: float | None, digits: int = 1) -> str:
    """Return a share in [0, 1] as percent; what is neither nothing nor all never reads 0 % or 100 %.

    >>> percent(0.6173).split(), percent(0.00001).split(), percent(0.99999).split()
    (['61.7', '%'], ['<0.1', '%'], ['>99.9', '%'])
    """
    if share is None:
        return "–"
    least = 10.0**-digits
    if 0 < share * 100 < least / 2:
        return f"<{least:.{digits}f}{GAP}%"
    if 100 - least / 2 < share * 100 < 100:
        return f">{100 - least:.{digits}f}{GAP}%"
    return f"{share * 100:.{0 if share in (0, 1) else digits}f}{GAP}%"


def number(value: float | None) -> str:
    """Return a value in three significant digits, without an exponent where it can be read without.

    >>> number(0.65), number(12.345), number(50.0), number(123456.7), number(0.0000123)
    ('0.65', '12.3', '50', '123,457', '1.23e-05')
    """
    if value is None:
        return "–"
    if not math.isfinite(value) or (value and abs(value) < 1e-4):
        return f"{value:.3g}"
    if abs(value) >= 100 or value == round(value):
        return f"{value:,.0f}".replace("-", "−")
    return f"{value:.3g}".replace("-", "−")


def part(value: float | None, whole: float | None) -> float | None:
    """Return ``value / whole``, or None where there is no whole.

    >>> part(1, 4), part(0, 0)
    (0.25, None)
    """
    return value / whole if whole and value is not None else None


def _scaled(value: float, units: tuple[str, ...]) -> str:
    power = 0
    while power < len(units) - 1 and abs(value) >= 999.5:
        value, power = value / 1000, power + 1
    digits = 0 if power == 0 or abs(value) >= 99.95 else 1 if abs(value) >= 9.995 else 2
    return f"{value:.{digits}f}{GAP}{units[power]}".strip()
