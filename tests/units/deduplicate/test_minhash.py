"""MinHash deduplication from files to the removed documents, against sets, brute force and the S-curve."""

import pickle
import time

import datasketch
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.errors import RecipeError, UnitError
from tasks import units
from tasks.deduplicate._recall import expected
from tasks.deduplicate.minhash import minhash
from tasks.text import TextBatch
from tasks.text.shingles import shingles
from tests.units.deduplicate.corpus import documents, edited, grams, identities, jaccard, planted, stored


def removed(found):
    return {row["doc_id"]: (row["survivor_id"], row["similarity"]) for row in found.removed.to_pylist()}


def stars_by_hand(order, similar, threshold, sharing):
    """Greedy stars over all pairs: {removed: (survivor, similarity)}."""
    result = {}
    for position, survivor in enumerate(order):
        if survivor in result:
            continue
        for other in order[position + 1 :]:
            if other not in result and sharing(survivor, other):
                similarity = similar(survivor, other)
                if similarity >= threshold:
                    result[other] = (survivor, similarity)
    return result


def test_it_removes_what_brute_force_over_all_pairs_removes(tmp_path):
    texts = edited(150)
    ids = identities(len(texts)).tolist()
    values, offsets = shingles(TextBatch(pa.array(texts, pa.large_string())), 5)
    sets = {i: set(values[offsets[n] : offsets[n + 1]].tolist()) for n, i in enumerate(ids)}
    parts = stored(tmp_path / "in", texts, ids, cuts=[100, 101])
    bands = {
        row["doc_id"]: set(enumerate(row["bands"])) for part in parts for row in pq.read_table(part[0]).to_pylist()
    }
    length = dict(zip(ids, map(len, texts), strict=True))
    expected_stars = stars_by_hand(
        sorted(ids, key=lambda i: (-length[i], i)),
        lambda a, b: jaccard(sets[a], sets[b]),
        0.7,
        lambda a, b: bands[a] & bands[b],
    )
    found = minhash(parts, documents(texts, ids), tmp_path / "work")
    assert len(expected_stars) > 30
    assert removed(found) == expected_stars
    assert found.statistics["removed"] == len(expected_stars)


def test_no_removed_document_is_less_similar_to_its_survivor_than_asked(tmp_path):
    texts = [text for level in (0.5, 0.65, 0.7, 0.75, 0.9) for pair in planted(40, level, seed=7) for text in pair]
    ids = identities(len(texts))
    text_of = dict(zip(ids.tolist(), texts, strict=True))
    rows = minhash(stored(tmp_path, texts, ids), documents(texts, ids), tmp_path / "work").removed.to_pylist()
    assert len(rows) > 60
    for row in rows:
        exact = jaccard(grams(text_of[row["doc_id"]]), grams(text_of[row["survivor_id"]]))
        assert row["similarity"] == exact >= 0.7
        assert row["cluster_id"] == row["survivor_id"]
    assert not {row["doc_id"] for row in rows} & {row["survivor_id"] for row in rows}


@pytest.mark.parametrize("similarity", [0.7, 0.75, 0.8, 0.85, 0.9])
def test_planted_pairs_are_found_as_often_as_the_s_curve_and_datasketch_say(tmp_path, similarity):
    pairs = list(planted(400, similarity, seed=int(similarity * 100), length=150))
    texts = [text for pair in pairs for text in pair]
    ids = np.arange(len(texts), dtype=np.uint64)
    exact = np.array([jaccard(grams(a), grams(b)) for a, b in pairs])
    chance = expected(exact, 14, 8)
    deviation = np.sqrt((chance * (1 - chance)).sum())
    found = minhash(stored(tmp_path, texts, ids), documents(texts, ids), tmp_path / "work", verify=0.5)
    assert found.removed.num_rows == pytest.approx(chance.sum(), abs=3 * deviation + 0.5)
    assert found.removed.num_rows == pytest.approx(datasketch_finds(pairs[:200]) * 2, abs=6 * deviation + 2)


def datasketch_finds(pairs):
    """How many of the pairs datasketch's MinHash puts into a common band."""
    count = 0
    for pair in pairs:
        left, right = (datasketch.MinHash(112) for _ in pair)
        for sketch, text in zip((left, right), pair, strict=True):
            sketch.update_batch([" ".join(gram).encode() for gram in grams(text)])
        same = (left.hashvalues == right.hashvalues).reshape(14, 8)
        count += bool(same.all(axis=1).any())
    return count


def test_the_measured_recall_follows_the_s_curve(tmp_path):
    texts = edited(200)
    ids = identities(len(texts))
    recall = minhash(stored(tmp_path, texts, ids), documents(texts, ids), tmp_path / "work").recall.to_pylist()
    assert len(recall) == 12 and recall[0]["pairs"] >= 50
    for row in recall:
        assert abs(row["found"] / row["pairs"] - row["expected"]) <= 4 * row["deviation"] + 1e-3, row


