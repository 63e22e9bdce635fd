"""How much of a text is function words of its language, for languages beyond the eight English words of Gopher's rule.

A running text of any language is a quarter to a half function words, a list of names or products has few. The lists are
Gristmill's own (``tasks.text.stop_words``). Declared languages are believed; where none is declared, the list with the
most hits stands for the language, which is near enough for a share and no language identification. Rules differ per
language: ``{rule: "stop_word_share >= 0.2", per: stop_word_language, thresholds: {fi: 0.1, ko: 0.05}}``.
"""

from functools import cache

import numpy as np
import pyarrow as pa

from schemas.table import Column
from tasks.text.batch import TextBatch
from tasks.text.phrases import Phrases, count_phrases, phrases
from tasks.text.sentences import sentence_lengths
from tasks.text.shares import share
from tasks.text.stop_words import STOP_WORDS, base_language, stop_words

LANGUAGES = tuple(STOP_WORDS)
NEEDS = ("language",)
UNDETERMINED = "und"
COLUMNS = (
    Column("stop_word_share", "DOUBLE", "share of the content words that are function words of the language"),
    Column("stop_word_language", "VARCHAR", "the language whose words were counted; und where no list has one"),
)


def stop_word_share(batch: TextBatch) -> dict[str, pa.Array | np.ndarray]:
    """Share of a document's words that are function words of its language; 0 for a document without words.

    The language is the declared one if there is a list for it, else the one with the most function words in the
    document (of several, the first by name). Content words are those that are not symbols alone.

    Source: Gristmill; after Rae et al. 2021, arXiv:2112.11446, section A1.1, and Laurençon et al. 2022,
    arXiv:2303.03915 (share of closed-class words per language).

    >>> found = stop_word_share(TextBatch(pa.array(["Das ist der Hund und die Katze.", "Rex, Bella, Luna"])))
    >>> found["stop_word_language"].to_pylist(), found["stop_word_share"].round(2).tolist()
    (['de', 'und'], [0.71, 0.0])
    """
    known = _known()
    counts = count_phrases(batch, known)
    declared = batch.field("language").dictionary_encode()
    names = [known.classes.index(base) if (base := base_language(name or "")) in STOP_WORDS else -1
             for name in declared.dictionary.to_pylist()]  # fmt: skip
    place = np.asarray(declared.indices.fill_null(len(names)))
    given = np.array([*names, -1], np.int64)[place]
    best = counts.argmax(axis=1) if len(counts) else np.zeros(0, np.int64)
    chosen = np.where(given >= 0, given, best)
    hits = counts[np.arange(len(counts)), chosen]
    content = sentence_lengths(batch.words.flags, batch.words.offsets)[:, 1]
    named = np.where((given < 0) & (hits == 0), len(known.classes), chosen)
    languages = pa.DictionaryArray.from_arrays(named, [*known.classes, UNDETERMINED])
    return {"stop_word_share": share(hits, content), "stop_word_language": languages.cast(pa.string())}


@cache
def _known() -> Phrases:
    return phrases({language: stop_words(language) for language in sorted(STOP_WORDS)})
