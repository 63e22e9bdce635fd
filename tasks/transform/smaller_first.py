"""Documents of a context from short to long: what is to be found in a long text is better read before it.

A model that reads once, left to right, must hold the first set it meets; the smaller it is, the better it fits.
"""

import numpy as np
import pyarrow as pa

from tasks.transform._made import in_document, of_pieces, repositioned
from tasks.transform._pieces import lengths, numbered, replaced

AFTER_PACK = True


def smaller_first(contexts: pa.Table) -> pa.Table:
    """Sort the documents of each context by length, the shortest first; equal ones stay in their order.

    What was inserted beside a document goes with it. Stands before transforms that cut documents up, such as
    untie_knots: pieces of one document that stand apart count as several.

    Source: Arora et al. 2024, arXiv:2407.05483, section 3 (the order of sets); of documents: Gristmill.
    """
    contexts = of_pieces(contexts)
    if not contexts.num_rows:
        return contexts
    group, size, context = in_document(contexts), lengths(contexts), contexts["context_id"].to_numpy()
    total = np.bincount(group, weights=size)[group]
    order = np.lexsort([np.arange(len(size)), group, total, context])
    made = replaced(contexts.take(pa.array(order)), position=np.arange(len(order)))
    return repositioned(numbered(made))
