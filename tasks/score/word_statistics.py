"""What the words of a text look like: the quantities of Gopher's quality rules."""

from functools import cache

import numpy as np

from schemas.table import Column
from tasks.text.batch import TextBatch
from tasks.text.counts import count_words
from tasks.text.shares import share
from tasks.text.specials import hash_exact

COLUMNS = (
    Column("content_words", "BIGINT", "words that are not symbols alone"),
    Column("mean_word_length", "DOUBLE", "mean length of the content words, in characters"),
    Column("alpha_word_share", "DOUBLE", "share of all words that have a letter"),
    Column("stop_words", "BIGINT", "how many of the, be, to, of, and, that, have, with occur, as written"),
    Column("hash_word_ratio", "DOUBLE", "number signs per word"),
    Column("ellipsis_word_ratio", "DOUBLE", "ellipses per word"),
)
HIGHER_IS = {
    "alpha_word_share": "better",
    "stop_words": "better",
    "hash_word_ratio": "worse",
    "ellipsis_word_ratio": "worse",
}
STOP_WORDS = ("the", "be", "to", "of", "and", "that", "have", "with")


def word_statistics(batch: TextBatch) -> dict[str, np.ndarray]:
    """Lengths, letters, symbols and stop words among the words of a document; 0 for a document without words.

    Source: Rae et al. 2021, arXiv:2112.11446, section A1.1.
    """
    words = batch.words
    content, lengths, alphabetic, present = count_words(
        words.exact, words.characters, words.flags, words.offsets, _stop_hashes()
    )
    hashes, ellipses, _ = batch.marks
    total = np.diff(words.offsets)
    return {
        "content_words": content,
        "mean_word_length": share(lengths, content),
        "alpha_word_share": share(alphabetic, total),
        "stop_words": present,
        "hash_word_ratio": share(hashes, total),
        "ellipsis_word_ratio": share(ellipses, total),
    }


@cache
def _stop_hashes() -> np.ndarray:
    encoded = [np.frombuffer(word.encode(), np.uint8) for word in STOP_WORDS]
    return np.array([hash_exact(word, 0, len(word)) for word in encoded], np.uint64)
