"""Exact deduplication against counting."""

import tracemalloc
from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import UnitError
from tasks.deduplicate.exact import exact

a, b, c, d, x, y, z = (letter.encode() * 16 for letter in "abcdxyz")


def table(hashes, ids=None, **columns):
    ids = range(len(hashes)) if ids is None else ids
    sizes = pa.array([16] * len(hashes), pa.int64())
    return pa.table({"doc_id": pa.array(ids, pa.uint64()), "content_hash": hashes, "characters": sizes, **columns})


@given(st.lists(st.sampled_from([a, b, c, d]), max_size=30), st.randoms())
def test_one_of_each_content_stays_whatever_the_order(hashes, shuffler):
    documents = table(pa.array(hashes, pa.binary()))
    found = exact(documents)
    assert found.removed.num_rows == len(hashes) - len(set(hashes))
    assert set(found.removed["survivor_id"].to_pylist()) <= {hashes.index(h) for h in hashes}
    assert all(hashes[r["doc_id"]] == hashes[r["survivor_id"]] for r in found.removed.to_pylist())
    order = list(range(len(hashes)))
    shuffler.shuffle(order)
    again = exact(documents.take(pa.array(order, pa.int64())))
    assert again.removed.equals(found.removed) and again.clusters.equals(found.clusters)


def test_clusters_are_counted_with_their_survivor():
    hashes = [x] * 5 + [y] * 2 + [z]
    found = exact(table(hashes))
    sizes = {row["cluster_id"]: row["documents"] for row in found.clusters.to_pylist()}
    assert sizes == {hashes.index(h): n for h, n in Counter(hashes).items() if n > 1}
    assert found.statistics == {"documents": 8, "clusters": 2, "removed": 5}
    assert found.removed["method"].unique().to_pylist() == ["exact"]
    assert found.removed["similarity"].unique().to_pylist() == [1.0]


def test_the_preferred_document_survives_and_no_value_is_lowest():
    documents = table([x] * 4, quality=[None, 0.2, 0.9, 0.9])
    assert set(exact(documents, prefer="quality").removed["survivor_id"].to_pylist()) == {2}
    assert set(exact(documents).removed["survivor_id"].to_pylist()) == {0}


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.binary(16)])
def test_an_unknown_hash_is_never_equal(kind):
    values = pa.array([x, y, x, None, None], kind)
    for documents in (table(values), pa.concat_tables([table(values), table(values[:0])]).slice(0)):
        found = exact(documents).removed
        assert found.select(["doc_id", "survivor_id"]).to_pylist() == [{"doc_id": 2, "survivor_id": 0}]


def test_hashes_differ_by_any_bit():
    hashes = [bytes(16)] + [(1 << bit).to_bytes(16, "little") for bit in range(128)]
    assert exact(table(hashes)).removed.num_rows == 0
    assert exact(table(hashes * 2, range(258))).removed["survivor_id"].to_pylist() == list(range(129))


def test_it_needs_140_bytes_per_document():
    count = 100_000
    documents = table([i.to_bytes(16, "big") for i in range(count)])
    tracemalloc.start()
    exact(documents)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most + 16 * count < 140 * count


def test_chunks_do_not_matter():
    halves = pa.concat_tables([table([x, y], [5, 1]), table([y, x], [0, 9])])
    assert exact(halves).removed["survivor_id"].to_pylist() == [0, 5]


@pytest.mark.parametrize(
    ("documents", "prefer", "message"),
    [
        (pa.table({"doc_id": [1], "characters": [1]}), None, "content_hash"),
        (table([b"short"]), None, "16 bytes"),
        (table([x]), "quality", "needs the column quality"),
        (table([x], quality=["good"]), "quality", "numbers; quality"),
        (table([x, y], [1, 1]), None, "doc_id 1 is there twice"),
    ],
)
def test_documents_that_cannot_be_compared_are_refused(documents, prefer, message):
    with pytest.raises(UnitError, match=message):
        exact(documents, prefer=prefer)
