"""What every decontaminator is asked for besides its own settings: the items, and what to do about a match."""

from dataclasses import dataclass
from typing import Annotated, Literal

import pyarrow as pa
from pydantic import Field

from schemas.recipe import FilePath, Whole

Action = Literal["drop", "cut", "flag"]

ITEMS = pa.schema(
    [
        ("evaluation", pa.string()),
        ("item", pa.string()),
        ("question", pa.string()),
        ("answers", pa.list_(pa.string())),
    ]
)


@dataclass(frozen=True)
class Handling:
    """Where the items are and what is done with a document that holds more than ``max_overlap`` of one."""

    items: str | list[str]
    question: str
    answer: str | None
    action: Action
    max_overlap: float
    margin: int
    shortest_piece: int
    most_pieces: int


def handling(
    *,
    items: FilePath | list[FilePath],
    question: str = "question",
    answer: str | None = "answer",
    action: Action = "drop",
    max_overlap: Annotated[float, Field(ge=0, lt=1)] = 0.0,
    margin: Whole = 200,
    shortest_piece: Whole = 200,
    most_pieces: Whole = 10,
) -> Handling:
    """Return how the matches of one decontaminator are handled.

    ``items`` are files of any format that a source may have; their fields ``question`` and ``answer`` (a string, a
    number or a list of them; None for none) are looked for. A document that holds more than ``max_overlap`` of an item
    is left as it is (``flag``), leaves (``drop``), or loses what was found with ``margin`` characters on both sides
    (``cut``); pieces shorter than ``shortest_piece`` characters between or beside cuts go too, and a document that
    would fall into more than ``most_pieces`` leaves.

    Source: Brown et al. 2020, arXiv:2005.14165, appendix C (the cuts).
    """
    return Handling(items, question, answer, action, max_overlap, margin, shortest_piece, most_pieces)
