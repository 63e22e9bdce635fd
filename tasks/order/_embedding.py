"""Embeddings of a sentence-transformers model named in the recipe (the extra ``embeddings``)."""

from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from schemas.errors import MissingExtraError


def embeddings(texts: pa.Array, model: str) -> pa.Array:
    """Embed each text with ``model``, a local folder or the name of a hub; a list array of float32 of unit length.

    Raises MissingExtraError if sentence-transformers is not installed. A hub model is fetched by that library when it
    is first used: nothing is fetched that the recipe does not name.
    """
    # One by one: within a batch a text's last bits depend on how far the longest pads it.
    found = np.asarray(_loaded(model).encode(texts.to_pylist(), normalize_embeddings=True, batch_size=1), np.float32)
    offsets = np.arange(len(texts) + 1, dtype=np.int32) * (found.size // max(len(texts), 1))
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(found.ravel()))


@cache
def _loaded(model: str) -> Any:
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError:
        raise MissingExtraError(
            f"order in_context: model '{model}' needs sentence-transformers; pip install 'gristmill[embeddings]'"
        ) from None
    return SentenceTransformer(model)
