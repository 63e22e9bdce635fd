"""Laws of quotas, for every rule of acceptance that fills one: what is asked, what is given, and on what it depends."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import UnitError
from tasks import units
from tasks.select._quota import QUOTAS, Selected, amount, apportion, taken, within
from tests.units.select.made import many, tables

FILLING = [unit for unit in units.units("select") if "quota" in unit.settings]
EVERY = units.units("select")
filling = pytest.mark.parametrize("unit", FILLING, ids=lambda unit: unit.name)
every = pytest.mark.parametrize("unit", EVERY, ids=lambda unit: unit.name)
budgets = st.sampled_from(["0%", "10%", "33%", "50%", "100%", "250%", 1, 77, 10_000])
splits = st.sampled_from([[], ["source"], ["source", "topic"], ["topic", "source"]])


def call(unit: units.Unit, documents: pa.Table, *, seed: int = 1, **settings: Any) -> Selected:
    known = {"score": "quality", "tokens": "50%", **settings}
    return unit.call(documents, seed=seed, **{name: v for name, v in known.items() if name in unit.settings})


def test_there_are_units_to_hold_to_these_laws() -> None:
    assert {unit.name for unit in FILLING} == {"hard", "gumbel", "linear", "uniform"}
    assert {unit.name for unit in EVERY} - {unit.name for unit in FILLING} == {"percentile", "pareto", "long_documents"}


@filling
@given(documents=tables, tokens=budgets, by=splits, quota=st.sampled_from(["proportional", "equal"]))
def test_a_quota_is_met_by_the_document_that_crosses_it(
    unit: units.Unit, documents: pa.Table, tokens: Any, by: list[str], quota: str
) -> None:
    found = call(unit, documents, tokens=tokens, by=by, quota=quota)
    sizes = documents["tokens"].to_numpy()
    for k, row in enumerate(found.quotas.to_pylist()):
        asked = row["quota"] + row["redistributed"]
        mine = found.stratum == k
        assert row["achieved"] >= min(asked, row["available"])
        over = row["achieved"] - asked
        assert over <= 0 or over < max(sizes[mine & (found.copies > 0)]), "more than the document that crosses"
        assert row["achieved"] <= row["available"] and asked <= row["available"]
        assert row["shortfall"] == max(0, row["quota"] - row["achieved"])
        assert row["excess"] == max(0, row["achieved"] - row["quota"] - row["redistributed"])


@filling
@given(documents=tables, tokens=budgets, by=splits, quota=st.sampled_from(["proportional", "equal"]))
def test_what_a_stratum_cannot_give_is_asked_of_others(
    unit: units.Unit, documents: pa.Table, tokens: Any, by: list[str], quota: str
) -> None:
    rows = call(unit, documents, tokens=tokens, by=by, quota=quota).quotas.to_pylist()
    scored = sum(row["tokens"] for row in documents.to_pylist() if row["quality"] is not None or unit.name == "uniform")
    budget = amount(tokens, scored)
    assert sum(row["quota"] for row in rows) == (budget if rows else 0)
    assert sum(row["quota"] + row["redistributed"] for row in rows) == min(budget, sum(r["available"] for r in rows))


@filling
@given(documents=tables, tokens=budgets, by=splits)
def test_the_figures_are_those_of_the_documents(
    unit: units.Unit, documents: pa.Table, tokens: Any, by: list[str]
) -> None:
    for shortfall in ("leave_short", "repeat"):
        found = call(unit, documents, tokens=tokens, by=by, shortfall=shortfall, max_repeat=3)
        assert found.quotas.schema.equals(QUOTAS) and set(found.copies.tolist()) <= {0, 1, 2, 3}
        assert found.copies.max(initial=0) <= (3 if shortfall == "repeat" else 1)
        for k, row in enumerate(found.quotas.to_pylist()):
            mine = found.copies[found.stratum == k]
            sizes = documents["tokens"].to_numpy()[found.stratum == k]
            assert (row["documents"], row["candidates"]) == ((mine > 0).sum(), len(mine))
            assert row["achieved"] == (mine * sizes).sum() and row["repeats"] == np.maximum(mine - 1, 0).sum()
            assert row["redistributed"] == 0
            assert row["repeats"] == 0 or row["quota"] > row["available"] or unit.name == "linear"


@every
@given(documents=tables, by=splits, seed=st.integers(0, 3), turn=st.randoms())
def test_a_selection_does_not_depend_on_the_order_of_its_input(
    unit: units.Unit, documents: pa.Table, by: list[str], seed: int, turn: Any
) -> None:
    found = call(unit, documents, by=by, seed=seed, lowest=True)
    rows = list(range(len(documents)))
    turn.shuffle(rows)
    again = call(unit, documents.take(pa.array(rows, pa.int64())), by=by, seed=seed, lowest=True)
    assert again.copies.tolist() == found.copies[rows].tolist()
    assert again.quotas.equals(found.quotas)


@every
def test_a_selection_is_pure_in_its_seed(unit: units.Unit) -> None:
    documents, state = many(400), np.random.get_state()
    first, again, other = (call(unit, documents, seed=seed) for seed in (1, 1, 2))
    assert first.copies.tolist() == again.copies.tolist() and first.quotas.equals(again.quotas)
    assert unit.name in ("percentile", "hard") or first.copies.tolist() != other.copies.tolist()
    assert np.array_equal(np.random.get_state()[1], state[1]), "it draws from NumPy's global generator"


@every
def test_who_has_no_score_goes_or_stays_and_is_counted(unit: units.Unit) -> None:
    if "score" not in unit.settings:
        return
    documents = many(300)
    without = np.array([value is None for value in documents["quality"].to_pylist()])
    dropped, kept = (call(unit, documents, missing=missing) for missing in ("drop", "keep"))
    assert without.sum() > 5 and dropped.quotas.equals(kept.quotas)
    assert sum(dropped.quotas["missing"].to_pylist()) == without.sum()
    assert not dropped.copies[without].any() and (kept.copies[without] == 1).all()
    assert dropped.copies[~without].tolist() == kept.copies[~without].tolist()


@every
@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_selection_of_few(unit: units.Unit, count: int) -> None:
    found = call(unit, many(300).slice(0, count), tokens="100%", by=["source", "topic"])
    assert len(found.copies) == count and len(found.quotas) <= count


@filling
def test_a_larger_quota_takes_what_a_smaller_one_takes(unit: units.Unit) -> None:
    small, large = (call(unit, many(500), tokens=tokens, shortfall="leave_short").copies for tokens in ("20%", "60%"))
    assert 0 < small.sum() < large.sum() and (large >= small).all()


def test_quotas_by_name_are_shared_inside_in_proportion() -> None:
    documents = many(900)
    hard = units.unit("select", "hard")
    found = call(hard, documents, tokens=None, quota={"web": 5000, "code": "10%", "law": 400}, by=["source", "topic"])
    rows = {row["stratum"]: row for row in found.quotas.to_pylist()}
    web = {name: row for name, row in rows.items() if name.startswith("web / ")}
    assert len(web) == 3 and sum(row["quota"] for row in web.values()) == 5000
    tokens = sum(row["available"] for row in web.values())
    assert all(abs(row["quota"] - 5000 * row["available"] / tokens) <= 1 for row in web.values())
    code = [row for name, row in rows.items() if name.startswith("code / ")]
    assert sum(row["quota"] for row in code) == round(sum(row["available"] for row in code) * 0.1)
    assert all(row["achieved"] == 0 for name, row in rows.items() if name.startswith("wiki"))
    absent = rows["law / unknown"]
    assert (absent["quota"], absent["available"], absent["shortfall"], absent["redistributed"]) == (400, 0, 400, -400)
    assert sum(row["redistributed"] for row in rows.values()) == 0


def test_what_is_short_is_asked_of_the_same_source_first() -> None:
    rows = [("wiki", "law", 10), ("wiki", "art", 500), ("web", "law", 500), ("web", "art", 500)]
    documents = pa.table(
        {
            "doc_id": pa.array(range(sum(size for *_, size in rows)), pa.uint64()),
            "tokens": [1] * sum(size for *_, size in rows),
            "quality": [0.5] * sum(size for *_, size in rows),
            "source": [source for source, _, size in rows for _ in range(size)],
            "topic": [topic for _, topic, size in rows for _ in range(size)],
        }
    )
    found = call(units.unit("select", "hard"), documents, tokens=400, quota="equal", by=["source", "topic"])
    assert {row["stratum"]: row["redistributed"] for row in found.quotas.to_pylist()} == {
        "web / art": 0, "web / law": 0, "wiki / art": 90, "wiki / law": -90,
    }  # fmt: skip


def test_tokens_are_a_count_or_a_share() -> None:
    assert (amount("1e3", 7), amount(12.0, 7), amount("150 %", 8), amount("0%", 8)) == (1000, 12, 12, 0)
    for wrong in ("many", "-5", "nan", "inf", "5 %%", "-5%", "nan%", -1):
        with pytest.raises(UnitError, match="a count such as 30e9 or a share"):
            amount(wrong, 10)
        with pytest.raises(UnitError, match="a count such as 30e9 or a share"):
            amount(wrong, 0)


@given(total=st.integers(0, 10**15), weights=st.lists(st.integers(0, 10**12), min_size=1, max_size=9))
def test_parts_add_up_and_are_nearest_to_their_shares(total: int, weights: list[int]) -> None:
    parts = apportion(total, weights)
    assert sum(parts) == (total if any(weights) else 0)
    whole = max(sum(weights), 1)
    assert all(
        abs(part * whole - total * weight) < whole for part, weight in zip(parts, weights, strict=True) if weight
    )


@given(
    total=st.integers(0, 500),
    parts=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 99)), min_size=1, max_size=8),
)
def test_nobody_is_asked_for_more_than_there_is(total: int, parts: list[tuple[int, int]]) -> None:
    weights, room = [list(column) for column in zip(*parts, strict=True)]
    found = within(total, weights, room)
    assert all(0 <= part <= limit for part, limit in zip(found, room, strict=True))
    able = sum(limit for weight, limit in zip(weights, room, strict=True) if weight)
    assert sum(found) == min(total, able)
    free = [(part, weight) for part, weight, limit in zip(found, weights, room, strict=True) if weight and part < limit]
    level = [part / weight for part, weight in free]
    full = [
        limit / weight for weight, limit, part in zip(weights, room, found, strict=True) if weight and part == limit
    ]
    assert not level or max(level) - min(level) <= 2
    assert not level or not full or max(full) <= max(level) + 2, "someone is full although others bear less"


@given(tokens=st.lists(st.integers(1, 20), max_size=9), quota=st.integers(0, 400), turns=st.integers(1, 4))
def test_turns_go_round_the_stratum_before_anyone_is_taken_again(tokens: list[int], quota: int, turns: int) -> None:
    found = taken(np.array(tokens, np.int64), quota, turns)
    held, expected = 0, [0] * len(tokens)
    for _ in range(turns):
        for k, size in enumerate(tokens):
            if held < quota:
                expected[k] += 1
            held += size
    assert found.tolist() == expected


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tokens": None}, "give `tokens`"),
        ({"tokens": 5, "quota": {"wiki": 5}}, "give `tokens`"),
        ({"tokens": "half"}, "a share such as '20%', got 'half'"),
        ({"tokens": None, "quota": {"wiki": "x"}}, "got 'x'"),
        ({"by": "sorce"}, "unknown column 'sorce'; did you mean 'source'"),
        ({"by": [], "tokens": None, "quota": {"wiki": 5}}, "quotas for each stratum need `by`"),
    ],
)
@filling
def test_what_is_unclear_is_refused(unit: units.Unit, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UnitError, match=message):
        call(unit, many(20), **settings)
