"""The gain of longer contexts against a plain form of it, and its controls."""

import math
import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import RecipeError
from tasks import units
from tasks.probe import probe
from tasks.score.context_gain import context_gain, fit
from tasks.text.frequencies import halves
from tests.units.score.drawn import batch, prose, sample, turned

CORPUS = [prose(i, 60) for i in range(24)]
FITTED = fit(sample(CORPUS), seed=0)
SIDES = halves(batch(*CORPUS)).tolist()


def scored(*texts: str, short: int = 128, long: int = 512, prior: float = 100.0) -> list[float | None]:
    found: list[float | None] = context_gain(
        batch(*texts), short=short, long=long, prior=prior, fitted=FITTED
    ).to_pylist()
    return found


def loss(words: list[str], counts: Counter[str], block: int, prior: float) -> float:
    total = 0.0
    for start in range(0, len(words), block):
        seen: Counter[str] = Counter()
        for i, word in enumerate(words[start : start + block]):
            known = max(counts[word], 0.5) / counts.total()
            total -= math.log((seen[word] + prior * known) / (i + prior))
            seen[word] += 1
    return total / len(words)


@given(st.lists(st.sampled_from(["w0", "w1", "w2", "w9", "new", "other"]), max_size=60), st.sampled_from([1.0, 20.0]))
def test_it_is_what_the_plain_form_finds(words: list[str], prior: float) -> None:
    text = " ".join(words)
    side = int(halves(batch(text))[0])
    counts = Counter(" ".join(t for t, s in zip(CORPUS, SIDES, strict=True) if s != side).split())
    used = words[: len(words) // 24 * 24]
    expected = loss(used, counts, 8, prior) - loss(used, counts, 24, prior) if used else None
    assert scored(text, short=4, long=12, prior=prior) == [None if expected is None else pytest.approx(expected)]


def test_a_document_shorter_than_two_long_contexts_has_none() -> None:
    assert scored(prose(1, 1023), "", "!")[:3] == [None, None, None]
    assert scored(prose(1, 1024))[0] is not None


def test_a_text_that_returns_to_its_words_gains_from_a_longer_context() -> None:
    rng = random.Random(1)
    topics = [[f"t{topic}x{i}" for i in range(256)] for topic in range(2)]
    returning = " ".join(" ".join(rng.sample(topics[i % 2], k=256)) for i in range(8))
    leaving = " ".join(" ".join(f"once{i}x{k}" for k in range(256)) for i in range(8))
    gains = scored(returning, leaving)
    assert gains[0] > 0.1 > 0 > gains[1]  # type: ignore[operator]


def test_what_follows_the_last_full_block_does_not_count() -> None:
    words = prose(5, 1024)
    longer = [f"{words} {prose(k, 10 * k, first=9000)}" for k in range(1, 20)]
    side, *sides = halves(batch(words, *longer)).tolist()
    same = [text for text, other in zip(longer, sides, strict=True) if other == side]
    assert len(same) > 3 and scored(*same) == scored(words) * len(same)


def test_neither_rows_nor_batches_matter() -> None:
    other = fit(turned(sample(CORPUS)), seed=0)
    assert all(np.array_equal(FITTED[name], other[name]) for name in FITTED)
    texts = [prose(i, 1500) for i in range(4)] + [""]
    assert scored(*texts) == [scored(text)[0] for text in texts]


@pytest.mark.parametrize("settings", [{"short": 0}, {"short": 512}, {"short": 100}, {"prior": 0.0}])
def test_settings_out_of_range_are_refused(settings: dict[str, float]) -> None:
    unit = units.unit("score", "context_gain")
    with pytest.raises(RecipeError, match="context_gain"):
        probe(unit, unit.resolve(settings))
