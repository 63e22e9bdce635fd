"""The sample: by source and length, by hash inside, the same whatever the order of the rows."""

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.annotate._strata import sampled, strata

rng = np.random.default_rng(5)


def documents(sizes: dict[str, int], seed: int = 5) -> pa.Table:
    drawn = np.random.default_rng(seed)
    number = sum(sizes.values())
    return pa.table(
        {
            "doc_id": drawn.permutation(2**63 + np.arange(number, dtype=np.uint64) * 77),
            "source": [name for name, size in sizes.items() for _ in range(size)],
            "bytes": drawn.integers(1, 5000, number),
            "quality": np.where(drawn.random(number) < 0.1, np.nan, drawn.random(number)),
        }
    )


sizes_of = st.dictionaries(st.sampled_from("abcd"), st.integers(1, 80), min_size=1)


@given(sizes_of, st.integers(1, 200), st.integers(0, 9), st.sampled_from([None, "quality"]))
def test_proportional_is_within_one_of_its_share(sizes: dict[str, int], number: int, seed: int, score) -> None:
    table = documents(sizes)
    groups = dict(zip(table["doc_id"].to_pylist(), strata(table, score).tolist(), strict=True))
    drawn = sampled(table, number, seed, score=score)
    assert len(drawn) == min(number, len(table)) and len(set(drawn.tolist())) == len(drawn)
    taken, all_ = Counter(groups[i] for i in drawn.tolist()), Counter(groups.values())
    for group, size in all_.items():
        assert abs(taken[group] - size * len(drawn) / len(table)) < 1 + 1e-9


@given(sizes_of, st.integers(1, 200), st.integers(0, 9))
def test_equal_gives_to_none_more_than_one_above_another_that_has_more(
    sizes: dict[str, int], number: int, seed: int
) -> None:
    table = documents(sizes)
    groups = dict(zip(table["doc_id"].to_pylist(), strata(table).tolist(), strict=True))
    drawn = sampled(table, number, seed, allocation="equal")
    assert len(drawn) == min(number, len(table))
    taken, all_ = Counter(groups[i] for i in drawn.tolist()), Counter(groups.values())
    most = max(taken.values())
    assert all(taken[group] >= min(size, most - 1) for group, size in all_.items())


@given(sizes_of, st.integers(1, 60), st.sampled_from(["proportional", "equal"]), st.randoms())
def test_the_order_of_the_rows_does_not_matter(sizes: dict[str, int], number: int, allocation, random) -> None:
    table = documents(sizes)
    rows = list(range(len(table)))
    random.shuffle(rows)
    turned = table.take(pa.array(rows))
    assert np.array_equal(
        sampled(turned, number, 3, allocation=allocation), sampled(table, number, 3, allocation=allocation)
    )


def test_strata_are_tenths_of_each_source() -> None:
    table = documents({"long": 100, "short": 40})
    counts = Counter(strata(table).tolist())
    assert sorted(counts.values()) == [4] * 10 + [10] * 10
    lengths = dict(zip(table["doc_id"].to_pylist(), table["bytes"].to_pylist(), strict=True))
    groups = dict(zip(table["doc_id"].to_pylist(), strata(table).tolist(), strict=True))
    shortest = [lengths[i] for i, g in groups.items() if g == 0]
    longest = [lengths[i] for i, g in groups.items() if g == 9]
    assert max(shortest) <= min(longest)


def test_another_seed_draws_others() -> None:
    table = documents({"a": 500})
    assert len(np.intersect1d(sampled(table, 50, 1), sampled(table, 50, 2))) < 25


def test_every_document_is_as_likely() -> None:
    """Over many seeds each of 40 documents is drawn 8 times in 40: chi-square far inside its 99.9 % bound."""
    table = documents({"a": 25, "b": 15})
    times = Counter(i for seed in range(600) for i in sampled(table, 8, seed).tolist())
    expected = 600 * 8 / 40
    assert sum((times[i] - expected) ** 2 / expected for i in table["doc_id"].to_pylist()) < 72


def test_a_few_documents_less_change_the_sample_little() -> None:
    table = documents({"a": 600, "b": 400})
    fewer = table.filter(pa.array(rng.random(len(table)) > 0.02))
    before, after = sampled(table, 100, 1), sampled(fewer, 100, 1)
    assert len(np.intersect1d(before, after)) > 80


@pytest.mark.parametrize("number", [1, 3])
def test_none_or_few(number: int) -> None:
    assert len(sampled(documents({"a": 1}), number, 0)) == 1
    assert len(sampled(documents({"a": 1}).slice(0, 0), number, 0)) == 0
