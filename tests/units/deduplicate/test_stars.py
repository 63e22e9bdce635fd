"""The verification kernels, against Python's sets."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.deduplicate._stars import jaccard, stars

small_sets = st.sets(st.integers(0, 30), max_size=25)


@settings(deadline=None)
@given(small_sets, small_sets, st.sampled_from([0.0, 0.1, 0.5, 2 / 3, 0.7, 0.75, 0.8, 0.9, 1.0]))
@example({0, 1, 2}, {0, 1}, 2 / 3)
@example(set(range(7)), set(range(10)), 0.7)
def test_similarity_is_exact_or_under_the_threshold(left, right, threshold):
    values = np.array([*sorted(left), *sorted(right)], np.uint64)
    found = jaccard(values, 0, len(left), len(left), len(values), threshold)
    exact = len(left & right) / len(left | right) if left and right else -1.0
    if exact >= threshold or found >= threshold:
        assert found == exact


def run(sets, members_of_buckets, threshold, most):
    """Call the kernel on documents 0, 1, ... in rank order; return (survivor, similarity, compared, crowded)."""
    values = np.array([v for s in sets for v in sorted(s)], np.uint64)
    offsets = np.cumsum([0, *map(len, sets)])
    entries = [(b, d) for b, members in enumerate(members_of_buckets) for d in sorted(members)]
    bucket, members = (np.array(column, np.int64) for column in zip(*entries, strict=True))
    survivor, similarity = np.full(len(sets), -1), np.zeros(len(sets))
    places = np.argsort(members, kind="stable")
    arrays = (values, offsets[:-1], offsets[1:], members, bucket, places)
    compared, crowded = stars(*arrays, threshold, most, survivor, similarity)
    return survivor.tolist(), similarity.tolist(), compared, crowded


@settings(deadline=None)
@given(st.lists(small_sets, min_size=2, max_size=9), st.data())
def test_each_document_survives_or_goes_to_the_first_survivor_that_is_similar(sets, data):
    pick = st.sets(st.integers(0, len(sets) - 1), min_size=2)
    chosen = data.draw(st.lists(pick, min_size=1, max_size=5))
    survivor, similarity, _, _ = run(sets, chosen, 0.5, 128)
    expected = [-1] * len(sets)
    for document in range(len(sets)):
        for other in range(document + 1, len(sets)):
            together = any({document, other} <= members for members in chosen)
            union = sets[document] | sets[other]
            near = union and len(sets[document] & sets[other]) / len(union) >= 0.5
            if expected[document] < 0 and expected[other] < 0 and together and near:
                expected[other] = document
    assert survivor == expected
    assert all((s >= 0.5) == (e >= 0) for s, e in zip(similarity, expected, strict=True))


def test_a_pair_in_many_buckets_is_compared_once():
    assert run([{1, 2}, {1, 2}, {3}], [{0, 1, 2}] * 10, 0.9, 128) == ([-1, 0, -1], [0, 1.0, 0], 2, 0)


def test_a_crowded_bucket_is_not_compared_all_with_all():
    sets = [{10 * n, 10 * n + 1} for n in range(1000)]
    survivor, _, compared, crowded = run(sets, [range(1000)], 0.5, 16)
    assert survivor == [-1] * 1000
    assert compared == sum(999 - n for n in range(16)) and crowded == 1


def test_another_bucket_still_finds_what_a_crowded_one_leaves():
    sets = [{n} for n in range(50)] + [{100}, {100}]
    survivor, _, _, crowded = run(sets, [range(52), {50, 51}], 0.5, 4)
    assert survivor[51] == 50 and crowded == 1


@pytest.mark.parametrize("most", [1, 128])
def test_equal_documents_need_one_comparison_each(most):
    survivor, _, compared, _ = run([{1, 2, 3}] * 500, [range(500)], 0.7, most)
    assert survivor == [-1] + [0] * 499 and compared == 499
