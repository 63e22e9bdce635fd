"""The gain from copying against a plain form of it, and its controls."""

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.score.induction_gain import fit, induction_gain
from tasks.text.frequencies import halves
from tasks.text.ngram_model import Sequences, log_probabilities
from tasks.text.recall import FADING, LONGEST, RECENT
from tests.units.score.drawn import batch, prose, sample, turned

CORPUS = [prose(i, 80) for i in range(24)]
FITTED = fit(sample(CORPUS), seed=0)


def scored(*texts: str, min_words: int = 64, max_repeated: float = 0.1) -> list[float | None]:
    found = induction_gain(batch(*texts), min_words=min_words, max_repeated=max_repeated, fitted=FITTED)
    values: list[float | None] = found.to_pylist()
    return values


def copied(words: list[str], i: int) -> tuple[int, float]:
    """Words that match before word i somewhere earlier, and the share of what followed there that is word i."""
    places = [p for p in range(i - 2, -1, -1) if words[p] == words[i - 1]][:RECENT] if i else []
    lengths = [
        next((k for k in range(1, LONGEST) if p < k or words[p - k] != words[i - 1 - k]), LONGEST) for p in places
    ]
    best = max(lengths, default=0)
    chosen = [p for p, length in zip(places, lengths, strict=True) if length == best]
    weights = [FADING**rank for rank in range(len(chosen))]
    hits = sum(w for p, w in zip(chosen, weights, strict=True) if words[p + 1] == words[i])
    return best, hits / sum(weights) if chosen else 0.0


def gain(text: str) -> float:
    given = batch(text)
    words = [given.word(i) for i in range(len(given.words))]
    logs = log_probabilities(Sequences(given.words.hashes, given.words.offsets, halves(given)), FITTED)
    base = replaced = 0.0
    for i, word in enumerate(words):
        length, share = copied(words, i)
        rest, seen = 0.5**length, set(words[:i])
        base -= math.log(rest * math.exp(logs[i]) + (1 - rest) * share)
        replaced -= math.log(rest * math.exp(logs[i]) + (1 - rest) * (word in seen) / max(len(seen), 1))
    return (replaced - base) / len(words) / max(base / len(words), 0.05)


@given(st.lists(st.sampled_from(["w0", "w1", "w2", "new", ",", "x"]), min_size=1, max_size=120))
def test_it_is_what_the_plain_form_finds(words: list[str]) -> None:
    text = " ".join(words)
    assert scored(text, min_words=1, max_repeated=2.0) == [pytest.approx(gain(text), rel=1e-9, abs=1e-12)]


def test_short_and_repeating_documents_have_none() -> None:
    repeating = "the same ten words that stand here come again and " * 20
    assert scored("", "too short", prose(1, 63), repeating) == [None, None, None, None]
    assert scored(prose(1, 64))[0] is not None and scored(repeating, max_repeated=2.0)[0] is not None


def test_phrases_that_come_back_can_be_copied_and_shuffled_words_cannot() -> None:
    rng = random.Random(2)
    phrases = [[f"p{i}a", f"p{i}b", f"p{i}c", f"p{i}d"] for i in range(20)]
    words = [word for _ in range(100) for word in rng.choice(phrases)]
    shuffled = rng.sample(words, len(words))
    ordered, mixed = scored(" ".join(words), " ".join(shuffled))
    assert ordered is not None and mixed is not None
    assert ordered > 0.5 and mixed < 0.1


def test_neither_rows_nor_batches_matter() -> None:
    other = fit(turned(sample(CORPUS)), seed=0)
    assert all(np.array_equal(FITTED[name], other[name]) for name in FITTED)
    texts = [prose(i, 300) for i in range(4)] + [""]
    assert scored(*texts) == [scored(text)[0] for text in texts]
