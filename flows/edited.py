"""What was edited in one document, each edit among the words around it as they will be written."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.ledger import Ledger

AROUND, CUT = 30, 60  # characters
EDITS = "SELECT step, start, stop, replacement, reason FROM edits WHERE doc_id = ? ORDER BY start"


def edited(ledger: Ledger, document: dict[str, Any], most: int = 20) -> list[dict[str, Any]]:
    """Return the first ``most`` edits of a document with what stands before and after each, and what was cut.

    What was replaced is not shown: it may name a person. Without the parts of the warehouse there are no words.
    """
    rows = ledger.rows(EDITS, [document["doc_id"]])
    text = read_text(ledger, document) if rows else None
    if text is None:
        return rows[:most]
    between = [
        text[a:b] for a, b in zip([0, *(r["stop"] for r in rows)], [*(r["start"] for r in rows), None], strict=True)
    ]
    after = between[-1][:AROUND]
    followed = []
    for row, kept in zip(reversed(rows), reversed(between[:-1]), strict=True):
        followed.append(after)
        after = (kept + row["replacement"] + after)[:AROUND]
    shown, before = [], ""
    for row, kept, after in zip(rows[:most], between[:most], reversed(followed), strict=False):
        before = (before + kept)[-AROUND:]
        cut = "" if row["replacement"] else _shortened(text[row["start"] : row["stop"]])
        places = {key: row[key] for key in ("step", "reason", "start", "stop")}
        shown.append(
            places | {"before": _plain(before), "cut": cut, "put": _plain(row["replacement"]), "after": _plain(after)}
        )
        before = (before + row["replacement"])[-AROUND:]
    return shown


def read_text(ledger: Ledger, document: dict[str, Any]) -> str | None:
    """Return the text of a document as it was read, None if it is not where the ledger says."""
    for part in ledger.rows("SELECT path FROM parts WHERE part = ?", [document["part"]]):
        # A release's own ledger lies two folders below the warehouse.
        for home in (ledger.path.parent, ledger.path.parent.parent.parent):
            found = home / part["path"] / "texts.parquet"
            if found.is_file():
                return _read(found, document["doc_id"])
    return None


def _read(path: Path, doc_id: int) -> str | None:
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            held = file.read_row_group(group, columns=["doc_id"])["doc_id"].to_numpy()
            rows = np.flatnonzero(held == doc_id)
            if len(rows):
                text: str = file.read_row_group(group, columns=["text"])["text"].take(pa.array(rows))[0].as_py()
                return text
    return None


def _shortened(text: str) -> str:
    return _plain(text if len(text) <= CUT else f"{text[: CUT // 2]} … {text[-CUT // 2 :]}")


def _plain(text: str) -> str:
    return text.replace("\r", "␍").replace("\n", "⏎")
