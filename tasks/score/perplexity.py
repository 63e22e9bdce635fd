"""How surprising a document is to an n-gram language model, and whether that is little, middling or much here.

The words are brought to the normal form of CCNet, and the formula is CCNet's; the model is ours, fitted to reference
texts or to the corpus itself, where CCNet downloads one per language: the numbers of the two are not interchangeable,
hence cut-offs from the corpus's own quantiles. A model of the corpus itself is two, each of one half of the sample (by
a hash of the text), and a document is scored by the half that it is not in: none scores lower for having been drawn.
The lowest perplexities are boilerplate and repeated text. The kernel reads 40 MB/s on one core with a model of order 5,
after segmentation.
"""

from collections.abc import Iterable
from typing import Annotated

import numpy as np
import pyarrow as pa
from pydantic import Field

from schemas.errors import RecipeError
from schemas.recipe import Count, FilePath, From0, Whole
from schemas.table import Column
from tasks.read._whole import whole
from tasks.sample import Sample, pieces
from tasks.text.batch import TextBatch
from tasks.text.frequencies import halves, sum_between
from tasks.text.ngram_model import Sequences, crossed, log_probabilities, single
from tasks.text.normal import normal_lines

NEEDS = ("language",)
SHUFFLED = {"perplexity": "higher"}
COLUMNS = (
    Column(
        "perplexity",
        "DOUBLE",
        "10 ^ (- sum of log10 p / sum over lines of words + 1); null: too few characters, or no word",
        optional=True,
    ),
    Column(
        "perplexity_bucket",
        "VARCHAR",
        "head, middle or tail of the perplexities of its language; all: no perplexity, or too few documents to say",
    ),
)
FEWEST = 10  # documents of a language that quantiles are taken from
EVERY = "*"  # stands for every language
Percent = Annotated[float, Field(ge=0, le=100)]
BUCKETS = ("head", "middle", "tail", "all")


def check(*, percentiles: tuple[float, float], cutoffs: tuple[float, float] | None) -> None:
    """Refuse a head that ends after the middle."""
    for name, found in (("percentiles", percentiles), ("cutoffs", cutoffs)):
        if found and found[0] > found[1]:
            raise RecipeError(f"setting '{name}' of perplexity: expected two ascending numbers, got {list(found)}")


def read_files(*, reference: FilePath) -> None:
    """Raise InputError if a file cannot be read."""
    whole(reference)


def fit(
    drawn: Sample,
    *,
    sample: Count = 10_000,
    reference: FilePath | None = None,
    order: Count = 5,
    percentiles: tuple[Percent, Percent] = (30.0, 60.0),
    cutoffs: tuple[From0, From0] | None = None,
    min_characters: Whole = 300,
    seed: int,
) -> dict[str, np.ndarray]:
    """Fit a model of n-grams up to ``order`` to the ``reference`` texts, or to the ``sample`` documents drawn.

    ``percentiles``: where head and middle end among the perplexities of the documents drawn that say they are in the
    same language (of those that do not say, too). ``cutoffs``: the two perplexities instead, for every language.
    ``min_characters``: a shorter document has no perplexity.
    """
    table = drawn.documents if reference is None else whole(reference)
    texts = _sequences(TextBatch(piece["text"].combine_chunks()) for piece in pieces(table))
    model = crossed(texts, order) if reference is None else single(texts, order)
    if cutoffs:
        return {**model, "languages": np.array([EVERY]), "cutoffs": np.array([cutoffs])}
    return model | _cutoffs(drawn, model, percentiles, min_characters)


def _sequences(batches: Iterable[TextBatch]) -> Sequences:
    """Return all lines of a corpus."""
    tokens, ends, sides = [np.zeros(0, np.uint64)], [np.zeros(1, np.int64)], [np.zeros(0, np.uint8)]
    before = 0
    for batch in batches:
        lines, _ = _lines(batch)
        tokens.append(lines.tokens)
        ends.append(lines.offsets[1:] + before)
        sides.append(lines.halves)
        before += len(lines.tokens)
    return Sequences(np.concatenate(tokens), np.concatenate(ends), np.concatenate(sides))


def _lines(batch: TextBatch) -> tuple[Sequences, np.ndarray]:
    """Return the lines of a batch, and where in their tokens each document begins (and the last ends)."""
    tokens, lines, offsets = normal_lines(batch)
    owners = np.searchsorted(offsets, lines[:-1], side="right") - 1
    return Sequences(tokens, lines, halves(batch)[owners]), offsets


def _cutoffs(
    drawn: Sample, model: dict[str, np.ndarray], percentiles: tuple[float, float], min_characters: int
) -> dict[str, np.ndarray]:
    measured = [_perplexities(batch, model, min_characters) for batch in drawn.batches()]
    values = np.concatenate([np.zeros(0), *measured])
    languages = _languages(drawn.documents["language"])[np.isfinite(values)]
    values = values[np.isfinite(values)]
    named, sizes = np.unique(languages, return_counts=True)
    named = named[sizes >= FEWEST]
    found = [np.percentile(values[languages == language], percentiles) for language in named]
    return {"languages": named, "cutoffs": np.array(found).reshape(-1, 2)}


def _languages(field: pa.Array | pa.ChunkedArray) -> np.ndarray:
    return np.array(["" if name is None else name for name in field.to_pylist()], np.str_)


def _perplexities(batch: TextBatch, model: dict[str, np.ndarray], min_characters: int) -> np.ndarray:
    """Return the perplexity of each document: float64, NaN for none."""
    lines, offsets = _lines(batch)
    logs, sizes = sum_between(log_probabilities(lines, model), offsets), np.diff(offsets)
    found = np.full(len(batch), np.nan)
    known = (sizes > 0) & (batch.characters >= min_characters)
    found[known] = np.exp(-logs[known] / sizes[known])
    return found


def perplexity(batch: TextBatch, *, min_characters: Whole = 300, fitted: dict[str, np.ndarray]) -> dict[str, pa.Array]:
    """Perplexity of a document, line by line, and its bucket: under the first cut-off head, under the second middle.

    Lines without a word do not count. A language that the sample did not have has the bucket ``all``.

    Source: Wenzek et al. 2019, arXiv:1911.00359; github.com/facebookresearch/cc_net.
    """
    found = _perplexities(batch, fitted, min_characters)
    bucket = _buckets(found, _languages(batch.field("language")), fitted)
    return {
        "perplexity": pa.array(found, mask=~np.isfinite(found)),
        "perplexity_bucket": pa.DictionaryArray.from_arrays(bucket, list(BUCKETS)).cast(pa.string()),
    }


def _buckets(found: np.ndarray, languages: np.ndarray, fitted: dict[str, np.ndarray]) -> np.ndarray:
    """Return the place in ``BUCKETS`` of each perplexity (NaN: none)."""
    places = {str(language): place for place, language in enumerate(fitted["languages"])}
    language = np.array([places.get(name, places.get(EVERY, -1)) for name in languages], np.int64)
    known = np.isfinite(found) & (language >= 0)
    bucket = np.full(len(found), len(BUCKETS) - 1)
    bucket[known] = (found[known, None] >= fitted["cutoffs"][language[known]]).sum(1)
    return bucket
