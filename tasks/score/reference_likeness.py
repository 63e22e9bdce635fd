"""How much a text is like those of a reference: the quality classifier of GPT-3, PaLM and DCLM.

A linear model on hashed words tells texts of the reference (encyclopedias, books, answers that people liked) from a
sample of the corpus. Those classifiers differ in the reference and the sign. Here a high score means like the
reference; the Pretrainer's Guide stores the opposite (0 is high quality), so what it drops above a threshold is dropped
here below one minus that. The score is calibrated for as many texts of the reference as of the corpus: 0.5 means as
likely one as the other, whatever the sizes of the two. It says how a text reads, not whether it is good, and it prefers
the subjects of the reference. No threshold but a quantile carries over from one corpus to another.
"""

from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import Field

from schemas.errors import UnitError
from schemas.recipe import Count, FilePath, Share
from schemas.table import Column
from tasks.draw import noise
from tasks.read._slice import Fields
from tasks.read._whole import whole
from tasks.sample import Sample
from tasks.score import _agreement
from tasks.score._agreement import Gate
from tasks.score._groups import folds, groups, held_out
from tasks.score._heads import Head
from tasks.score._learning import Learner, joined, learn_labels, rows_of
from tasks.score._predict import Learnt, arrays_of, predict
from tasks.text.batch import TextBatch
from tasks.text.features import whole_documents
from tasks.text.hashing import hash_bytes

NAME = "reference_likeness"
COLUMNS = (Column(NAME, "DOUBLE", "probability of being of the reference, as if it were half of all texts, in [0, 1]"),)
LABELS = ("corpus", "reference")
FEWEST = 5  # texts on each side of the holdout
KEPT = ["doc_id", "text", "url", "source"]

Fitted = dict[str, NDArray[Any]]


def read_files(*, positive: FilePath, text: str) -> None:
    """Raise InputError if a file cannot be read."""
    whole(positive, Fields(text=text))


def fit(
    drawn: Sample,
    *,
    seed: int,
    positive: FilePath,
    text: str = "text",
    sample: Count = 20_000,
    holdout: Annotated[float, Field(gt=0, lt=1)] = 0.2,
    ngram: Count = 2,
    characters: bool = False,
    least_auc: Share = 0.7,
    force: bool = False,
) -> Fitted:
    """Learn to tell the texts of ``positive`` from those drawn, and measure that on those that are held out."""
    reference = _reference(positive, text, sample, seed)
    known = pc.is_in(drawn.documents["text"], pa.array(reference["text"].combine_chunks()))
    corpus = drawn.documents.filter(pc.invert(known)).select(KEPT).cast(reference.schema)
    documents = pa.concat_tables([corpus, reference]).sort_by([("doc_id", "ascending"), ("source", "ascending")])
    truth = np.isin(documents["doc_id"].to_numpy(), reference["doc_id"].to_numpy())
    kept_together = groups(documents)
    left = held_out(kept_together, holdout, seed)
    _check_enough(truth, left)
    batches = Sample(documents, drawn.labels).batches()
    rows = joined([rows_of(batch, whole_documents(batch), ngram=ngram, characters=characters) for batch in batches])
    learner = Learner(rows, ~left, folds(kept_together, seed), seed)
    linear, calibration = learn_labels(
        learner, np.flatnonzero(~left), truth.astype(np.int64), len(LABELS), balanced=True
    )
    learnt = Learnt(Head(NAME, False, LABELS), linear, calibration=calibration)
    predicted = learnt.of(learner.scores(linear, np.flatnonzero(left))).probabilities[:, 1]
    sources = np.array(documents["source"].to_pylist(), np.str_)[left]
    figures = _agreement.likeness(NAME, predicted, truth[left], sources)
    gates = [] if force else [Gate(NAME, "auc", _agreement.value_of(figures, "auc"), least_auc)]
    return arrays_of(learner, [learnt], ngram=ngram, characters=characters) | _agreement.packed(figures, gates)


def _reference(path: str, text: str, most: int, seed: int) -> pa.Table:
    """At most ``most`` distinct texts of the reference, named by a hash of them."""
    found = whole(path, Fields(text=text))
    texts = found["text"].combine_chunks().cast(pa.large_string())
    batch = TextBatch(texts)
    hashes = np.array([hash_bytes(batch.data, *batch.offsets[i : i + 2]) for i in range(len(batch))], np.uint64)
    _, first = np.unique(hashes, return_index=True)
    drawn = first[np.argsort(noise(hashes[first], seed), kind="stable")[:most]]
    columns = [pa.array(hashes[drawn]), texts.take(pa.array(drawn)), found["url"].take(pa.array(drawn))]
    return pa.table([*columns, pa.array(["reference"] * len(drawn))], names=KEPT)


def _check_enough(truth: NDArray[np.bool_], left: NDArray[np.bool_]) -> None:
    counts = {
        f"{name} texts {side}": int((of & on).sum())
        for name, of in (("reference", truth), ("corpus", ~truth))
        for side, on in (("to learn from", ~left), ("held out", left))
    }
    few = [f"{count} {what}" for what, count in counts.items() if count < FEWEST]
    if few:
        raise UnitError(f"{NAME}: {' and '.join(few)}; it needs {FEWEST} of each")


def reference_likeness(batch: TextBatch, *, fitted: Fitted) -> NDArray[np.float64]:
    """Calibrated probability that a document is of the reference rather than of the corpus, in [0, 1].

    ``positive`` names files of reference texts (field ``text``), in any format that a source may have; the path of one
    of the recipe's own sources will do. At most ``sample`` of them, and as many of the corpus, are learnt from; texts
    that are in both count as reference. ``holdout`` of their hosts (of the documents without url) are kept apart to
    measure on: a rule must not use the score if the area under the curve is below ``least_auc``, unless ``force`` says
    so. ``ngram`` words in a row are a feature; ``characters`` adds n-grams of three to five characters.

    Source: Brown et al. 2020, arXiv:2005.14165, appendix A; Longpre et al. 2023, arXiv:2305.13169, whose sign is the
    opposite.
    """
    said = predict(batch, whole_documents(batch), fitted)[NAME]
    return said.probabilities[:, 1].copy()
