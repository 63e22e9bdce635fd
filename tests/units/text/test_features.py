import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from tasks.text.features import BITS, BUCKETS, MOST, hashed, padded, paragraphs, project, whole_documents
from tasks.text.segment import OVERLAPPING
from tests.data import texts
from tests.units.text import oracles
from tests.units.text.oracles import HOSTILE, M, absorb, batch, fold, hash_word, mix

START, INSIDE = 0x243F6A8885A308D3, 0x13198A2E03707344
TEXTS = st.lists(st.text(max_size=80) | st.text("aB1漢字かな。,- \n", max_size=80), max_size=5)


def features(text: str, ngram: int, characters: bool) -> dict[int, float]:
    """The features of a text by plain Python: bucket to value."""
    found, keys = batch(text), []
    flags = [flag & OVERLAPPING != 0 for flag in found.words.flags.tolist()]
    words = ["".join(map(fold, found.word(i))) for i in range(len(found.words))]
    for i, word in enumerate(words):
        keys.append(hash_word(word))
        for last in range(i + 1, len(words)):
            if last - i >= ngram and not (last - i < 4 and all(flags[i + 1 : last + 1])):
                break
            state = START
            for other in words[i : last + 1]:
                state = absorb(state, hash_word(other))
            keys.append(mix(state))
        if characters and not flags[i]:
            marked = [0, *map(ord, word), 0]
            for first in range(len(marked)):
                for size in (3, 4, 5):
                    if first + size <= len(marked):
                        state = INSIDE
                        for point in marked[first : first + size]:
                            state = absorb(state, point)
                        keys.append(mix(state))
    counts = Counter((key & M) >> (64 - BITS) for key in keys)
    values = {bucket: math.log1p(min(count, MOST)) for bucket, count in counts.items()}
    length = math.sqrt(sum(value * value for value in values.values()))
    return {bucket: value / length for bucket, value in values.items()}


def matrix(documents: tuple[str, ...], ngram: int, characters: bool) -> sparse.csr_matrix:
    found = batch(*documents)
    buckets, values, offsets = hashed(found, whole_documents(found), ngram=ngram, characters=characters)
    return sparse.csr_matrix((values, buckets, offsets), shape=(len(documents), BUCKETS))


@pytest.mark.parametrize("ngram", [1, 2, 3, 6])
@pytest.mark.parametrize("characters", [False, True])
def test_against_plain_python(ngram: int, characters: bool) -> None:
    documents = (*(text[:2000] for text in texts(12)), *HOSTILE)
    found = matrix(documents, ngram, characters)
    for i, text in enumerate(documents):
        row = found[i]
        expected = features(text, ngram, characters)
        assert dict(zip(row.indices.tolist(), row.data.tolist(), strict=True)) == pytest.approx(expected, rel=1e-6)


@given(TEXTS)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_any_texts_against_plain_python(documents: list[str]) -> None:
    found = matrix(tuple(documents), 2, True)
    for i, text in enumerate(documents):
        row = found[i]
        expected = features(text, 2, True)
        assert dict(zip(row.indices.tolist(), row.data.tolist(), strict=True)) == pytest.approx(expected, rel=1e-6)


def test_a_text_with_words_has_length_1() -> None:
    documents = (*texts(30), *HOSTILE)
    lengths = sparse.linalg.norm(matrix(documents, 2, False), axis=1)
    words = np.diff(batch(*documents).words.offsets)
    assert lengths == pytest.approx((words > 0).astype(float), abs=1e-6)
    assert (words == 0).any()


@pytest.mark.parametrize("outputs", [1, 3, 17, 40])
@pytest.mark.parametrize("characters", [False, True])
def test_projection_is_the_product_with_the_matrix(outputs: int, characters: bool) -> None:
    documents = (*texts(20), *HOSTILE)
    weights = np.random.default_rng(outputs).standard_normal((BUCKETS, outputs)).astype(np.float32)
    found = batch(*documents)
    projected = project(found, whole_documents(found), padded(weights), ngram=2, characters=characters)
    expected = matrix(documents, 2, characters).astype(np.float64) @ weights.astype(np.float64)
    assert projected[:, :outputs] == pytest.approx(expected, abs=2e-6)
    assert not projected[:, outputs:].any()
    plain = project(found, whole_documents(found), weights, ngram=2, characters=characters)
    assert np.array_equal(plain, projected[:, :outputs])


def test_runs_of_an_unspaced_script_are_features_up_to_five_characters() -> None:
    found = matrix(("漢字仮名交じり", "漢字仮名交の文"), 1, False)
    # Shared: 5 pairs of the 6 characters 漢字仮名交 (4 pairs), and the runs over 2, 3 and 4 pairs inside them.
    assert len(np.intersect1d(found[0].indices, found[1].indices)) == 4 + 3 + 2 + 1
    spaced = matrix(("one two three four",), 1, False)
    assert spaced.nnz == 4


def test_a_paragraph_has_the_features_of_its_text() -> None:
    documents = (*texts(20), *HOSTILE, "\n\n  one two\n \n\n\nthree\n\n漢字 かな\n\n")
    found = batch(*documents)
    pieces = paragraphs(found)
    alone = [piece for text in documents for piece in oracles.paragraphs(text)]
    assert [
        bytes(found.data[start:stop]).decode() for start, stop in zip(pieces.starts, pieces.stops, strict=True)
    ] == alone
    expected = batch(*alone)
    for part, other in zip(
        hashed(found, pieces, ngram=2, characters=True),
        hashed(expected, whole_documents(expected), ngram=2, characters=True),
        strict=True,
    ):
        assert np.array_equal(part, other)
    assert pieces.document.tolist() == [i for i, t in enumerate(documents) for _ in oracles.paragraphs(t)]


def test_a_word_counts_at_most_255_times() -> None:
    often = matrix(("word " * 255 + "other", "word " * 5000 + "other"), 1, False)
    assert often[0].data == pytest.approx(often[1].data)
    assert max(often[0].data) == pytest.approx(math.log1p(255) / math.hypot(math.log1p(255), math.log1p(1)))
