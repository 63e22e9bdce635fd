"""Clusters against scikit-learn's, the laws of what is learnt, cards of subjects made by hand, and decisions."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans

from schemas.errors import InputError, RecipeError, UnitError
from tasks import units
from tasks.ledger import Ledger
from tasks.score._clusters import nearest_of, points
from tasks.score.cluster import cluster, fit, tables_of
from tests.small import run_here
from tests.units.score.drawn import batch, prose, sample, turned

SUBJECTS = 3
TEXTS = [prose(i, 80, vocabulary=40, first=1000 * (i % SUBJECTS)) for i in range(60)]
SAMPLE = sample(TEXTS)
FITTED = fit(SAMPLE, clusters=SUBJECTS, seed=0)


def inertia(fitted: dict[str, np.ndarray], found: np.ndarray) -> float:
    return float((nearest_of(found, fitted["centers"])[1] ** 2).sum())


@pytest.mark.parametrize("clusters", [2, 3, 5, 9])
def test_clusters_are_as_tight_as_those_of_scikit_learn(clusters: int) -> None:
    texts = [prose(i, 60, vocabulary=50, first=100 * (i % 7)) for i in range(210)]
    fitted = fit(sample(texts), clusters=clusters, seed=1)
    found = points(batch(*texts), fitted["rarities"])
    best = KMeans(clusters, n_init=10, random_state=0).fit(found).inertia_
    assert 0.999 * best <= inertia(fitted, found) <= 1.08 * best


def test_subjects_are_told_apart() -> None:
    found = cluster(batch(*TEXTS), fitted=FITTED)["cluster"].to_pylist()
    assert all(len({found[i] for i in range(k, 60, SUBJECTS)}) == 1 for k in range(SUBJECTS))
    assert set(found) == {"c000", "c001", "c002"}


def test_what_is_learnt_depends_on_seed_and_documents_alone() -> None:
    for again in (fit(SAMPLE, clusters=SUBJECTS, seed=0), fit(turned(SAMPLE), clusters=SUBJECTS, seed=0)):
        assert again.keys() == FITTED.keys()
        assert all(np.array_equal(again[name], FITTED[name]) for name in FITTED)


def test_the_distance_is_that_from_the_nearest_center() -> None:
    found = points(batch(*TEXTS), FITTED["rarities"]).astype(float)
    expected = np.linalg.norm(found[:, None] - FITTED["centers"], axis=2)
    scores = cluster(batch(*TEXTS), fitted=FITTED)
    assert scores["cluster_distance"].to_numpy() == pytest.approx(expected.min(axis=1))
    assert scores["cluster"].to_pylist() == [f"c{k:03}" for k in expected.argmin(axis=1)]


def test_a_document_without_a_word_is_in_no_cluster() -> None:
    found = cluster(batch("", " \n", TEXTS[0]), fitted=FITTED)
    assert {name: values.null_count for name, values in found.items()} == dict.fromkeys(found, 2)


@given(st.integers(2, 40), st.integers(1, 60))
@settings(max_examples=15, deadline=None, derandomize=True)
def test_every_cluster_has_a_document_and_the_largest_comes_first(clusters: int, documents: int) -> None:
    fitted = fit(sample([*TEXTS[:documents], "", TEXTS[0]]), clusters=clusters, seed=2)
    sizes = fitted["documents"].tolist()
    assert sizes == sorted(sizes, reverse=True) and min(sizes) > 0 and sum(sizes) == documents + 1
    assert len(sizes) <= min(clusters, documents)


def test_cards_show_words_that_only_the_cluster_has() -> None:
    cards = tables_of(FITTED, 4, "cluster")["clusters"].to_pylist()
    assert {card["step"] for card in cards} == {4} and sum(card["share"] for card in cards) == pytest.approx(1)
    assert len({tuple(card["terms"]) for card in cards}) == SUBJECTS
    for card in cards:
        thousands = {int(term[1:]) // 1000 for term in card["terms"]}
        assert len(card["terms"]) == 12 and len(thousands) == 1 and card["documents"] == 20
        inside = {i % SUBJECTS for i in card["nearest"]}
        assert len(inside) == 1 and len(card["nearest"]) == 8


def test_terms_are_words_in_lower_case_and_not_marks() -> None:
    fitted = fit(sample(["Cells divide - twice." + " -" * k for k in range(5)] + ["Laws bind ..."] * 5), seed=0)
    terms = {term for card in tables_of(fitted, 1, "cluster")["clusters"]["terms"].to_pylist() for term in card}
    assert {"cells", "divide", "twice", "laws", "bind"} >= terms >= {"cells", "laws"}


@pytest.mark.parametrize("texts", [["", "  "], ["same words"] * 4])
def test_nothing_to_tell_apart_is_an_error(texts: list[str]) -> None:
    with pytest.raises(UnitError, match="no document with a word that tells"):
        fit(sample(texts), seed=0)


def test_one_cluster_is_no_clustering() -> None:
    with pytest.raises(RecipeError, match=r"'clusters' of cluster: .*equal to 2 \(got 1"):
        units.unit("score", "cluster").resolve({"clusters": 1})


def decisions(path: Path, *rows: str, clustering: str | None = None) -> str:
    name = clustering or tables_of(FITTED, 1, "cluster")["clusters"]["clustering"][0].as_py()
    path.write_text("cluster,clustering,decision\n" + "".join(f"{r.replace(',', f',{name},')}\n" for r in rows))
    return str(path)


def test_decisions_become_weights(tmp_path: Path) -> None:
    given = decisions(tmp_path / "d.csv", "c000,drop", "c002,0.25")
    fitted = fit(SAMPLE, clusters=SUBJECTS, decisions=given, seed=0)
    found = cluster(batch(*TEXTS), fitted=fitted)
    weights = dict(zip(found["cluster"].to_pylist(), found["cluster_weight"].to_pylist(), strict=True))
    assert weights == {"c000": 0.0, "c001": 1.0, "c002": 0.25}


@pytest.mark.parametrize(
    ("row", "clustering", "error", "said"),
    [
        ("c000,drop", "others", UnitError, "clusters of others, these are"),
        ("c003,drop", None, InputError, "unknown cluster 'c003'"),
        ("c001,maybe", None, InputError, "keep, drop or a weight of 0 or more, got 'maybe'"),
        ("c001,-1", None, InputError, "got '-1'"),
    ],
)
def test_decisions_that_do_not_fit_are_refused(
    tmp_path: Path, row: str, clustering: str | None, error: type[Exception], said: str
) -> None:
    given = decisions(tmp_path / "d.csv", row, clustering=clustering)
    with pytest.raises(error, match=said):
        fit(SAMPLE, clusters=SUBJECTS, decisions=given, seed=0)


def test_decisions_without_a_column_are_refused(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("cluster,decision\nc000,drop\n")
    with pytest.raises(InputError, match="needs `cluster`, `clustering` and `decision`"):
        fit(SAMPLE, clusters=SUBJECTS, decisions=str(tmp_path / "d.csv"), seed=0)


HEAD = "name: subjects\nseed: 2\nsources: {notes: notes.jsonl}\nsteps:\n"
QUERY = (Path(__file__).parents[3] / "infra" / "sql" / "clusters.sql").read_text()


def test_a_run_shows_clusters_and_decides_by_them(tmp_path: Path) -> None:
    lines = [json.dumps({"id": str(i), "text": text}) + "\n" for i, text in enumerate(TEXTS)]
    (tmp_path / "notes.jsonl").write_text("".join(lines))
    step = f"  - score: [size, {{cluster: {{clusters: {SUBJECTS}}}}}]\n"
    run_here(tmp_path, tmp_path / "w", recipe=HEAD + step)
    with Ledger.published(tmp_path / "w") as ledger:
        cards = ledger.rows("FROM clusters ORDER BY cluster")
        means = ledger.rows(QUERY)
    assert [(card["step"], card["documents"]) for card in cards] == [(1, 20)] * 3
    assert {row["cluster"] for row in means} == {"c000", "c001", "c002"}
    assert {row["documents"] for row in means} == {20} and all("characters" in row["means"] for row in means)
    rows = [
        f"{card['cluster']},{card['clustering']},{'drop' if card['cluster'] == 'c001' else 'keep'}" for card in cards
    ]
    (tmp_path / "decisions.csv").write_text("\n".join(["cluster,clustering,decision", *rows]) + "\n")
    decide = step.replace("}}", ", decisions: decisions.csv}}") + '  - filter: ["cluster_weight > 0"]\n'
    run_here(tmp_path, tmp_path / "v", recipe=HEAD + decide)
    by_name = step + '  - filter: ["cluster not in [c001, c002]"]\n'
    run_here(tmp_path, tmp_path / "n", recipe=HEAD + by_name)
    for warehouse, kept in (("v", 40), ("n", 20)):
        with Ledger.published(tmp_path / warehouse) as ledger:
            assert ledger.value("SELECT count(*) FROM weights") == kept
