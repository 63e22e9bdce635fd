"""Figures against plain Python, scikit-learn and SciPy; gates."""

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score, f1_score

from schemas.tables import tables
from tasks.score._agreement import Gate, figures_of, labels, likeness, numbers, packed, refused, value_of

SOURCES = np.array(["a"] * 60 + ["b"] * 35 + ["few"] * 5)


def one(figures: list, metric: str, part: str = "", source: str = "") -> float:
    return next(f.value for f in figures if (f.metric, f.part, f.source) == (metric, part, source))


def test_figures_of_numbers() -> None:
    random = np.random.default_rng(0)
    given = random.integers(1, 6, 100).astype(float)
    predicted = given + random.normal(0, 1, 100)
    found = numbers("quality", predicted, given, SOURCES)
    assert one(found, "r") == pytest.approx(np.corrcoef(predicted, given)[0, 1])
    assert one(found, "spearman") == pytest.approx(spearmanr(predicted, given).statistic)
    assert one(found, "mae") == pytest.approx(np.mean(np.abs(predicted - given)))
    assert one(found, "mae", source="b") == pytest.approx(np.mean(np.abs(predicted - given)[60:95]))
    assert one(found, "r", source="a") == pytest.approx(np.corrcoef(predicted[:60], given[:60])[0, 1])
    assert "few" not in {f.source for f in found}
    assert one(found, "mean_labelled") == pytest.approx(given.mean())
    assert next(f for f in found if f.source == "b").documents == 35


def test_a_figure_that_cannot_be_computed_is_left_out() -> None:
    found = numbers("quality", np.ones(20), np.arange(20.0), np.array(["a"] * 20))
    assert {f.metric for f in found} & {"r", "spearman"} == set()
    assert np.isnan(value_of(found, "spearman")) and value_of(found, "mae") == pytest.approx(8.6)


def test_figures_of_labels() -> None:
    random = np.random.default_rng(1)
    names = ["x", "y", "z", "never"]
    given = random.integers(0, 3, 100)
    chosen = np.where(random.random(100) < 0.7, given, random.integers(0, 3, 100))
    probabilities = random.dirichlet(np.ones(4), 100)
    found = labels("type", probabilities, chosen, given, names, SOURCES)
    assert one(found, "f1") == pytest.approx(f1_score(given, chosen, average="macro"))
    assert one(found, "kappa") == pytest.approx(cohen_kappa_score(given, chosen))
    assert one(found, "accuracy", source="a") == np.mean(given[:60] == chosen[:60])
    for k, name in enumerate(names[:3]):
        both = np.sum((given == k) & (chosen == k))
        assert one(found, "f1", name) == pytest.approx(2 * both / (np.sum(given == k) + np.sum(chosen == k)))
        assert one(found, "share_labelled", name) == np.mean(given == k)
        assert one(found, "share_predicted", name) == np.mean(chosen == k)
    assert one(found, "share_labelled", "never") == 0 and not [
        f for f in found if (f.metric, f.part) == ("f1", "never")
    ]


@pytest.mark.parametrize("share", [0.5, 0.1])
def test_calibration_error_against_plain_python(share: float) -> None:
    random = np.random.default_rng(2)
    given = random.random(400) < share
    weight = np.where(given, 0.5 / given.sum(), 0.5 / (~given).sum())
    predicted = np.clip(given * 0.4 + random.random(400) * 0.6, 0, 1)
    found = likeness("like", predicted, given, np.array(["a"] * 400))
    total = 0.0
    for k in range(10):
        inside = [i for i in range(400) if min(int(predicted[i] * 10), 9) == k]
        if inside:
            share_here = weight[inside].sum()
            expected, observed = ((weight * values)[inside].sum() / share_here for values in (predicted, given))
            part = f"{k / 10:.6g} to {(k + 1) / 10:.6g}"
            assert one(found, "expected", part) == pytest.approx(expected)
            assert one(found, "observed", part) == pytest.approx(observed)
            total += share_here * abs(expected - observed)
    assert one(found, "calibration_error") == pytest.approx(total)


def test_calibration_error_of_labels_is_that_of_the_probability_of_the_chosen_one() -> None:
    given, chosen = np.array([0] * 30 + [1] * 10), np.array([0] * 40)
    found = labels("type", np.tile([0.85, 0.15], (40, 1)), chosen, given, ["x", "y"], np.array(["a"] * 40))
    assert one(found, "calibration_error") == pytest.approx(0.1)
    assert one(found, "expected", "0.8 to 0.9") == pytest.approx(0.85) and one(found, "observed", "0.8 to 0.9") == 0.75


def test_auc_is_the_share_of_pairs_in_the_right_order() -> None:
    random = np.random.default_rng(3)
    given = random.random(80) < 0.5
    predicted = np.round(random.random(80) + 0.3 * given, 1)
    higher = predicted[given][:, None] - predicted[~given][None]
    found = likeness("like", predicted, given, np.array(["a"] * 80))
    assert one(found, "auc") == pytest.approx(np.mean((higher > 0) + 0.5 * (higher == 0)))


def test_rows_of_the_table() -> None:
    figures = numbers("quality", np.arange(30.0), np.arange(30.0) + 1, np.array(["a"] * 30))
    table = figures_of(packed(figures, []), 4, "student")
    assert table.schema.equals(tables()["agreement"].arrow)
    rows = table.to_pylist()
    key = tables()["agreement"].key
    assert len({tuple(row[name] for name in key) for row in rows}) == len(rows)
    whole = {"step": 4, "unit": "student", "head": "quality", "part": None, "source": None, "documents": 30}
    assert {**whole, "metric": "mae", "value": 1.0} in rows
    assert figures_of(packed([], []), 1, "student").num_rows == 0


def test_gates() -> None:
    gates = [Gate("good", "f1", 0.6, 0.6), Gate("bad", "f1", 0.59, 0.6), Gate("none", "spearman", np.nan, 0.5)]
    assert refused(packed([], gates)) == {
        "bad": "f1 on held-out labels is 0.590, 0.6 or more is asked for",
        "none": "spearman on held-out labels is not to be had, 0.5 or more is asked for",
    }
