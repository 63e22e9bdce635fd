"""Order by a score."""

from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from schemas.errors import RecipeError, unknown


def by_score(
    documents: pa.Table, *, seed: int, score: str, direction: Literal["descending", "ascending"] = "descending"
) -> NDArray[np.int64]:
    """Sort all documents by a score (a curriculum); equal scores by the smaller doc_id.

    ``documents`` needs the columns doc_id and ``score``, without nulls or NaN. Returns int64 row numbers in the new
    order. ``seed`` is not used: nothing is drawn.

    Source: Bengio et al. 2009, Curriculum learning (ICML).

    >>> documents = pa.table({"doc_id": pa.array([7, 5, 6], pa.uint64()), "quality": [0.5, 0.5, 0.9]})
    >>> by_score(documents, seed=0, score="quality").tolist()
    [2, 1, 0]
    """
    if score not in documents.column_names:
        raise RecipeError(f"order by_score: {unknown('score', score, documents.column_names)}")
    values = documents[score].combine_chunks()
    missing = pc.is_null(values, nan_is_null=True)
    if missing.true_count:
        first = documents["doc_id"].filter(missing)[0].as_py()
        raise RecipeError(
            f"order by_score: score '{score}' is missing for {missing.true_count} of {len(values)} documents "
            f"(the first: doc_id {first}); filter them out or score them before this step"
        )
    keys = [(score, direction), ("doc_id", "ascending")]
    return pc.sort_indices(documents, sort_keys=keys).to_numpy().astype(np.int64)
