"""Documents kept by chance, the more surely the higher they score; a few with the lowest scores stay.

The draw against a Pareto variable has a closed form, which is what is computed: nothing is sampled from a global
generator, and a document's fate depends on its score, its doc_id and the seed alone. Cost: one hash per document.
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.errors import UnitError
from schemas.recipe import Above0
from tasks.draw import uniform
from tasks.select._quota import By, Missing, Selected, pool, selected

SLACK = 1e-3  # probabilities that were computed in single precision pass 1 by a little


def pareto(
    documents: pa.Table,
    *,
    seed: int,
    score: str,
    alpha: Above0 = 3.0,
    by: By = "source",
    lowest: bool = False,
    missing: Missing = "drop",
) -> Selected:
    """Keep each document with probability (2 - score) to the power of -alpha: all at score 1, 2^-alpha at score 0.

    The score is a probability in [0, 1]; ``lowest`` takes 1 - score instead. ``by`` only says how to report.
    UnitError: a score outside [0, 1].

    Source: Brown et al. 2020, arXiv:2005.14165, appendix A; alpha 3 is the default of NVIDIA NeMo Curator.

    >>> documents = pa.table({"doc_id": pa.array([1], pa.uint64()), "tokens": [10], "source": ["a"], "quality": [1.0]})
    >>> pareto(documents, seed=0, score="quality").copies.tolist()
    [1]
    """
    found = pool(documents, by=by, seed=seed, score=score)
    outside = found.score[(found.score < -SLACK) | (found.score > 1 + SLACK)]
    if len(outside):
        raise UnitError(f"pareto needs scores in [0, 1], got {score} {outside[0]} and {len(outside) - 1} more")
    chance = _chance(1 - found.score if lowest else found.score, alpha)
    kept = uniform(found.doc_id, seed) < chance
    return selected(found, kept.astype(np.int32), missing, eligible=found.scored)


def _chance(score: NDArray[np.float64], alpha: float) -> NDArray[np.float64]:
    """The probability that a Pareto variable is above 1 - score."""
    return np.asarray((2 - np.clip(score, 0, 1)) ** -alpha)
