"""Deduplication gives the same result for any parts, order of rows and way of running, and keeps its promises."""

from hashlib import md5
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.deduplicate.exact import exact
from tasks.deduplicate.minhash import minhash
from tests.units.deduplicate.corpus import documents, grams, identities, jaccard, stored

ALPHABET = [f"{first}{second}word" for first in "abcdef" for second in "ghijkl"]


@st.composite
def corpora(draw):
    """Short texts, many of them near-duplicates of each other: slices of a few word sequences."""
    bases = draw(st.lists(st.lists(st.sampled_from(ALPHABET), min_size=12, max_size=40), min_size=1, max_size=3))
    count = draw(st.integers(1, 14))
    pieces = st.tuples(st.sampled_from(bases), st.integers(0, 6), st.integers(0, 6))
    return [" ".join(b[i : len(b) - j]) for b, i, j in draw(st.lists(pieces, min_size=count, max_size=count))]


def deduplicated(texts, ids, cuts=(), mapper=map):
    with TemporaryDirectory() as folder:
        parts = stored(Path(folder), texts, ids, cuts, row_group_size=3)
        return minhash(parts, documents(texts, ids), Path(folder) / "work", mapper=mapper)


def backwards(function, items):
    """A mapper that finishes its work in the opposite order."""
    return [function(item) for item in list(items)[::-1]][::-1]


@settings(max_examples=25, deadline=None)
@given(corpora(), st.data())
def test_parts_order_and_mapper_do_not_matter(texts, data):
    ids = identities(len(texts)).tolist()
    whole = deduplicated(texts, ids)
    order = data.draw(st.permutations(range(len(texts))))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(texts)), max_size=3)))
    other = deduplicated([texts[i] for i in order], [ids[i] for i in order], cuts, backwards)
    assert other.removed.equals(whole.removed)
    assert other.clusters.equals(whole.clusters)
    assert other.statistics == whole.statistics
    assert other.recall.equals(whole.recall)


@settings(max_examples=25, deadline=None)
@given(corpora())
def test_survivors_stay_and_every_similarity_is_the_true_one(texts):
    ids = identities(len(texts)).tolist()
    text_of = dict(zip(ids, texts, strict=True))
    rows = deduplicated(texts, ids).removed.to_pylist()
    lost = {row["doc_id"] for row in rows}
    assert len(lost) == len(rows)
    for row in rows:
        survivor, removed = text_of[row["survivor_id"]], text_of[row["doc_id"]]
        assert row["survivor_id"] not in lost
        assert row["similarity"] == jaccard(grams(removed), grams(survivor)) >= 0.7
        assert (-len(survivor), row["survivor_id"]) < (-len(removed), row["doc_id"])


@settings(max_examples=25, deadline=None)
@given(corpora())
def test_a_second_pass_removes_nothing_that_the_first_could_have(texts):
    ids = identities(len(texts)).tolist()
    lost = set(deduplicated(texts, ids).removed["doc_id"].to_pylist())
    kept = [(text, i) for text, i in zip(texts, ids, strict=True) if i not in lost]
    assert deduplicated([text for text, _ in kept], [i for _, i in kept]).removed.num_rows == 0


@given(corpora(), st.data())
def test_exact_duplicates_do_not_depend_on_order(texts, data):
    ids = identities(len(texts)).tolist()
    table = documents(texts, ids).append_column("content_hash", pa.array([md5(t.encode()).digest() for t in texts]))
    order = data.draw(st.permutations(range(len(texts))))
    found = exact(table)
    assert exact(table.take(order)).removed.equals(found.removed)
    assert found.removed.num_rows == len(texts) - len(set(texts))
