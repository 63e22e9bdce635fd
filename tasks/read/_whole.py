"""Files small enough to be read whole: evaluation items, labels, texts to compare with."""

from typing import Any

import pyarrow as pa

from schemas.errors import InputError
from tasks import units
from tasks.read._cut import cut
from tasks.read._files import expand, reader_of
from tasks.read._slice import Fields


def whole(path: str, fields: Fields | None = None, *, reader: str | None = None, **settings: Any) -> pa.Table:
    """Read every record of the files that ``path`` names (a file, folder or glob of any format that a source may have).

    Returns the columns of a reader's batches: text, id, url, created, language, license, metadata (JSON) and others.
    Raises InputError if a record cannot be read.
    """
    batches = []
    for file in expand(path):
        name = reader or reader_of(file.path)
        unit = units.unit("read", name)
        for piece in cut(file, name):
            batches += list(unit.call(piece, fields or Fields(), **unit.resolve(settings)))
    table = pa.Table.from_batches(batches) if batches else None
    if table is None or not table.num_rows:
        raise InputError(f"'{path}' holds no record")
    wrong = table.filter(table["error"].is_valid())
    if wrong.num_rows:
        raise InputError(f"'{path}', record {wrong['row'][0]}: {wrong['error'][0]}")
    return table
