"""Embeddings by a named model: what is asked of the library, and what is said when it is missing."""

import sys
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from schemas.errors import MissingExtraError
from tasks.order import _embedding
from tasks.order.in_context import COLUMNS, measure
from tasks.text.batch import TextBatch


@pytest.fixture(autouse=True)
def fresh():
    _embedding._loaded.cache_clear()
    yield
    _embedding._loaded.cache_clear()


def test_missing_extra_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(MissingExtraError, match=r"model 'm'.*pip install 'gristmill\[embeddings\]'"):
        measure(TextBatch(pa.array(["a"])), model="m")


def test_model_is_loaded_once_and_asked_for_unit_vectors(monkeypatch):
    loaded = []

    class Model:
        def __init__(self, name):
            loaded.append(name)

        def encode(self, texts, normalize_embeddings, batch_size):
            assert normalize_embeddings and batch_size == 1
            return np.array([[len(text), 1.0] for text in texts])

    monkeypatch.setitem(sys.modules, "sentence_transformers", SimpleNamespace(SentenceTransformer=Model))
    for _ in range(2):
        found = measure(TextBatch(pa.array(["a", "bbb"])), model="folder/model")
    assert loaded == ["folder/model"]
    assert found["embedding"].to_pylist() == [[1.0, 1.0], [3.0, 1.0]]
    assert found["word_buckets"].to_pylist() == [[], []]
    assert {name: values.type for name, values in found.items()} == {c.name: c.arrow for c in COLUMNS}
    assert len(measure(TextBatch(pa.array([], pa.string())), model="folder/model")["embedding"]) == 0
