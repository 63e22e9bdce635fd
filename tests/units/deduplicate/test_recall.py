"""The audit of recall: the S-curve, the sample and the perturbed copies."""

import numpy as np
import pytest

from tasks.deduplicate._recall import TARGETS, audit, choose, expected
from tests import data
from tests.units.deduplicate.corpus import planted


@pytest.mark.parametrize(
    ("bands", "rows", "curve"),
    [
        (14, 8, {0.5: 0.053, 0.6: 0.211, 0.7: 0.565, 0.75: 0.772, 0.8: 0.924, 0.85: 0.988}),
        (20, 13, {0.7: 0.177, 0.75: 0.382, 0.8: 0.677, 0.85: 0.924, 0.9: 0.997}),
        (450, 20, {0.6: 0.016, 0.7: 0.302, 0.75: 0.761, 0.8: 0.995}),
    ],
)
def test_the_s_curve_is_the_published_one(bands, rows, curve):
    assert expected(list(curve), bands, rows).round(3).tolist() == pytest.approx(list(curve.values()), abs=0.0011)


def test_the_sample_is_of_middle_sized_documents_and_of_no_order():
    doc_ids = np.arange(5000, dtype=np.uint64) * np.uint64(977)
    characters = np.where(doc_ids % 3 == 0, 100, 5000)
    sample = choose(doc_ids, characters)
    assert len(sample) == 250 and (sample % 3 != 0).all() and (np.diff(sample.astype(np.int64)) > 0).all()
    order = np.random.default_rng(0).permutation(5000)
    assert (choose(doc_ids[order], characters[order]) == sample).all()


def test_every_similarity_is_hit_and_found_as_often_as_expected():
    texts = [text for text, _ in planted(150, 0.8, length=200)]
    rows = audit(texts, ngram=5, bands=14, rows=8, seed=3).to_pylist()
    assert [row["jaccard"] for row in rows] == pytest.approx(TARGETS, abs=0.03)
    for row in rows:
        assert row["pairs"] == 150
        assert abs(row["found"] / 150 - row["expected"]) <= 4 * row["deviation"] + 1e-3, row


def test_the_audit_sees_a_setting_that_finds_less():
    texts = list(data.texts(60))
    loose, strict = (audit(texts, ngram=5, bands=b, rows=r, seed=0).to_pylist() for b, r in ((50, 2), (4, 28)))
    assert sum(row["found"] for row in loose) > 2 * sum(row["found"] for row in strict)


def test_short_texts_and_no_texts_give_no_rows():
    assert audit([], ngram=5, bands=14, rows=8, seed=0).num_rows == 0
    assert audit(["too short"] * 9, ngram=5, bands=14, rows=8, seed=0).num_rows == 0
