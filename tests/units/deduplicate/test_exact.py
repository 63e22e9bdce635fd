"""Exact deduplication against counting."""

from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import UnitError
from tasks.deduplicate.exact import exact


def table(hashes, ids=None, **columns):
    ids = range(len(hashes)) if ids is None else ids
    sizes = pa.array([16] * len(hashes), pa.int64())
    return pa.table({"doc_id": pa.array(ids, pa.uint64()), "content_hash": hashes, "characters": sizes, **columns})


@given(st.lists(st.sampled_from([b"a", b"b", b"c", b"d"]), max_size=30), st.randoms())
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
    hashes = [b"x"] * 5 + [b"y"] * 2 + [b"z"]
    found = exact(table(hashes))
    sizes = {row["cluster_id"]: row["documents"] for row in found.clusters.to_pylist()}
    assert sizes == {hashes.index(h): n for h, n in Counter(hashes).items() if n > 1}
    assert found.statistics == {"documents": 8, "clusters": 2, "removed": 5}
    assert found.removed["method"].unique().to_pylist() == ["exact"]
    assert found.removed["similarity"].unique().to_pylist() == [1.0]


def test_the_preferred_document_survives_and_no_value_is_lowest():
    documents = table([b"x"] * 4, quality=[None, 0.2, 0.9, 0.9])
    assert set(exact(documents, prefer="quality").removed["survivor_id"].to_pylist()) == {2}
    assert set(exact(documents).removed["survivor_id"].to_pylist()) == {0}


def test_any_type_of_hash_serves_and_an_unknown_one_is_never_equal():
    for kind in (pa.binary(), pa.binary(16), pa.string()):
        sixteen = ["a" * 16, "b" * 16, "a" * 16, None, None]
        values = sixteen if kind == pa.string() else [v and v.encode() for v in sixteen]
        found = exact(table(pa.array(values, kind)))
        assert found.removed.select(["doc_id", "survivor_id"]).to_pylist() == [{"doc_id": 2, "survivor_id": 0}]


def test_chunks_do_not_matter():
    halves = pa.concat_tables([table([b"x", b"y"], [5, 1]), table([b"y", b"x"], [0, 9])])
    assert exact(halves).removed["survivor_id"].to_pylist() == [0, 5]


@pytest.mark.parametrize(
    ("documents", "prefer", "message"),
    [
        (pa.table({"doc_id": [1], "characters": [1]}), None, "content_hash"),
        (table([b"x"]), "quality", "needs the column quality"),
        (table([b"x"], quality=["good"]), "quality", "numbers; quality"),
        (table([b"x", b"y"], [1, 1]), None, "doc_id 1 is there twice"),
    ],
)
def test_documents_that_cannot_be_compared_are_refused(documents, prefer, message):
    with pytest.raises(UnitError, match=message):
        exact(documents, prefer=prefer)
