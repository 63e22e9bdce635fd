"""What an annotator is given and what it gives back."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from schemas.tables import tables


@dataclass(frozen=True)
class Given:
    """The live documents of a run, by doc_id, and how to have their texts.

    ``documents`` has doc_id, source, id, url, bytes and the column that a setting ``score`` names. ``texts`` takes
    doc_ids and returns doc_id and text, by doc_id. ``answers`` is a folder that outlives the run. In a ``preview`` the
    documents are the first ones only, and nothing may be asked of anyone.
    """

    documents: pa.Table
    texts: Callable[[np.ndarray], pa.Table]
    answers: Path
    preview: bool = False


@dataclass(frozen=True)
class Labels:
    """Rows of the tables ``labels`` and ``judgements`` without step and annotator, and figures about them."""

    annotator: str
    labels: pa.Table
    judgements: pa.Table
    figures: dict[str, float] = field(default_factory=dict)


def rows_of(name: str, rows: Iterable[dict[str, Any]] = ()) -> pa.Table:
    """Return rows of the ledger's table ``name``, but for step and annotator."""
    schema = pa.schema([part for part in tables()[name].arrow if part.name not in ("step", "annotator")])
    return pa.Table.from_pylist(list(rows), schema=schema)
