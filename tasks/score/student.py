"""A small model that learns from labelled documents and labels all: stage two of annotation.

Judges are dear, so they label a sample, and a linear model on hashed words learns from it and labels the rest. It reads
70 MB/s on one core for thirty outputs, the words given, where the encoders that others use for this run on GPUs. It
learns from 20,000 documents with sixteen labels in two minutes. What it cannot learn shows: its agreement with labels
that were held out is kept, per source too, and says which of its scores are too weak to decide by.
"""

from typing import Annotated, Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field

from schemas.errors import UnitError
from schemas.recipe import Count, Finite, Share, Whole
from schemas.table import Column
from tasks.sample import Sample
from tasks.score import _agreement, _paragraphs
from tasks.score._agreement import Figure, Gate
from tasks.score._groups import folds, groups, held_out
from tasks.score._heads import Head, Kind, columns_of, heads_of, slug
from tasks.score._labelled import Labelled, labelled
from tasks.score._learning import Learner, learn_labels, learn_number
from tasks.score._predict import Learnt, Predicted, arrays_of, predict
from tasks.text.batch import TextBatch
from tasks.text.features import paragraphs, whole_documents

LABELLED = True
FEWEST = 10  # labelled documents or paragraphs of a head on each side of the holdout

Fitted = dict[str, NDArray[Any]]
Unit = Literal["document", "paragraph"]


def columns(
    *, heads: dict[str, Kind] | str, unit: Unit = "document", thresholds: dict[str, Finite] | None = None
) -> tuple[Column, ...]:
    """Return the columns that these settings give; RecipeError if they do not fit together."""
    found = heads_of(heads)
    _paragraphs.check(thresholds or {}, found, unit)
    return tuple(column for head in found for column in _columns(head, unit, thresholds))


def _columns(head: Head, unit: Unit, thresholds: dict[str, float] | None) -> tuple[Column, ...]:
    return columns_of(head, paragraphs=unit == "paragraph", threshold=(thresholds or {}).get(head.name))


def fit(
    drawn: Sample,
    *,
    seed: int,
    heads: dict[str, Kind] | str,
    unit: Unit = "document",
    thresholds: dict[str, Finite] | None = None,
    sample: Count = 20_000,
    holdout: Annotated[float, Field(gt=0, lt=1)] = 0.2,
    ngram: Count = 2,
    characters: bool = False,
    least_spearman: Annotated[float, Field(ge=-1, le=1)] = 0.5,
    least_f1: Share = 0.6,
    force: bool = False,
) -> Fitted:
    """Learn every head from labelled documents, and measure it on those of the groups that are held out.

    Returns the weights, the figures of the table ``agreement`` and the gates of the columns.
    Raises UnitError when a head has too few labels, or only one.
    """
    asked = heads_of(heads)
    material = labelled(drawn, asked, of_paragraphs=unit == "paragraph", ngram=ngram, characters=characters)
    kept_together = groups(material.documents)[material.document]
    left = held_out(kept_together, holdout, seed)
    learner = Learner(material.rows, ~left, folds(kept_together, seed), seed)
    learnt, figures, gates = [], [], []
    for head in asked:
        known = np.isfinite(material.values[head.name])
        _check_enough(head, material, known & ~left, known & left)
        found = _learn(head, learner, material, np.flatnonzero(known & ~left))
        learnt.append(found)
        figures += _figures(found, learner, material, np.flatnonzero(known & left))
        metric, limit = ("spearman", least_spearman) if head.number else ("f1", least_f1)
        value = _agreement.value_of([f for f in figures if f.head == head.name], metric)
        names = [column.name for column in _columns(head, unit, thresholds)]
        gates += [] if force else [Gate(name, metric, value, limit) for name in names]
    return arrays_of(learner, learnt, ngram=ngram, characters=characters) | _agreement.packed(figures, gates)


def _check_enough(head: Head, material: Labelled, learn: NDArray[np.bool_], left: NDArray[np.bool_]) -> None:
    if min(learn.sum(), left.sum()) < FEWEST:
        raise UnitError(
            f"student: head '{head.name}' has {learn.sum()} labels to learn from and {left.sum()} held out to measure "
            f"it on; it needs {FEWEST} of each, from different hosts"
        )
    if len(set(material.values[head.name][learn])) < 2:
        raise UnitError(f"student: all labels of head '{head.name}' are the same: there is nothing to learn")


