"""What a student has learnt, as arrays, and what it says of pieces of text by them."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.rule import Rule
from tasks.score._features import decisions
from tasks.score._heads import Head
from tasks.score._learning import Calibration, Floats, Learner, Linear, packed, probabilities
from tasks.score._paragraphs import cut, long_enough, passing
from tasks.text.batch import TextBatch
from tasks.text.features import Pieces, paragraphs
from tasks.text.spans import Spans

Fitted = dict[str, NDArray[Any]]
NONE = np.zeros(0)


@dataclass(frozen=True)
class Learnt:
    """A head with its weights: a number lies in ``limits``, the scores of labels become probabilities."""

    head: Head
    linear: Linear
    limits: tuple[float, float] = (0.0, 0.0)
    calibration: Calibration = field(default_factory=lambda: Calibration(1.0, NONE, NONE))

    def of(self, scores: Floats) -> "Predicted":
        """Return what the head says by its ``scores`` (pieces, outputs)."""
        if self.head.number:
            return Predicted(self.head, np.clip(scores[:, 0], *self.limits))
        return Predicted(self.head, NONE, *probabilities(scores, self.calibration))


@dataclass(frozen=True)
class Predicted:
    """What a head says of pieces: ``values``, or the ``probabilities`` (pieces, labels) with what is ``chosen``."""

    head: Head
    values: Floats
    probabilities: Floats = field(default_factory=lambda: NONE)
    chosen: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    margin: Floats = field(default_factory=lambda: NONE)

    @property
    def labels(self) -> NDArray[Any]:
        """The chosen labels."""
        return np.array(self.head.labels, np.str_)[self.chosen]


def arrays_of(learner: Learner, heads: list[Learnt], *, ngram: int, characters: bool) -> Fitted:
    """Return what was learnt as arrays that can be kept."""
    found = packed(learner, [learnt.linear for learnt in heads])
    found |= {"ngram": np.array(ngram), "characters": np.array(characters)}
    found["heads"] = np.array([learnt.head.name for learnt in heads], np.str_)
    found["outputs"] = np.array([len(learnt.linear.bias) for learnt in heads], np.int64)
    for learnt in heads:
        of = learnt.calibration
        found |= {
            f"{learnt.head.name}.labels": np.array(learnt.head.labels, np.str_),
            f"{learnt.head.name}.limits": np.array(learnt.limits),
            f"{learnt.head.name}.scale": np.array(of.scale),
            f"{learnt.head.name}.shift": of.shift,
            f"{learnt.head.name}.weight": of.weight,
        }
    return found


def predict(batch: TextBatch, pieces: Pieces, fitted: Fitted) -> dict[str, Predicted]:
    """Return what every head says of pieces of the batch, by its name."""
    scores = decisions(batch, pieces, fitted, ngram=int(fitted["ngram"]), characters=bool(fitted["characters"]))
    ends = np.cumsum(fitted["outputs"])
    parts = np.split(scores, ends[:-1], axis=1)
    return {str(name): _learnt(fitted, str(name)).of(part) for name, part in zip(fitted["heads"], parts, strict=True)}


def _learnt(fitted: Fitted, name: str) -> Learnt:
    labels = tuple(str(label) for label in fitted[f"{name}.labels"])
    calibration = Calibration(float(fitted[f"{name}.scale"]), fitted[f"{name}.shift"], fitted[f"{name}.weight"])
    low, high = fitted[f"{name}.limits"]
    nothing = Linear(NONE.astype(np.float32), NONE, NONE)
    return Learnt(Head(name, not labels, labels), nothing, (float(low), float(high)), calibration)


def failing_paragraphs(batch: TextBatch, fitted: Fitted, rule: Rule, *, least_words: int) -> Spans:
    """Return the spans that cut the paragraphs of which a head says what ``rule`` does not keep.

    ``rule.score`` names the head. Paragraphs of fewer than ``least_words`` words stay: a student that learnt from
    longer ones has nothing to say of them.
    """
    pieces = paragraphs(batch)
    judged = np.flatnonzero(long_enough(pieces, least_words))
    said = predict(batch, pieces.take(judged), fitted)[rule.score]
    values: NDArray[Any] = said.values if said.head.number else said.labels
    failing = np.zeros(len(pieces), bool)
    failing[judged] = ~passing(values, rule)
    shown = [f"{value:.3g}" if said.head.number else str(value) for value in values]
    reasons = [""] * len(pieces)
    for row, text in zip(judged.tolist(), shown, strict=True):
        reasons[row] = f"{rule.score} {text}, not {rule.operator} {rule.threshold}"
    return cut(batch, pieces, failing, reasons)
