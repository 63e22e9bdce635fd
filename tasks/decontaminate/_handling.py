"""What every decontaminator is asked for besides its own settings: the items, and what to do about a match."""

from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from schemas.errors import UnitError
from schemas.recipe import FilePath

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
    max_overlap: float = 0.0,
    margin: int = 200,
    shortest_piece: int = 200,
    most_pieces: int = 10,
) -> Handling:
    """Return how the matches of one decontaminator are handled.

    ``items`` are files of any format that a source may have; their fields ``question`` and ``answer`` (a string, a
    number or a list of them; None for none) are looked for. A document that holds more than ``max_overlap`` of an item
    is left as it is (``flag``), leaves (``drop``), or loses what was found with ``margin`` characters on both sides
    (``cut``); pieces shorter than ``shortest_piece`` characters between or beside cuts go too, and a document that
    would fall into more than ``most_pieces`` leaves.

    Source: Brown et al. 2020, arXiv:2005.14165, appendix C (the cuts).
    """
    for name, value in (("margin", margin), ("shortest_piece", shortest_piece), ("most_pieces", most_pieces)):
        if value < 0:
            raise UnitError(f"{name}: expected a number from 0, got {value}")
    if not 0 <= max_overlap < 1:
        raise UnitError(f"max_overlap: expected a share of at least 0 and less than 1, got {max_overlap}")
    return Handling(items, question, answer, action, max_overlap, margin, shortest_piece, most_pieces)
