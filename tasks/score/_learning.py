"""Linear heads on hashed words: learnt with scikit-learn, calibrated on folds that they had not seen.

Numbers are learnt by ridge regression, labels by one logistic regression per label (liblinear's dual coordinate
descent: its memory does not grow with the labels, unlike that of a multinomial one). The penalty is the best of a few
by five folds; folds keep groups of documents together. Scores outside of the folds then give the temperature and the
shifts (Alexandari et al. 2020, arXiv:1901.06852) that turn the scores of labels into probabilities.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import f1_score

from tasks.distinct import distinct
from tasks.score._features import HEURISTICS, heuristics, standardised
from tasks.text.batch import TextBatch
from tasks.text.borrow import Array
from tasks.text.features import BUCKETS, Pieces, hashed, padded

FOLDS = 5
PENALTIES = (10.0, 1.0, 0.1, 0.01)  # strongest first: of equally good ones the strongest is taken
TRIED_ON = 5_000  # pieces that the penalty is chosen on, at most
FEWEST = 2  # pieces that a bucket must occur in to have a weight
ABSENT = -8.0  # score of a label that a fold does not hold
DRAWN = 2**31  # seeds that scikit-learn takes

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """Features of pieces of text: ``hashed``, a sparse matrix (n, 2^18), and the heuristics as ``dense`` (n, 15)."""

    hashed: Any
    dense: Floats

    def __len__(self) -> int:
        return len(self.dense)


@dataclass(frozen=True)
class Linear:
    """Weights (2^18, outputs), ``dense`` (15, outputs) and ``bias`` (outputs,) of one head."""

    weights: NDArray[np.float32]
    dense: Floats
    bias: Floats


@dataclass(frozen=True)
class Fold:
    """One way of leaving pieces out: the rows to learn from and those left out."""

    learn: NDArray[np.int64]
    left: NDArray[np.int64]


def rows_of(batch: TextBatch, pieces: Pieces, *, ngram: int, characters: bool) -> Rows:
    """Return the features of pieces of a batch."""
    buckets, values, offsets = hashed(batch, pieces, ngram=ngram, characters=characters)
    return Rows(sparse.csr_matrix((values, buckets, offsets), shape=(len(pieces), BUCKETS)), heuristics(batch, pieces))


def joined(parts: list[Rows]) -> Rows:
    """Return the rows of all parts, in order."""
    return Rows(
        sparse.csr_matrix(sparse.vstack([part.hashed for part in parts], format="csr")),
        np.vstack([p.dense for p in parts]),
    )


class Learner:
    """Rows in the form that heads are learnt from: buckets that occur often enough, beside standardised heuristics."""

    def __init__(self, rows: Rows, learn: NDArray[np.bool_], folds: NDArray[np.int64], seed: int) -> None:
        """``learn`` says which rows may be learnt from, ``folds`` (n,) in which of the five folds each row is."""
        self.center = rows.dense[learn].mean(axis=0)
        spread = rows.dense[learn].std(axis=0)
        self.spread = np.where(spread > 0, spread, 1.0)
        occurs = np.bincount(rows.hashed[np.flatnonzero(learn)].indices, minlength=BUCKETS)
        self.buckets = np.flatnonzero(occurs >= FEWEST)
        dense = standardised(rows.dense, self.center, self.spread)
        self.matrix = sparse.csr_matrix(
            sparse.hstack([rows.hashed[:, self.buckets], sparse.csr_matrix(dense)], format="csr"), dtype=np.float64
        )
        self.folds, self.seed = folds, seed % DRAWN

    def linear(self, coefficients: Floats, bias: Floats) -> Linear:
        """Return ``coefficients`` (outputs, columns of the matrix) at their buckets."""
        hashed_part, dense = np.split(coefficients, [len(self.buckets)], axis=1)
        weights = np.zeros((BUCKETS, len(bias)), np.float32)
        weights[self.buckets] = hashed_part.T
        assert dense.shape[1] == len(HEURISTICS)
        return Linear(weights, np.ascontiguousarray(dense.T), bias)

    def scores(self, linear: Linear, rows: NDArray[np.int64]) -> Floats:
        """Return the outputs of a head for ``rows``: (rows, outputs)."""
        weights = np.vstack([linear.weights[self.buckets].astype(np.float64), linear.dense])
        return np.asarray(self.matrix[rows] @ weights + linear.bias)

    def splits(self, rows: NDArray[np.int64]) -> list[Fold]:
        """Return ``rows`` with each of their folds left out in turn, but for folds that leave nothing on one side."""
        parts = [self.folds[rows] == fold for fold in range(FOLDS)]
        return [Fold(rows[~left], rows[left]) for left in parts if 0 < left.sum() < len(rows)]

    def chosen(self, rows: NDArray[np.int64], loss: Callable[[list[Fold], float], float]) -> float:
        """Return the penalty with the least ``loss`` over the folds of at most 5,000 rows."""
        few = rows if len(rows) <= TRIED_ON else rows[:: -(-len(rows) // TRIED_ON)]
        folds = self.splits(few)
        return min(PENALTIES, key=lambda penalty: loss(folds, penalty)) if folds else 1.0


def learn_number(learner: Learner, rows: NDArray[np.int64], values: Floats) -> Linear:
    """Learn a number from ``rows`` of the learner, whose ``values`` (of all rows) are known."""

    def loss(folds: list[Fold], penalty: float) -> float:
        return sum(
            float(((_ridge(learner, f.learn, values, penalty)[2](f.left) - values[f.left]) ** 2).sum()) for f in folds
        )

    coefficients, bias, _ = _ridge(learner, rows, values, learner.chosen(rows, loss))
    return learner.linear(coefficients[None], np.array([bias]))


def _ridge(learner: Learner, rows: NDArray[np.int64], values: Floats, penalty: float) -> Any:
    model = Ridge(alpha=penalty, solver="sparse_cg", tol=1e-3).fit(learner.matrix[rows], values[rows])
    return model.coef_, float(model.intercept_), lambda left: model.predict(learner.matrix[left])


@dataclass(frozen=True)
class Calibration:
    """How the scores of a head's labels become probabilities: ``softmax(scale * score + shift)``.

    ``weight`` (labels,) says how much a label counts when one is chosen.
    """

    scale: float
    shift: Floats
    weight: Floats


def learn_labels(
    learner: Learner, rows: NDArray[np.int64], codes: NDArray[np.int64], labels: int, *, balanced: bool = False
) -> tuple[Linear, Calibration]:
    """Learn a label from ``rows`` of the learner, whose ``codes`` (of all rows) are known: numbers below ``labels``.

    Each label counts by the square root of how rare it is. With two labels there is one output, for the second.
    ``balanced`` probabilities are those among as many rows of each label.
    """
    counts = np.bincount(codes[rows], minlength=labels)
    weight = np.where(counts > 0, np.sqrt(len(rows) / (labels * np.maximum(counts, 1))), 0.0)

    def outside(folds: list[Fold], penalty: float) -> Floats:
        return np.vstack([_scores(learner, f, codes, weight, penalty) for f in folds])

    def loss(folds: list[Fold], penalty: float) -> float:
        truth = np.concatenate([codes[f.left] for f in folds])
        found = outside(folds, penalty).argmax(axis=1)
        return -float(f1_score(truth, found, average="macro", labels=distinct(truth), zero_division=0.0))

    penalty = learner.chosen(rows, loss)
    folds = learner.splits(rows)
    coefficients, bias = _logistic(learner, rows, codes, weight, penalty)
    if folds:
        truth = np.concatenate([codes[f.left] for f in folds])
        scale, shift = calibrated(outside(folds, penalty), truth)
        if balanced:
            shift = shift - np.log(np.maximum(np.bincount(truth, minlength=labels), 1))
    else:
        scale, shift = 1.0, np.zeros(labels)
    return learner.linear(coefficients, bias), Calibration(scale, shift, weight)


def _logistic(
    learner: Learner, rows: NDArray[np.int64], codes: NDArray[np.int64], weight: Floats, penalty: float
) -> tuple[Floats, Floats]:
    labels = range(len(weight)) if len(weight) > 2 else (1,)
    matrix, found = learner.matrix[rows], codes[rows]
    coefficients, bias = np.zeros((len(labels), matrix.shape[1])), np.full(len(labels), ABSENT)
    for output, label in enumerate(labels):
        of_label = found == label
        if of_label.all() or not of_label.any():
            bias[output] = -ABSENT if of_label.all() else ABSENT
            continue
        model = LogisticRegression(
            C=1 / penalty, solver="liblinear", dual=True, tol=1e-2, max_iter=1000, random_state=learner.seed
        )
        with warnings.catch_warnings():
            # A model that has not converged is still measured on what was held out.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(matrix, of_label, sample_weight=weight[found])
        coefficients[output], bias[output] = model.coef_[0], model.intercept_[0]
    return coefficients, bias


def _scores(learner: Learner, fold: Fold, codes: NDArray[np.int64], weight: Floats, penalty: float) -> Floats:
    coefficients, bias = _logistic(learner, fold.learn, codes, weight, penalty)
    return both(learner.matrix[fold.left] @ coefficients.T + bias)


def both(scores: Floats) -> Floats:
    """Return a score per label: of one output, those of the first and the second label."""
    return np.hstack([-scores / 2, scores / 2]) if scores.shape[1] == 1 else scores


def calibrated(scores: Floats, truth: NDArray[np.int64]) -> tuple[float, Floats]:
    """Return the scale and shifts under which ``scores`` (n, labels) explain the ``truth`` (n,) best.

    A weak pull of the shifts towards 0 decides where a label was never seen.
    """
    count, labels = scores.shape
    hot = np.eye(labels)[truth]

    def loss(given: Floats) -> tuple[float, Floats]:
        scale, shift = np.exp(given[0]), given[1:]
        logs = log_softmax(scale * scores + shift, axis=1)
        wrong = (np.exp(logs) - hot) / count
        pull = 1e-3 / count
        gradient = np.concatenate([[(wrong * scores).sum() * scale], wrong.sum(axis=0) + 2 * pull * shift])
        return -float((logs * hot).sum()) / count + pull * float(shift @ shift), gradient

    found = minimize(loss, np.zeros(labels + 1), jac=True, method="L-BFGS-B", bounds=[(-6, 6)] + [(-20, 20)] * labels)
    return float(np.exp(found.x[0])), found.x[1:]


def probabilities(scores: Floats, calibration: Calibration) -> tuple[Floats, NDArray[np.int64], Floats]:
    """Return each row's probabilities (n, labels), the label that is chosen and by how much it is preferred."""
    found: tuple[Floats, NDArray[np.int64], Floats] = _choose(
        np.ascontiguousarray(both(scores)), calibration.scale, calibration.shift, calibration.weight
    )
    return found