def test_a_giant_bucket_of_equal_documents_takes_seconds(tmp_path):
    texts = [next(planted(1, 0.8))[0]] * 20_000
    ids = identities(len(texts))
    parts = stored(tmp_path, texts, ids, row_group_size=5000)
    began = time.monotonic()
    found = minhash(parts, documents(texts, ids), tmp_path / "work")
    assert time.monotonic() - began < 20
    assert found.removed.num_rows == 19_999
    assert set(found.removed["survivor_id"].to_pylist()) == {int(ids.min())}
    assert found.statistics["pairs_compared"] == 19_999
    assert found.clusters.to_pylist() == [
        {"cluster_id": int(ids.min()), "documents": 20_000, "mean_similarity": 1.0, "least_similarity": 1.0}
    ]


def test_there_is_no_transitive_closure(tmp_path):
    words = [f"{a}{b}x" for a in "abcdefghijklmnop" for b in "abcdefghijklmnop"]
    chain = [" ".join(words[start : start + 150]) for start in range(0, 100, 10)]
    ids = list(range(len(chain)))
    found = removed(minhash(stored(tmp_path, chain, ids, rows=2), documents(chain, ids), tmp_path / "w", rows=2))
    assert 0 < len(found) < len(chain) - 1
    for lost, (survivor, _) in found.items():
        assert jaccard(grams(chain[lost]), grams(chain[survivor])) >= 0.7


def test_the_preferred_then_the_longer_then_the_lower_document_survives(tmp_path):
    text = next(planted(1, 0.8))[0]
    texts = [text, text, text + " more", text]
    table = documents(texts, [4, 3, 2, 1])
    parts = stored(tmp_path, texts, [4, 3, 2, 1])
    assert set(minhash(parts, table, tmp_path / "a").removed["survivor_id"].to_pylist()) == {2}
    scored = table.append_column("quality", pa.array([None, 0.9, float("nan"), 0.9]))
    found = minhash(parts, scored, tmp_path / "b", prefer="quality")
    assert set(found.removed["survivor_id"].to_pylist()) == {1}


def test_documents_that_are_not_live_take_no_part(tmp_path):
    text = next(planted(1, 0.8))[0]
    parts = stored(tmp_path, [text] * 3, [1, 2, 3])
    live = documents([text] * 2, [2, 3])
    assert removed(minhash(parts, live, tmp_path / "work")) == {3: (2, 1.0)}


def test_short_texts_resemble_only_those_with_the_same_words(tmp_path):
    texts = ["two words", "Two  words", "two", "two words more", "...", "..", "words two", "..."]
    found = minhash(stored(tmp_path, texts, range(8)), documents(texts, range(8)), tmp_path / "work")
    assert removed(found) == {0: (1, 1.0), 7: (4, 1.0)}


@pytest.mark.parametrize("texts", [[], ["one text of more than five words here"]])
def test_nothing_to_do(tmp_path, texts):
    ids = list(range(len(texts)))
    parts = stored(tmp_path, texts, ids) if texts else []
    found = minhash(parts, documents(texts, ids), tmp_path / "work")
    assert found.removed.num_rows == 0 and found.clusters.num_rows == 0


@pytest.mark.parametrize("setting", [{"verify": 0}, {"verify": 1.1}, {"ngram": 0}, {"bands": 0}, {"rows": 0}])
def test_impossible_settings_are_refused(setting):
    with pytest.raises(RecipeError, match=next(iter(setting))):
        units.unit("deduplicate", "minhash").resolve(setting)


def test_other_bands_than_measured_are_refused(tmp_path):
    text = next(planted(1, 0.8))[0]
    parts = stored(tmp_path, [text] * 2, [1, 2], bands=10)
    with pytest.raises(UnitError, match="10 bands"):
        minhash(parts, documents([text] * 2, [1, 2]), tmp_path / "work", bands=14)


def test_a_document_that_is_there_twice_is_refused(tmp_path):
    text = next(planted(1, 0.8))[0]
    parts = stored(tmp_path, [text], [5])
    with pytest.raises(UnitError, match="doc_id 5 is in the signatures twice"):
        minhash(parts * 2, documents([text], [5]), tmp_path / "work")


def test_a_candidate_without_a_text_is_refused(tmp_path):
    text = next(planted(1, 0.8))[0]
    parts = stored(tmp_path / "a", [text] * 2, [1, 2])
    other = stored(tmp_path / "b", [text], [1])
    with pytest.raises(UnitError, match="2 documents are candidates"):
        minhash([parts[0]._replace(texts=other[0].texts)], documents([text] * 2, [1, 2]), tmp_path / "work")


def test_every_piece_of_work_can_be_sent_to_a_worker(tmp_path):
    def sent(function, items):
        return [pickle.loads(pickle.dumps(function))(pickle.loads(pickle.dumps(item))) for item in items]

    texts = [text for pair in planted(20, 0.9) for text in pair]
    parts = stored(tmp_path, texts, range(40), cuts=[7])
    here = minhash(parts, documents(texts, range(40)), tmp_path / "a")
    there = minhash(parts, documents(texts, range(40)), tmp_path / "b", mapper=sent)
    assert here.removed.equals(there.removed) and here.statistics == there.statistics
    assert here.recall.equals(there.recall)
