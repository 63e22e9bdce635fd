"""Denoising: exact round trips, the published rates, and loss on targets alone."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import RecipeError
from tasks import units
from tasks.probe import probe
from tasks.transform._pieces import attending
from tasks.transform.denoise import RATES, SPANS, denoise, special_tokens, undo
from tests.units.transform.made import VOCABULARY, documents_of, items, per_token, tokens, valid

END = 256
NLU, NLG, S2S, FIRST = range(VOCABULARY, VOCABULARY + 4)


def denoised(table: pa.Table, only: int | None = None, **given: Any) -> pa.Table:
    """The transform, with all seven denoisers or one of them."""
    weights = {"weights": tuple(float(only in (None, i)) for i in range(7))}
    settings = {"seed": 2, "documents": documents_of(table), **weights, **given}
    return denoise(table, vocabulary=VOCABULARY, end_of_text=END, **settings)


@given(drawn=st.lists(st.integers(1, 120), max_size=8), seed=st.integers(0, 20), longest=st.integers(8, 90))
def test_the_round_trip_is_exact(drawn: list[int], seed: int, longest: int) -> None:
    table = items(drawn)
    made = valid(denoised(table, seed=seed, longest=longest))
    assert undo(made).equals(table)
    assert made.equals(denoised(table, seed=seed, longest=longest))
    assert max((len(context) for context in tokens(made)), default=0) <= longest


@given(drawn=st.lists(st.integers(3, 300), min_size=1, max_size=6), seed=st.integers(0, 20))
def test_an_example_read_as_a_model_reads_it_gives_the_text(drawn: list[int], seed: int) -> None:
    """The inverse written down apart from ours: sentinels in the inputs are filled from the targets."""
    table = items(drawn)
    for size, context, weights, causal in zip(
        drawn,
        tokens(made := denoised(table, seed=seed)),
        per_token(made, "loss_weight"),
        per_token(made, "causal"),
        strict=True,
    ):
        border = weights.index(1)
        assert not any(weights[:border]) and all(weights[border:])
        assert not any(causal[:border]) and all(causal[border:])
        mode, inputs, targets, end = context[0], context[1:border], context[border:-1], context[-1]
        assert end[1] == size - 1
        sentinels = [token for token in inputs if not isinstance(token, tuple)]
        assert sentinels == [token for token in targets if not isinstance(token, tuple)]
        assert sentinels == list(range(FIRST, FIRST + len(sentinels)))
        spans: dict[int, list[Any]] = {}
        for token in targets:
            if isinstance(token, tuple) and sentinels:
                spans[max(spans)].append(token)
            elif not isinstance(token, tuple):
                spans[token] = []
        filled = [t for token in inputs for t in spans.get(token, [token])]
        filled += [] if sentinels else targets
        assert [i for _, i in filled] == list(range(size - 1))
        assert (mode == S2S) == (not sentinels) and mode in (NLU, NLG, S2S)


@pytest.mark.parametrize("denoiser", range(7))
def test_realised_rates_are_the_published_ones(denoiser: int) -> None:
    sizes = np.random.default_rng(1).integers(1000, 9000, 300)
    made = denoised(items(sizes.tolist()), only=denoiser, longest=16_384)
    role = made["role"].to_numpy(zero_copy_only=False)
    length = made["stop"].to_numpy() - made["start"].to_numpy()
    taken = (role == "text") & made["causal"].to_numpy() & (made["stop"].to_numpy() < sizes[made["context_id"]])
    rate = length[taken].sum() / (sizes - 1).sum()
    modes = {token for context in tokens(made) for token in context[:1]}
    if SPANS[denoiser]:
        assert rate == pytest.approx(RATES[denoiser], rel=0.02)
        assert length[taken].mean() == pytest.approx(SPANS[denoiser], rel=0.02)
        assert modes == {NLG if SPANS[denoiser] >= 12 or RATES[denoiser] > 0.3 else NLU}
    else:
        share = length[taken] / (sizes - 1)
        assert rate == pytest.approx(0.25, rel=0.1) and share.min() < 0.02 and 0.48 < share.max() <= 0.5
        assert modes == {S2S}


def test_denoisers_are_drawn_by_their_weights() -> None:
    made = denoised(items([200] * 7000))
    modes = np.array([context[0] for context in tokens(made)])
    assert [np.mean(modes == mode) for mode in (NLU, NLG, S2S)] == pytest.approx([2 / 7, 4 / 7, 1 / 7], abs=0.02)


def test_spans_are_anywhere_and_of_any_length() -> None:
    made = denoised(items([401] * 1000), only=1)
    inserted = made["role"].to_numpy(zero_copy_only=False) == "sentinel"
    starts = made["start"].to_numpy()[inserted & made["causal"].to_numpy()]
    counts = np.histogram(starts, bins=8, range=(0, 400))[0]
    assert counts[1:-1] == pytest.approx(np.full(6, counts[1:-1].mean()), rel=0.1)


def test_a_long_document_becomes_examples_that_each_end() -> None:
    table = items([1000])
    made = denoised(table, longest=128)
    found = tokens(made)
    assert len(found) > 8 and [context[-1] for context in found[:-1]] == [END] * (len(found) - 1)
    assert found[-1][-1] == (table["doc_id"][0].as_py(), 999)
    assert max(map(len, found)) <= 128 < 1.4 * max(map(len, found))


def test_examples_of_a_document_side_by_side_do_not_see_each_other() -> None:
    made = denoised(items([300]), longest=128)
    one = made.set_column(0, "context_id", pa.array(np.zeros(made.num_rows, np.int64)))
    one = one.set_column(1, "position", pa.array(np.arange(made.num_rows, dtype=np.int32)))
    groups = attending(one, "document")["attention"].to_numpy()
    assert np.array_equal(groups, made["context_id"].to_numpy())


def test_sentinels_are_enough_for_the_longest_example() -> None:
    named = special_tokens(vocabulary=VOCABULARY, longest=2048)
    made = denoised(items([4000] * 50))
    assert named["[NLU]"] == NLU and named["first sentinel"] == FIRST
    most = max(max(ids) for ids in made["inserted"].to_pylist() if ids)
    assert FIRST < most <= named["last sentinel"]


@pytest.mark.parametrize("wrong", [{"weights": (1.0,)}, {"weights": (0.0,) * 7}, {"longest": 7}])
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    unit = units.unit("transform", "denoise")
    with pytest.raises(RecipeError, match="got"):
        probe(unit, unit.resolve(wrong))
