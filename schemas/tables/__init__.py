"""The ledger's tables, one per file; ``tables()`` finds them by listing this folder."""

from functools import cache
from importlib import import_module
from pathlib import Path

from schemas.table import Table


@cache
def tables() -> dict[str, Table]:
    """Return every declared table by name, in alphabetical order."""
    names = sorted(file.stem for file in Path(__file__).parent.glob("[a-z]*.py"))
    return {name: getattr(import_module(f"{__name__}.{name}"), name) for name in names}
