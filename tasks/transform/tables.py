"""Long tables made up, with a question whose answer is in one cell: what a long context is for, at every depth.

What is asked is known by construction, so are the place of the answer and that there is only one. Nothing in a table
means anything, so no document can give the answer away.
"""

from typing import Any, Literal

import numpy as np
import pyarrow as pa

from schemas.errors import RecipeError, UnitError
from schemas.recipe import Count, Whole
from tasks.draw import noise, uniform
from tasks.transform._made import Encode, distinct, flat, limit_of, of_pieces, repositioned, spliced, without_contexts
from tasks.transform._pieces import Integers, context_lengths, numbered, pieces

AFTER_PACK = True
TABLE, QUESTION, ANSWER, END = "table", "question", "answer", "end"
LETTERS = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz0123456789", np.uint8)
CODE = 5
DEPTHS = 10
Hops = Literal["one", "two", "both"]


def check(*, columns: int, hops: Hops) -> None:
    """Refuse two hops where there is no second column to come from."""
    if columns < 2 and hops != "one":
        raise RecipeError(f"tables: {hops} hops take at least 2 columns, got {columns}")


def tables(
    contexts: pa.Table,
    *,
    seed: int,
    encode: Encode,
    end_of_text: int,
    count: Whole = 100,
    rows: Count = 64,
    columns: Count = 4,
    hops: Hops = "both",
    context_length: Count | None = None,
) -> pa.Table:
    """Add ``count`` contexts of a table and a question each, at random places among the others.

    A table has ``rows`` rows of a key and ``columns`` values, all different codes of five letters and digits. One hop:
    the value in a column for a key. Two hops: the value in a column for the row that has a given value in another.
    ``both`` asks them by turns. The row asked for is in each tenth of the table equally often. Loss on the answer only.

    Raises UnitError if a table makes more than ``context_length`` tokens, by default those of the longest context.

    Source: Zhao et al. 2024, arXiv:2406.00605 (the idea); the tables: Gristmill.
    """
    contexts = of_pieces(contexts)
    if count == 0:
        return contexts
    cells = _cells(count, rows, columns + 1, seed)
    table = np.arange(count)
    drawn = [uniform(table.astype(np.uint64), seed + turn) for turn in (1, 2, 3)]
    row = ((table % DEPTHS + drawn[0]) / DEPTHS * rows).astype(np.int64)
    wanted = 1 + (drawn[1] * columns).astype(np.int64)
    given = 1 + (wanted - 1 + 1 + (drawn[2] * (columns - 1)).astype(np.int64)) % columns
    given = np.where({"one": table < 0, "two": table >= 0, "both": table // DEPTHS % 2 == 1}[hops], given, 0)
    asked = [_question(w, g, cells[t, r, g]) for t, r, w, g in _zipped(table, row, wanted, given)]
    answers = [f" {code}" for code in cells[table, row, wanted].tolist()]
    made = _contexts(encode, [[_written(cells[i]) for i in range(count)], asked, answers], end_of_text)
    longest = int(context_lengths(made).max())
    room = limit_of(contexts, context_length) or longest
    if longest > room:
        raise UnitError(f"tables: {rows} rows make {longest} tokens, more than the {room} of a context: ask for fewer")
    return spliced(contexts, made, seed)


def undo(contexts: pa.Table) -> pa.Table:
    """Leave the tables out."""
    return without_contexts(contexts, TABLE)


def _zipped(*arrays: Integers) -> Any:
    return zip(*(array.tolist() for array in arrays), strict=True)


def _cells(count: int, rows: int, columns: int, seed: int) -> np.ndarray[Any, np.dtype[np.str_]]:
    """Return the codes of tables, (count, rows, columns), none twice in a table."""
    table = np.repeat(np.arange(count), rows * columns)
    number = distinct(table, noise(np.arange(count, dtype=np.uint64), seed), len(LETTERS) ** CODE)
    digits = number[:, None] // np.uint64(len(LETTERS)) ** np.arange(CODE, dtype=np.uint64) % np.uint64(len(LETTERS))
    codes = np.ascontiguousarray(LETTERS[digits.astype(np.int64)]).view(f"S{CODE}").astype(str)
    return codes.reshape(count, rows, columns)


def _written(cells: np.ndarray[Any, np.dtype[np.str_]]) -> str:
    names = ["key", *(f"c{i}" for i in range(1, cells.shape[1]))]
    return "\n".join(" | ".join(row) for row in [names, *cells.tolist()])


def _question(wanted: int, given: int, code: str) -> str:
    return f"\n\nThe c{wanted} of {code} is" if given == 0 else f"\n\nThe c{wanted} of what has the c{given} {code} is"


def _contexts(encode: Encode, texts: list[list[str]], end_of_text: int) -> pa.Table:
    """Return contexts of table, question, answer and end-of-text."""
    count = len(texts[0])
    lists = [encode(column) for column in texts] + [[np.array([end_of_text], np.int32)] * count]
    ids, offsets = flat([column[i] for i in range(count) for column in lists])
    roles = [TABLE, QUESTION, ANSWER, END]
    nothing = np.zeros(len(roles) * count, np.int64)
    inserted = pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), pa.array(ids))
    made = pieces(
        context_id=np.repeat(np.arange(count), len(roles)),
        position=np.tile(np.arange(len(roles)), count),
        doc_id=pa.nulls(len(nothing), pa.uint64()),
        copy=pa.nulls(len(nothing), pa.int32()),
        start=nothing,
        stop=nothing,
        inserted=inserted.cast(pa.list_(pa.int32())),
        role=roles * count,
        loss_weight=np.tile([0.0, 0.0, 1.0, 0.0], count),
    )
    return repositioned(numbered(made))
