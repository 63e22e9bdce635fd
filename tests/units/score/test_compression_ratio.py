import pytest
import zstandard

from tasks.score.compression_ratio import compression_ratio
from tests.data import texts
from tests.units.text.oracles import batch


def test_is_the_size_divided_by_the_compressed_size() -> None:
    documents = texts(20)
    sizes = [len(zstandard.ZstdCompressor(level=1).compress(text.encode())) for text in documents]
    expected = [len(text.encode()) / size for text, size in zip(documents, sizes, strict=True)]
    assert compression_ratio(batch(*documents)).tolist() == pytest.approx(expected)


def test_repetition_compresses_and_an_empty_text_scores_zero() -> None:
    ratios = compression_ratio(batch("", "ab" * 2000, "q7Zx"))
    assert ratios[0] == 0 and ratios[1] > 20 and ratios[2] < 1
