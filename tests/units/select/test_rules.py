"""Each rule of acceptance against what it says: by hand, by its closed form, by how often it takes whom."""

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import RecipeError, UnitError
from tasks import units
from tasks.select._quota import ties
from tasks.select.gumbel import gumbel
from tasks.select.hard import hard
from tasks.select.linear import linear
from tasks.select.pareto import _chance, pareto
from tasks.select.percentile import percentile
from tasks.select.uniform import uniform
from tests.units.select.learning_history import improvement, stability, utility
from tests.units.select.made import many, stratum_of, table, tables, taken_by_hand

BY = ["source", "topic"]


def ids(documents: pa.Table, found: Any) -> set[int]:
    return {doc_id for doc_id, times in zip(documents["doc_id"].to_pylist(), found.copies, strict=True) if times}


def repeated(rows: int, **columns: list[Any]) -> pa.Table:
    """Many strata with the same few documents: the sources 0, 1, 2, … of one drawing each."""
    size = len(next(iter(columns.values())))
    return pa.table(
        {
            "doc_id": pa.array(range(rows * size), pa.uint64()),
            "tokens": [1] * (rows * size),
            "source": [str(k // size) for k in range(rows * size)],
            **{name: values * rows for name, values in columns.items()},
        }
    )


@given(documents=tables, quotas=st.lists(st.integers(0, 200), min_size=9, max_size=9), seed=st.integers(0, 5))
def test_hard_takes_what_a_person_would(documents: pa.Table, quotas: list[int], seed: int) -> None:
    named = dict(zip(("code", "web", "wiki"), quotas, strict=False))
    found = hard(documents, seed=seed, score="quality", quota=named, shortfall="leave_short")
    doc_ids = documents["doc_id"].to_numpy()
    by_hash = dict(zip(doc_ids.tolist(), ties(doc_ids, seed).tolist(), strict=True))
    by_hand = taken_by_hand(documents, ["source"], {(name,): quota for name, quota in named.items()}, by_hash)
    assert ids(documents, found) == by_hand


@given(documents=tables, tokens=st.sampled_from(["10%", "50%", "90%"]), lowest=st.booleans())
def test_hard_never_takes_the_worse_of_a_stratum(documents: pa.Table, tokens: str, lowest: bool) -> None:
    found = hard(documents, seed=1, score="quality", by=BY, tokens=tokens, lowest=lowest)
    rows = [row for row in documents.to_pylist() if row["quality"] is not None]
    taken = ids(documents, found)
    thresholds = {row["stratum"]: row["threshold"] for row in found.quotas.to_pylist()}
    for row in rows:
        cut = thresholds[" / ".join(stratum_of(row, BY))]
        better = cut is not None and ((row["quality"] < cut) if lowest else (row["quality"] > cut))
        worse = cut is None or ((row["quality"] > cut) if lowest else (row["quality"] < cut))
        assert not (better and row["doc_id"] not in taken) and not (worse and row["doc_id"] in taken)


def test_hard_by_source_then_domain_is_proportional_to_both() -> None:
    documents = many(3000)
    found = hard(documents, seed=0, score="quality", by=BY, tokens="30%")
    for row in found.quotas.to_pylist():
        assert row["quota"] == pytest.approx(0.3 * row["available"], abs=2)
        assert 0 <= row["achieved"] - row["quota"] < 400 and row["redistributed"] == 0


def test_equal_scores_are_a_draw_that_the_seed_decides() -> None:
    documents = repeated(400, quality=[5.0, 5.0])
    first = np.mean([hard(documents, seed=seed, score="quality", tokens="50%").copies[::2].mean() for seed in range(5)])
    assert first == pytest.approx(0.5, abs=3 * 0.5 / 2000**0.5)


@given(documents=tables, share=st.sampled_from([0.05, 0.3, 0.5, 1.0]), of=st.sampled_from(["tokens", "documents"]))
def test_percentile_is_the_weighted_quantile(documents: pa.Table, share: float, of: str) -> None:
    found = percentile(documents, seed=0, score="quality", share=share, of=of)
    taken = ids(documents, found)
    for row in found.quotas.to_pylist():
        mine = [d for d in documents.to_pylist() if d["source"] == row["stratum"] and d["quality"] is not None]
        weigh = (lambda d: d["tokens"]) if of == "tokens" else (lambda _: 1)
        whole = sum(map(weigh, mine))
        reaching = [
            t for t in {d["quality"] for d in mine}
            if sum(weigh(d) for d in mine if d["quality"] >= t) >= share * whole - 1e-9
        ]  # fmt: skip
        assert row["threshold"] == (max(reaching) if reaching else None)
        assert {d["doc_id"] for d in mine if reaching and d["quality"] >= max(reaching)} == {
            d["doc_id"] for d in mine if d["doc_id"] in taken
        }
    with pytest.raises(RecipeError, match="'share' of percentile"):
        units.unit("select", "percentile").resolve({"score": "quality", "share": 0})


def test_percentile_lowest_is_the_other_end() -> None:
    documents = table([{"doc_id": k, "tokens": 1, "quality": k / 10, "source": "a", "topic": ""} for k in range(10)])
    low = percentile(documents, seed=0, score="quality", share=0.3, lowest=True)
    assert ids(documents, low) == {0, 1, 2} and low.quotas["threshold"].to_pylist() == [0.2]


PARETO = {0.0: 0.125, 0.5: 0.29630, 0.9: 0.75131, 1.0: 1.0}


def test_pareto_has_the_published_probabilities() -> None:
    assert _chance(np.array(list(PARETO)), 3.0).round(5).tolist() == list(PARETO.values())


def test_pareto_keeps_so_often_and_as_often_as_a_pareto_variable_says() -> None:
    draws = 20_000
    documents = repeated(draws, quality=list(PARETO))
    copies = pareto(documents, seed=5, score="quality", alpha=3.0).copies.reshape(draws, len(PARETO))
    against = np.random.default_rng(1).pareto(3.0, (draws, len(PARETO))) > 1 - np.array(list(PARETO))
    for kept, sampled, chance in zip(copies.mean(0), against.mean(0), PARETO.values(), strict=True):
        spread = 3 * (chance * (1 - chance) / draws) ** 0.5
        assert abs(kept - chance) <= spread and abs(sampled - chance) <= spread + 1e-9
    inverse = pareto(documents, seed=5, score="quality", lowest=True).copies.reshape(draws, len(PARETO)).mean(0)
    assert inverse[0] == 1 and inverse[-1] == pytest.approx(0.125, abs=0.01)


def test_pareto_asks_for_probabilities() -> None:
    documents = table([{"doc_id": 1, "tokens": 1, "quality": 4.0, "source": "a", "topic": ""}])
    with pytest.raises(UnitError, match=r"scores in \[0, 1\], got quality 4.0"):
        pareto(documents, seed=0, score="quality")
    with pytest.raises(RecipeError, match="'alpha' of pareto"):
        units.unit("select", "pareto").resolve({"score": "quality", "alpha": 0})


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_gumbel_takes_first_in_proportion_to_the_exponential(temperature: float) -> None:
    draws, scores = 20_000, [0.0, 1.0, 2.0, -1.0]
    found = gumbel(
        repeated(draws, quality=scores), seed=3, score="quality", temperature=temperature,
        quota={str(k): 1 for k in range(draws)},
    )  # fmt: skip
    taken = found.copies.reshape(draws, len(scores))
    assert (taken.sum(1) == 1).all()
    chances = np.exp(np.array(scores) / temperature)
    chances /= chances.sum()
    assert np.abs(taken.mean(0) - chances).max() <= 3 * (chances * (1 - chances) / draws).max() ** 0.5


def test_gumbel_comes_near_to_hard_and_to_uniform() -> None:
    documents = many(2000)
    asked: dict[str, Any] = {"seed": 0, "score": "quality", "tokens": "25%"}
    best = ids(documents, hard(documents, **asked))
    cold, hot = (ids(documents, gumbel(documents, **asked, temperature=t)) for t in (1e-4, 1e4))
    assert len(cold & best) > 0.98 * len(best) and len(hot & best) < 0.35 * len(best)
    with pytest.raises(RecipeError, match="'temperature' of gumbel"):
        units.unit("select", "gumbel").resolve({"score": "quality", "temperature": 0})


def test_uniform_does_not_look_at_scores() -> None:
    documents = many(2000)
    found = uniform(documents, seed=4, tokens="50%")
    assert found.copies.mean() == pytest.approx(0.5, abs=0.04)
    blind = documents.drop_columns(["quality"])
    assert uniform(blind, seed=4, tokens="50%").copies.tolist() == found.copies.tolist()


def test_linear_accepts_in_proportion_in_its_first_pass() -> None:
    draws, scores = 5000, [0.0, 1.0, 2.0, 4.0]
    documents = repeated(draws, quality=scores)
    found = linear(documents, seed=9, score="quality", quota={str(k): 2 for k in range(draws)}, tokens=None)
    taken = found.copies.reshape(draws, 4)
    expected = _by_passes([s / 4 for s in scores], 2, draws)
    assert not taken[:, 0].any() and (taken.sum(1) == 2).all()
    assert np.abs(taken.mean(0) - expected).max() < 3 * (0.25 / draws) ** 0.5 * 2**0.5


def _by_passes(chances: list[float], wanted: int, draws: int) -> np.ndarray:
    """How often each is among the first ``wanted``, by sweeping as published, in a random order, without repetition."""
    random = np.random.default_rng(2)
    taken = np.zeros(len(chances))
    for _ in range(draws):
        found: list[int] = []
        while len(found) < wanted:
            for k in random.permutation(len(chances)):
                if k not in found and len(found) < wanted and random.random() < chances[k]:
                    found.append(int(k))
        taken[found] += 1
    return taken / draws


def test_linear_with_repetition_is_as_published() -> None:
    """Sweeps until as much is taken as there was: expected copies are in proportion to the probabilities."""
    scores = [k / 400 for k in range(401)]
    documents = repeated(20, quality=scores)
    found = linear(documents, seed=2, score="quality", shortfall="repeat", max_repeat=50)
    copies = found.copies.reshape(20, len(scores)).mean(0)
    assert found.copies.sum() == len(documents)
    slope = np.polyfit(scores, copies, 1)
    assert slope[0] == pytest.approx(2, abs=0.1) and slope[1] == pytest.approx(0, abs=0.06)


def test_linear_where_all_are_alike_or_there_is_a_floor() -> None:
    alike = repeated(50, quality=[3.0, 3.0])
    assert linear(alike, seed=0, score="quality").copies.all()
    uneven = repeated(50, quality=[1.0, 3.0])
    assert linear(uneven, seed=0, score="quality").copies.tolist() == [0, 1] * 50
    assert linear(uneven, seed=0, score="quality", floor=0.1).copies.all()
    assert linear(uneven, seed=0, score="quality", lowest=True).copies.tolist() == [1, 0] * 50
    with pytest.raises(RecipeError, match="'floor' of linear"):
        units.unit("select", "linear").resolve({"score": "quality", "floor": 2})


def test_learning_histories_have_the_published_utilities() -> None:
    rising, flat = [0, 2, 1, 4], [3, 3, 3]
    assert improvement(rising, 5) == pytest.approx(0.575)
    assert (stability(rising, 5), stability(rising, 5, "all")) == (pytest.approx(0.8), pytest.approx(0.93333, abs=1e-5))
    assert (utility(rising, 5), utility(rising, 5, "all")) == (pytest.approx(1.375), pytest.approx(1.50833, abs=1e-5))
    assert (improvement(flat, 5), stability(flat, 5), utility(flat, 5)) == pytest.approx((0.3, 1.0, 1.3))


def test_learning_histories_are_accepted_within_their_environment() -> None:
    random = np.random.default_rng(0)
    histories = [(f"maze {k % 3}", np.sort(random.random(6)) * (k % 3 + 1) * random.random()) for k in range(900)]
    documents = pa.table(
        {
            "doc_id": pa.array(range(900), pa.uint64()),
            "tokens": [1] * 900,
            "environment": [environment for environment, _ in histories],
            "utility": [utility(list(returns), best=3) for _, returns in histories],
        }
    )
    found = linear(documents, seed=1, score="utility", by="environment", shortfall="repeat", max_repeat=100)
    assert found.quotas["achieved"].to_pylist() == [300] * 3
    assert Counter(found.copies.tolist())[0] > 0 and found.copies.max() > 1
    for k in range(3):
        mine = np.flatnonzero(found.stratum == k)
        values = documents["utility"].to_numpy()[mine]
        assert found.copies[mine][values.argmin()] == 0
        assert np.average(values, weights=found.copies[mine]) > values.mean()
