"""Concatenation: the stream of all tokens, cut every so many."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.pack.concatenate import concatenate
from tests.units.pack.laws import LENGTHS, LIMITS, assert_whole, contents, occurrences


@settings(deadline=None)
@given(LENGTHS, LIMITS)
def test_contexts_are_slices_of_the_stream(lengths: list[int], limit: int) -> None:
    documents = occurrences(lengths)
    stream = [(d["doc_id"], d["copy"], t) for d in documents.to_pylist() for t in range(d["tokens"])]
    segments = concatenate(documents, context_length=limit, shuffle=False)
    assert_whole(segments, documents, limit)
    found = [[(d, c, t) for d, c, a, b in held for t in range(a, b)] for held in contents(segments)]
    assert found == [stream[i : i + limit] for i in range(0, len(stream), limit)]


@settings(deadline=None)
@given(LENGTHS, LIMITS, st.integers(0, 2**63 - 1))
def test_a_shuffle_moves_whole_contexts(lengths: list[int], limit: int, seed: int) -> None:
    documents = occurrences(lengths)
    segments = concatenate(documents, context_length=limit, seed=seed)
    assert_whole(segments, documents, limit)
    plain = concatenate(documents, context_length=limit, shuffle=False)
    assert sorted(contents(segments)) == sorted(contents(plain))
