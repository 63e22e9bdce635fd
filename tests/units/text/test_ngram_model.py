"""The n-gram model against KenLM, whose lmplz and query were run on the lines in kenlm.json, and against its laws."""

import json
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.text.ngram_model import Sequences, crossed, log_probabilities, single
from tasks.text.normal import END
from tests.units.text.oracles import hash_word

KENLM = json.loads((Path(__file__).parent / "kenlm.json").read_text(encoding="utf-8"))


def sequences(lines: list[str], halves: list[int] | None = None) -> Sequences:
    tokens = [[hash_word(word) for word in line.split()] + [int(END)] for line in lines]
    offsets = np.cumsum([0, *map(len, tokens)])
    flat = [token for line in tokens for token in line]
    return Sequences(np.array(flat, np.uint64), offsets, np.array(halves or [0] * len(lines), np.uint8))


@pytest.mark.parametrize("order", [2, 3, 5])
def test_it_is_what_kenlm_estimates(order: int) -> None:
    model = single(sequences(KENLM["train"]), order, repeated=False)
    found = log_probabilities(sequences(KENLM["score"]), model) / math.log(10)
    assert found == pytest.approx(np.concatenate(KENLM["log10"][str(order)]), abs=2e-6)


def test_it_is_what_kenlm_estimates_without_single_ngrams() -> None:
    model = single(sequences(KENLM["train"]), 3)
    found = log_probabilities(sequences(KENLM["score"]), model) / math.log(10)
    assert found == pytest.approx(np.concatenate(KENLM["log10"]["3 pruned"]), abs=2e-6)


lines = st.lists(st.lists(st.sampled_from("abcdef"), max_size=8).map(" ".join), min_size=1, max_size=12)


@given(lines, st.integers(1, 4), st.booleans(), st.lists(st.sampled_from("abcxyz"), max_size=4))
def test_probabilities_after_any_context_sum_to_1(
    train: list[str], order: int, repeated: bool, context: list[str]
) -> None:
    model = single(sequences(train), order, repeated=repeated)
    known = sorted({word for line in train for word in line.split()})
    last = [
        log_probabilities(
            Sequences(np.array(tokens, np.uint64), np.array([0, len(tokens)]), np.zeros(1, np.uint8)), model
        )[-1]
        for word in (*map(hash_word, known), int(END), hash_word("unheard"))
        for tokens in [[*map(hash_word, context), word]]
    ]
    assert sum(map(math.exp, last)) == pytest.approx(1, abs=1e-5)


def test_a_bigram_model_by_hand() -> None:
    """Counts too few for discounts of their own take 0.5, 1 and 1.5; lower counts are of distinct contexts."""
    found = log_probabilities(sequences(["a b"]), single(sequences(["a b", "a b", "a c"]), 2, repeated=False))
    # Distinct contexts: a 1 (start), b 1 (a), c 1 (a), end 2 (b, c); four words and the unseen one.
    left = (0.5 + 0.5 + 0.5 + 1) / 5
    chance = {"a": 0.5 / 5 + left / 5, "b": 0.5 / 5 + left / 5, "end": 1 / 5 + left / 5}
    assert found == pytest.approx(
        [
            math.log((3 - 1.5) / 3 + 1.5 / 3 * chance["a"]),
            math.log((2 - 1) / 3 + (1 + 0.5) / 3 * chance["b"]),
            math.log((2 - 1) / 2 + 1 / 2 * chance["end"]),
        ]
    )


def test_each_half_is_scored_by_the_other() -> None:
    text = KENLM["train"][:200]
    halves = [i % 2 for i in range(200)]
    model = crossed(sequences(text, halves), 3)
    for half in (0, 1):
        other = single(sequences([line for line, side in zip(text, halves, strict=True) if side != half]), 3)
        scored = sequences(KENLM["score"], [half] * len(KENLM["score"]))
        # Sums over n-grams in another order differ in their last bits.
        assert log_probabilities(scored, model) == pytest.approx(log_probabilities(scored, other), abs=1e-6)


def test_one_half_alone_is_scored_by_itself() -> None:
    text = KENLM["train"][:50]
    found = log_probabilities(sequences(text, [1] * 50), crossed(sequences(text, [1] * 50), 3))
    assert np.array_equal(found, log_probabilities(sequences(text), single(sequences(text), 3)))


def test_the_order_of_sequences_does_not_matter() -> None:
    first, second = (single(sequences(text), 4) for text in (KENLM["train"], KENLM["train"][::-1]))
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_nothing_to_learn_from_leaves_all_unseen() -> None:
    empty = Sequences(np.zeros(0, np.uint64), np.zeros(1, np.int64), np.zeros(0, np.uint8))
    assert np.isfinite(log_probabilities(sequences(["a b"]), crossed(empty, 3))).all()


def test_longer_contexts_tell_more_of_what_repeats() -> None:
    learnt = sequences(KENLM["train"][:100])
    means = [log_probabilities(learnt, single(sequences(KENLM["train"]), order)).mean() for order in (1, 2, 3)]
    assert all(shorter < longer for shorter, longer in pairwise(means))
