"""Phases: permutations whose stretches have the tokens, mixtures and bars asked for, as read off the order alone."""

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import RecipeError
from tasks.order._placing import placing_figures
from tasks.order._shares import fitted
from tasks.order.phases import phases, placed, uses

SHARES = {"web": 0.7, "code": 0.2, "math": 0.1}


def many(count: int = 20_000, copies: int = 1) -> pa.Table:
    """Web, code and math with log-normal lengths and even scores; every fifth document comes ``copies`` times."""
    random = np.random.default_rng(3)
    tokens = np.clip(random.lognormal(6, 1.2, count), 1, 50_000).astype(np.int64)
    table = pa.table(
        {
            "doc_id": random.permutation(2**40 + np.arange(count)).astype(np.uint64),
            "source": random.choice(list(SHARES), count, p=list(SHARES.values())),
            "tokens": tokens,
            "quality": random.random(count),
            "copy": np.zeros(count, np.int32),
        }
    )
    again = [
        table.slice(0, count // 5).set_column(4, "copy", pa.array([k] * (count // 5), pa.int32()))
        for k in range(1, copies)
    ]
    return pa.concat_tables([table, *again])


def measured(table: pa.Table, asked: list[dict[str, object]], seed: int = 0) -> dict[str, float]:
    order = phases(table, seed=seed, phases=asked)
    assert sorted(order.tolist()) == list(range(len(table)))
    ordered = table.take(pa.array(order))
    return placed(ordered, phases=asked, by="source") | placing_figures(ordered)


def test_two_phases_of_which_the_second_is_made_of_the_best() -> None:
    table = many()
    tokens, source = table["tokens"].to_numpy(), table["source"].to_numpy(zero_copy_only=False)
    whole = {name: float(tokens[source == name].sum() / tokens.sum()) for name in SHARES}
    second = {"web": 0.3, "code": 0.4, "math": 0.3}
    first = {name: (whole[name] - 0.2 * second[name]) / 0.8 for name in SHARES}  # what is left
    asked = [{"share": 0.8, "mixture": first}, {"share": 0.2, "mixture": second, "filter": "quality >= 0.2"}]
    found = measured(table, asked)
    for phase in (1, 2):
        assert found[f"phase_{phase}_tokens_error"] < 1e-3
        assert found[f"phase_{phase}_mixture_error"] < 1e-3
        assert found[f"phase_{phase}_outside_filter"] < 1e-3


@pytest.mark.parametrize("quantile", [0, 0.1, 0.5, 0.77, 1])
def test_a_bar_at_a_quantile_is_that_of_the_documents_as_duckdb_counts_them(quantile: float) -> None:
    table = many(1000, copies=3)
    originals = duckdb.from_arrow(table).filter("copy = 0")
    [(threshold,)] = originals.aggregate(f"quantile_disc(quality, {quantile})").fetchall()
    passed = ">=" if quantile < 0.5 else "<="
    asked, same = (
        [{"share": 0.9}, {"share": 0.1, "filter": f"quality {passed} {bar}"}] for bar in (f"q{quantile}", threshold)
    )
    assert phases(table, seed=1, phases=asked).tolist() == phases(table, seed=1, phases=same).tolist()


def test_what_is_not_asked_for_exactly_is_shared_out_as_nearly_as_can_be() -> None:
    asked = [
        {"share": 0.8},
        {"share": 0.2, "mixture": {"web": 1, "code": 1, "math": 1}, "filter": ["quality > 0.5", "tokens >= 64"]},
    ]
    found = measured(many(), asked)
    assert max(found[f"phase_{p}_tokens_error"] for p in (1, 2)) < 1e-3
    assert 0 < found["phase_2_mixture_error"] < 0.25 and found["phase_2_outside_filter"] < 1e-3
    assert list(uses(phases=asked)) == ["quality", "tokens"]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.floats(0.05, 1), min_size=1, max_size=4), st.integers(0, 5))
def test_tokens_per_phase(shares: list[float], seed: int) -> None:
    total = sum(shares)
    found = measured(many(4000), [{"share": share / total} for share in shares], seed)
    for phase, share in enumerate(shares, 1):
        assert found[f"phase_{phase}_tokens_error"] < 1e-3 / min(1, 4 * share / total)
        assert found[f"phase_{phase}_mixture_error"] < 0.02


def test_copies_of_a_document_stay_apart() -> None:
    table = many(5000, copies=3)
    tokens = int(table["tokens"].to_numpy().sum())
    found = measured(table, [{"share": 0.5}, {"share": 0.5}])
    assert found["smallest_repeat_gap"] > 0
    one = measured(table, [{"share": 1}])
    repeated = int(table.slice(0, 1000)["tokens"].to_numpy().sum())
    assert one["smallest_repeat_gap"] > repeated / 8 and tokens > 3 * repeated


def test_order_of_rows_changes_nothing_and_the_seed_does() -> None:
    table = many(500)
    asked = [{"share": 0.7}, {"share": 0.3, "filter": "quality > 0.3"}]
    turned = np.random.default_rng(1).permutation(500)
    expected = table["doc_id"].to_numpy()[phases(table, seed=4, phases=asked)]
    again = table["doc_id"].to_numpy()[turned][phases(table.take(pa.array(turned)), seed=4, phases=asked)]
    assert (expected == again).all()
    assert (phases(table, seed=4, phases=asked) != phases(table, seed=5, phases=asked)).any()


def test_the_fitted_table_keeps_odds_and_zeros() -> None:
    wanted = np.array([[1.0, 2.0, 0.0], [3.0, 1.0, 5.0]])
    found = fitted(wanted, np.array([4.0, 6.0]), np.array([3.0, 3.0, 4.0]))
    assert found.sum(1) == pytest.approx([4, 6]) and found.sum(0) == pytest.approx([3, 3, 4])
    assert found[0, 2] == 0
    assert found[0, 0] * found[1, 1] / (found[0, 1] * found[1, 0]) == pytest.approx(1 / 6)  # the odds asked for


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ([{"share": 0.5}], "the shares add up to 1, got 0.5"),
        ([{"share": 0}], "share above 0"),
        ([{"shares": 1}], "did you mean 'share'"),
        ([{"share": 1, "mixture": {"webb": 1}}], "did you mean 'web'"),
        ([{"share": 1, "mixture": {"web": -1}}], "weight of at least 0"),
        ([{"share": 1, "filter": "quality in [1, 2]"}], "compares a column"),
        ([{"share": 1, "filter": "source >= q0.5"}], "holds labels"),
        ([{"share": 1, "filter": "qualty >= 0.5"}], "did you mean 'quality'"),
        ([{"share": 1, "filter": "quality >= 0.5"}], "fit no phase"),
        (
            [{"share": 0.5}, {"share": 0.5, "filter": "quality >= 0.9"}],
            r"phase 2 is to have 50.00% .* it can have \d+\.\d\d%",
        ),
    ],
)
def test_phases_that_cannot_be_are_refused(asked: list[dict[str, object]], said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        phases(many(2000), seed=0, phases=asked)