@njit(nogil=True, cache=True)
def _choose(scores: Array, scale: float, shift: Array, weight: Array) -> Any:
    rows, labels = scores.shape
    found, chosen, margin = np.empty((rows, labels)), np.zeros(rows, np.int64), np.zeros(rows)
    for row in range(rows):
        highest = -np.inf
        for k in range(labels):
            found[row, k] = scale * scores[row, k] + shift[k]
            highest = max(highest, found[row, k])
        total = 0.0
        for k in range(labels):
            found[row, k] = np.exp(found[row, k] - highest)
            total += found[row, k]
        best, second, preference = -1.0, 0.0, 0.0
        for k in range(labels):
            found[row, k] /= total
            value = found[row, k] * weight[k]
            preference += value
            if value > best:
                best, second, chosen[row] = value, best, k
            elif value > second:
                second = value
        margin[row] = (best - max(second, 0.0)) / preference
    return found, chosen, margin


def packed(learner: Learner, heads: list[Linear]) -> dict[str, NDArray[Any]]:
    """Return the weights of all heads side by side, as ``decisions`` reads them."""
    return {
        "weights": padded(np.hstack([head.weights for head in heads])),
        "dense": np.hstack([head.dense for head in heads]),
        "bias": np.concatenate([head.bias for head in heads]),
        "center": learner.center,
        "spread": learner.spread,
    }
