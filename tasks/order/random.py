"""Random order."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tasks.draw import noise


def random(documents: pa.Table, *, seed: int) -> NDArray[np.int64]:
    """Shuffle all documents by a seeded hash of their identity.

    ``documents`` needs the column doc_id. Returns int64 row numbers in the new order.

    Source: Gristmill.

    >>> random(pa.table({"doc_id": pa.array([5, 6, 7], pa.uint64())}), seed=0).tolist()
    [2, 1, 0]
    """
    doc_ids = documents["doc_id"].to_numpy()
    return np.lexsort((doc_ids, noise(doc_ids.astype(np.uint64), seed)))
