"""How long sentences are and how varied words: features of a text that need no model of its language.

The share of different words falls with the length of a text; compare it within lengths.
"""

import numpy as np

from schemas.table import Column
from tasks.text.batch import TextBatch
from tasks.text.sentences import distinct_words, sentence_lengths
from tasks.text.shares import share

COLUMNS = (
    Column("sentence_length_mean", "DOUBLE", "mean content words per sentence"),
    Column("sentence_length_variance", "DOUBLE", "variance of the content words per sentence"),
    Column("type_token_ratio", "DOUBLE", "different content words, in any case, / content words"),
)


def reading_features(batch: TextBatch) -> dict[str, np.ndarray]:
    """Mean and variance of the length of sentences, and the type-token ratio of a document; 0 for one without words.

    Content words are those that are not symbols alone; a sentence without any is not counted.

    Source: Longpre et al. 2023, arXiv:2305.13169, section 3 (document features).

    >>> import pyarrow as pa
    >>> found = reading_features(TextBatch(pa.array(["The cat sat. The cat sat on the mat."])))
    >>> [round(float(values[0]), 2) for values in found.values()]
    [4.5, 2.25, 0.56]
    """
    sentences, words, squares = sentence_lengths(batch.words.flags, batch.words.offsets).T
    mean = share(words, sentences)
    return {
        "sentence_length_mean": mean,
        "sentence_length_variance": np.maximum(share(squares, sentences) - mean**2, 0.0),
        "type_token_ratio": share(distinct_words(batch), words),
    }