def _learn(head: Head, learner: Learner, material: Labelled, rows: NDArray[np.int64]) -> Learnt:
    values = material.values[head.name]
    if head.number:
        limits = (float(values[rows].min()), float(values[rows].max()))
        return Learnt(head, learn_number(learner, rows, values), limits)
    names = tuple(material.names[head.name])
    codes = np.nan_to_num(values, nan=-1).astype(np.int64)
    linear, calibration = learn_labels(learner, rows, codes, len(names))
    return Learnt(Head(head.name, False, names), linear, calibration=calibration)


def _figures(learnt: Learnt, learner: Learner, material: Labelled, rows: NDArray[np.int64]) -> list[Figure]:
    said = learnt.of(learner.scores(learnt.linear, rows))
    given, sources, name = material.values[learnt.head.name][rows], material.sources[rows], learnt.head.name
    if learnt.head.number:
        return _agreement.numbers(name, said.values, given, sources)
    names = list(learnt.head.labels)
    return _agreement.labels(name, said.probabilities, said.chosen, given.astype(np.int64), names, sources)


def student(
    batch: TextBatch,
    *,
    fitted: Fitted,
    heads: dict[str, Kind] | str,
    unit: Unit = "document",
    least_words: Whole = 64,
    thresholds: dict[str, Finite] | None = None,
) -> dict[str, NDArray[Any] | pa.Array]:
    """Numbers and labels of a document, learnt from those that an annotator gave to some documents.

    ``heads`` says what to learn: a name with ``number``, ``label`` or the list of its labels; or it names the prompt
    pack that asked for the labels. A number is clipped to the range of its labels. A label comes with the calibrated
    probability that it is right and a margin in [0, 1]; where the labels are listed, with a probability for each. Of a
    rare label less probability is needed, by the square root of how rare it is.

    With ``unit: paragraph`` labels are of paragraphs, and a document gets what its paragraphs of ``least_words`` words
    add up to: the mean of a number weighted by words, its lowest and highest, the share of paragraphs that reach the
    head's value in ``thresholds``; of a label the one of most words, and per label the share of paragraphs and the
    highest probability. Null where no paragraph is long enough.

    Of the labelled documents, ``sample`` are drawn and ``holdout`` of their hosts (of the documents without url) are
    kept apart to measure on. A rule must not use a score whose rank correlation with them is below ``least_spearman``,
    or whose macro F1 is below ``least_f1``, unless ``force`` says so. ``ngram`` words in a row are a feature;
    ``characters`` adds n-grams of three to five characters, for languages that inflect much.

    Source: Touchent et al. 2025, arXiv:2506.20331 (two stages, paragraphs); Peng et al. 2025, arXiv:2502.19363.
    """
    asked = heads_of(heads)
    found: dict[str, NDArray[Any] | pa.Array] = {}
    if unit == "document":
        for said in predict(batch, whole_documents(batch), fitted).values():
            listed = next(head for head in asked if head.name == said.head.name).labels
            found |= _of_document(said, listed)
        return found
    pieces = paragraphs(batch)
    pieces = pieces.take(np.flatnonzero(_paragraphs.long_enough(pieces, least_words)))
    for name, said in predict(batch, pieces, fitted).items():
        if said.head.number:
            threshold = (thresholds or {}).get(name)
            found |= _paragraphs.gathered_numbers(name, said.values, pieces, len(batch), threshold)
        else:
            found |= _paragraphs.gathered_labels(said.head, said.probabilities, said.chosen, pieces, len(batch))
    return found


def _of_document(said: Predicted, listed: tuple[str, ...]) -> dict[str, NDArray[Any] | pa.Array]:
    name = said.head.name
    if said.head.number:
        return {name: said.values}
    sure = said.probabilities[np.arange(len(said.chosen)), said.chosen]
    found = {name: pa.array(said.labels, pa.string()), f"{name}_probability": sure, f"{name}_margin": said.margin}
    return found | {
        f"{name}_{slug(label)}_probability": said.probabilities[:, k].copy() for k, label in enumerate(listed)
    }
