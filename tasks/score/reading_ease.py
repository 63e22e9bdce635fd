"""Flesch's reading ease of English text: long sentences and long words make a text hard.

Syllables are counted by rules over the letters, right for nine words of ten; a formula over thousands of words does not
mind. For other languages the number means nothing.
"""

import numpy as np

from tasks.text.batch import TextBatch
from tasks.text.sentences import count_syllables, sentence_lengths
from tasks.text.shares import share

LANGUAGES = ("en",)


def reading_ease(batch: TextBatch) -> np.ndarray:
    """Flesch's reading ease of English text: 206.835 less 1.015 per word of a sentence and 84.6 per syllable of a word.

    About 90 and more is very easy, 60 plain, 30 and less very hard; there is no limit on either side. A document
    without words has 0.

    Source: Flesch 1948, doi:10.1037/h0057532.

    >>> import pyarrow as pa
    >>> reading_ease(TextBatch(pa.array(["The cat sat on the mat."]))).round(3).tolist()
    [116.145]
    """
    words = batch.words
    sentences = sentence_lengths(words.flags, words.offsets)[:, 0]
    given = (words.starts, words.stops, words.exact, words.flags, words.offsets)
    counted, syllables = count_syllables(batch.data, *given).T
    ease = 206.835 - 1.015 * share(counted, np.maximum(sentences, 1)) - 84.6 * share(syllables, counted)
    return np.where(counted > 0, ease, 0.0)
