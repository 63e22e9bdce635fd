"""Evaluation items read from files: the question, its answers, and a name for each to be reported under."""

from collections import Counter
from typing import Any

import orjson
import pyarrow as pa

from schemas.errors import InputError, unknown
from tasks.decontaminate._handling import ITEMS
from tasks.read._files import expand
from tasks.read._slice import Fields
from tasks.read._whole import whole


def read_files(*, items: str | list[str], question: str, answer: str | None) -> None:
    """Raise InputError if a file cannot be read."""
    items_of(items, question, answer)


def items_of(paths: str | list[str], question: str, answer: str | None) -> pa.Table:
    """Return the items of the files: evaluation (the file's name), item (its own id or its number), question, answers.

    InputError if a record has no question, or if none of a file has the field ``answer``.
    """
    files = expand(paths)
    return pa.concat_tables([_items(file.path, file.name, question, answer) for file in files])


def _items(path: str, name: str, question: str, answer: str | None) -> pa.Table:
    table = whole(path, Fields(text=question))
    more = [orjson.loads(value) if value else {} for value in table["metadata"].to_pylist()]
    if answer is not None and not any(answer in each for each in more):
        known = {key for each in more for key in each}
        raise InputError(f"'{path}': {unknown('field for the answer', answer, known)}; `answer: null` looks for none")
    ids = table["id"].to_pylist()
    own = None not in ids and max(Counter(ids).values()) == 1
    return pa.table(
        {
            "evaluation": [name] * len(table),
            "item": [str(each) for each in ids] if own else [str(i) for i in range(len(table))],
            "question": table["text"].cast(pa.string()),
            "answers": [_answers(each.get(answer)) if answer is not None else [] for each in more],
        },
        schema=ITEMS,
    )


def _answers(value: Any) -> list[str]:
    """Return the texts of an answer: a string, a number, a list of them, or a mapping that holds them as ``text``.

    >>> _answers("yes"), _answers(4), _answers({"text": ["a", "b"], "answer_start": [1, 9]}), _answers(None)
    (['yes'], ['4'], ['a', 'b'], [])
    """
    if isinstance(value, dict):
        value = value.get("text")
    if value is None:
        return []
    return [text for each in value for text in _answers(each)] if isinstance(value, list) else [str(value)]
