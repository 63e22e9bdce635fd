import numpy as np
import pytest

from tasks.text.minhash import signatures
from tests.units.text.oracles import batch


def _pair(random: np.random.Generator, common: int, apart: int) -> tuple[str, str]:
    """Two texts of distinct words whose sets of words share ``common`` of ``common + 2 * apart``."""
    names = [f"w{number}" for number in random.choice(10**9, common + 2 * apart, replace=False)]
    return " ".join(names[: common + apart]), " ".join(names[:common] + names[common + apart :])


@pytest.mark.parametrize(("common", "apart"), [(80, 10), (60, 20), (40, 30), (20, 40)])
def test_bands_match_with_the_probability_of_minhash(common: int, apart: int) -> None:
    random = np.random.default_rng(common)
    similarity = common / (common + 2 * apart)
    pairs = [_pair(random, common, apart) for _ in range(150)]
    found = batch(*[text for pair in pairs for text in pair])
    for rows in (1, 2, 4):
        bands = signatures(found, ngram=1, bands=32, rows=rows, seed=7)
        matches = (bands[0::2] == bands[1::2]).sum()
        trials = len(pairs) * 32
        expected = similarity**rows
        assert abs(matches / trials - expected) < 4 * np.sqrt(expected * (1 - expected) / trials)


def test_the_estimate_is_as_near_as_that_of_datasketch() -> None:
    datasketch = pytest.importorskip("datasketch")
    random = np.random.default_rng(3)
    ours, theirs = [], []
    for _ in range(60):
        left, right = _pair(random, 50, 25)
        bands = signatures(batch(left, right), ngram=1, bands=128, rows=1)
        ours.append((bands[0] == bands[1]).mean() - 0.5)
        sketches = [datasketch.MinHash(128) for _ in range(2)]
        for sketch, text in zip(sketches, (left, right), strict=True):
            sketch.update_batch([word.encode() for word in text.split()])
        theirs.append(sketches[0].jaccard(sketches[1]) - 0.5)
    assert abs(np.mean(ours)) < 0.02
    assert np.std(ours) < 1.5 * np.std(theirs)


def test_signatures_do_not_depend_on_case_punctuation_or_batch() -> None:
    bands = signatures(batch("The cat sat on the mat today.", "other", "the CAT, sat on (the) mat today"))
    assert bands.dtype == np.uint64 and bands.shape == (3, 14)
    assert (bands[0] == bands[2]).all()
    assert (bands[1] == signatures(batch("other"))[0]).all()
    assert not (signatures(batch("other"), seed=1) == bands[1]).any()


def test_short_and_empty_documents_match_only_their_equals() -> None:
    documents = ["", "", " ", "one", "two", "One", "...", "???"]
    bands = signatures(batch(*documents))
    keys = [text.lower() for text in documents]
    for i in range(len(documents)):
        for j in range(len(documents)):
            assert (bands[i] == bands[j]).all() == (keys[i] == keys[j])


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="got 0"):
        signatures(batch("a"), ngram=0)
    with pytest.raises(ValueError, match="got 14 and 0"):
        signatures(batch("a"), rows=0)
