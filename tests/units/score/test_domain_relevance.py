"""The similarity of histograms against MAUVE's own code, run on those in mauve.json; clusters against their laws."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from schemas.errors import RecipeError, UnitError
from tasks import units
from tasks.score._clusters import nearest, points, principal, rarity
from tasks.score._divergence import similarity
from tasks.score.domain_relevance import domain_relevance, fit
from tests.units.score.drawn import batch, prose, sample, turned

MAUVE = json.loads((Path(__file__).parent / "mauve.json").read_text(encoding="utf-8"))
CORPUS = [prose(i, 80, vocabulary=40, first=1000 * (i % 3)) for i in range(60)]
DOMAINS = [f"domain {i % 3}" for i in range(60)]
SAMPLE = sample(CORPUS, domain=DOMAINS)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Texts like those of domain 1."""
    path = tmp_path_factory.mktemp("target") / "target.jsonl"
    lines = [json.dumps({"text": prose(900 + i, 80, vocabulary=40, first=1000)}) + "\n" for i in range(40)]
    path.write_text("".join(lines), encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def fitted(target: str) -> dict[str, np.ndarray]:
    return fit(SAMPLE, target=target, seed=0)


@pytest.mark.parametrize("known", MAUVE)
def test_similarity_is_what_mauve_finds(known: dict[str, Any]) -> None:
    p, q = np.array(known["p"], float), np.array(known["q"], float)
    found = similarity(p, q, mixtures=known["points"], scale=known["scale"])
    assert found == pytest.approx(known["mauve"], abs=1e-9)


shares = st.lists(st.integers(0, 1000), min_size=2, max_size=8).filter(any)


@given(shares, st.randoms(use_true_random=False))
def test_similarity_is_within_bounds_symmetric_and_1_for_equals(values: list[int], draw: Any) -> None:
    p = np.array(values) / sum(values)
    q = np.array(draw.sample(p.tolist(), len(p)))
    assert similarity(p, p) == pytest.approx(1)
    assert -1e-12 <= similarity(p, q) <= 1 + 1e-12
    assert similarity(p, q) == pytest.approx(similarity(q, p), abs=1e-9)


def test_components_are_those_of_scikit_learn() -> None:
    found = points(batch(*CORPUS), rarity([batch(*CORPUS)]))
    mean, components = principal(found, 0.9)
    theirs = PCA().fit(found.astype(float))
    kept = int(np.argmax(np.cumsum(theirs.explained_variance_ratio_) >= 0.9)) + 1
    assert len(components) == kept
    assert np.abs(components @ theirs.components_[:kept].T) == pytest.approx(np.eye(kept), abs=1e-5)
    assert mean == pytest.approx(theirs.mean_, abs=1e-6)


def test_the_nearest_center_is_that_of_the_definition() -> None:
    rng = np.random.default_rng(4)
    found, mean, components = rng.normal(size=(50, 8)), rng.normal(size=8), rng.normal(size=(5, 8))
    centers = rng.normal(size=(7, 5))
    reduced = (found - mean) @ components.T
    expected = np.argmin(((reduced[:, None] - centers[None]) ** 2).sum(2), axis=1)
    assert nearest(found, mean, components, centers).tolist() == expected.tolist()


def test_the_domain_that_is_like_the_target_is_relevant(fitted: dict[str, np.ndarray]) -> None:
    like = dict(zip(fitted["domains"].tolist(), fitted["similarities"].tolist(), strict=True))
    assert like["domain 1"] > 0.8 and max(like["domain 0"], like["domain 2"]) < 0.1
    assert like["domain 2"] < float(fitted["similarity"][0]) < like["domain 1"]
    found = domain_relevance(batch(*CORPUS), fitted=fitted)["domain_relevance"].to_pylist()
    assert min(found[1::3]) > 0 > max(found[0::3] + found[2::3])


def test_scores_are_the_smoothed_log_ratio_of_the_cluster(target: str, fitted: dict[str, np.ndarray]) -> None:
    wanted = [json.loads(line)["text"] for line in Path(target).read_text(encoding="utf-8").splitlines()]
    ours, theirs = (domain_relevance(batch(*texts), fitted=fitted) for texts in (CORPUS, wanted))
    size = len(fitted["centers"])
    assert size == 4  # a tenth of the smaller side
    for score, cluster in zip(*(ours[name].to_pylist() for name in ours), strict=True):
        p, q = (found["domain_cluster"].to_pylist().count(cluster) for found in (ours, theirs))
        assert score == pytest.approx(math.log((q + 0.5) / (40 + size / 2)) - math.log((p + 0.5) / (60 + size / 2)))


def test_a_corpus_that_is_the_target_has_no_relevance(tmp_path: Path) -> None:
    path = tmp_path / "same.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in CORPUS), encoding="utf-8")
    fitted = fit(SAMPLE, target=str(path), seed=0)
    assert float(fitted["similarity"][0]) == pytest.approx(1)
    assert domain_relevance(batch(*CORPUS), fitted=fitted)["domain_relevance"].to_pylist() == [0.0] * 60


def test_a_document_without_words_has_none(fitted: dict[str, np.ndarray]) -> None:
    found = domain_relevance(batch("", " \n", prose(1, 50)), fitted=fitted)
    assert [value is None for value in found["domain_relevance"].to_pylist()] == [True, True, False]
    assert found["domain_cluster"].to_pylist()[:2] == [None, None]


def test_neither_rows_nor_batches_matter(target: str, fitted: dict[str, np.ndarray]) -> None:
    other = fit(turned(SAMPLE), target=target, seed=0)
    assert all(np.array_equal(fitted[name], other[name]) for name in fitted)
    together = domain_relevance(batch(*CORPUS), fitted=fitted)
    for row, text in enumerate(CORPUS):
        alone = domain_relevance(batch(text), fitted=fitted)
        assert all(alone[name][0] == together[name][row] for name in together)


def test_what_cannot_be_compared_is_refused(target: str) -> None:
    with pytest.raises(UnitError, match="no document"):
        fit(sample(["", " "]), target=target, seed=0)
    with pytest.raises(UnitError, match="no document"):
        fit(sample([]), target=target, seed=0)
    for settings in ({"buckets": 1}, {"explained": 1.0}, {"mixtures": 1}, {"scale": 0.0}):
        with pytest.raises(RecipeError, match=f"{next(iter(settings))}' of domain_relevance"):
            units.unit("score", "domain_relevance").resolve({"target": target, **settings})
