"""Paragraphs cut by what a student says of them; heuristics and probabilities behind it."""

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from schemas.recipe import inline_rule
from tasks.score._features import HEURISTICS, STOP_WORDS, heuristics
from tasks.score._learning import Calibration, calibrated, probabilities
from tasks.score._paragraphs import COMPARE, cut, passing
from tasks.score._predict import failing_paragraphs
from tasks.score.student import fit
from tasks.text import features
from tasks.text.spans import Spans
from tests.data import texts
from tests.units.score.made import about, sample_of
from tests.units.text import oracles
from tests.units.text.oracles import HOSTILE, batch

TEXTS = st.lists(st.lists(st.sampled_from(["a b", "c\nd", "é 漢", "e"]), max_size=6), max_size=4)


def applied(documents: list[str], spans: Spans) -> list[str]:
    found = batch(*documents)
    left = [text.encode() for text in documents]
    for i in np.argsort(-spans.starts).tolist():
        document, begins = int(spans.document[i]), int(found.offsets[spans.document[i]])
        text = left[document]
        left[document] = text[: spans.starts[i] - begins] + text[spans.stops[i] - begins :]
    return [text.decode() for text in left]


@given(TEXTS, st.data())
@settings(max_examples=150, deadline=None, derandomize=True)
def test_what_is_cut_is_gone_and_what_stays_is_as_far_apart(drawn: list[list[str]], data: Any) -> None:
    gaps = st.sampled_from(["\n\n", "\n\n\n", "\n\n\n\n\n"])
    documents = ["".join(part + data.draw(gaps) for part in parts) for parts in drawn]
    documents = [data.draw(st.sampled_from(["", "\n\n", " "])) + text for text in documents]
    found = batch(*documents)
    pieces = features.paragraphs(found)
    failing = np.array(data.draw(st.lists(st.booleans(), min_size=len(pieces), max_size=len(pieces))), bool)
    spans = cut(found, pieces, failing, [""] * len(pieces))
    assert len(spans) == failing.sum()
    ends = np.sort(np.stack([spans.starts, spans.stops], axis=1), axis=0)
    assert (ends[1:, 0] >= ends[:-1, 1]).all(), "spans overlap"
    place = 0
    for text, after in zip(documents, applied(documents, spans), strict=True):
        parts = oracles.paragraphs(text)
        kept = [part for part, gone in zip(parts, failing[place : place + len(parts)], strict=True) if not gone]
        place += len(parts)
        assert oracles.paragraphs(after) == kept
        if len(kept) == len(parts):
            assert after == text
        assert set(re.findall("\n{2,}", after.strip())) <= set(re.findall("\n{2,}", text.strip()))


def test_one_paragraph_less() -> None:
    text = "\n\nfirst\n\n\nsecond\n\nthird\n"
    cases = {(0,): "\n\nsecond\n\nthird\n", (1,): "\n\nfirst\n\n\nthird\n", (2,): "\n\nfirst\n\n\nsecond\n"}
    cases |= {(1, 2): "\n\nfirst\n", (0, 1): "\n\nthird\n"}
    for rows, left in cases.items():
        found = batch(text)
        failing = np.isin(np.arange(3), rows)
        assert applied([text], cut(found, features.paragraphs(found), failing, [""] * 3)) == [left], rows
    everything = cut(found, features.paragraphs(found), np.ones(3, bool), [""] * 3)
    assert not applied([text], everything)[0].strip()


def test_paragraphs_that_a_student_finds_poor_are_cut() -> None:
    random = np.random.default_rng(0)
    documents, labels = [], []
    for i in range(120):
        kinds = [str(random.choice(["study", "other"])) for _ in range(3)]
        documents.append("\n\n".join(about(kind, 70, random) for kind in kinds))
        for k, kind in enumerate(kinds):
            labels.append(
                {"doc_id": i, "paragraph": k, "name": "educational", "value": 5.0 if kind == "study" else 1.0}
            )
            labels.append({"doc_id": i, "paragraph": k, "name": "type", "label": kind})
    heads: dict[str, Any] = {"educational": "number", "type": ["study", "other"]}
    fitted = fit(sample_of(documents, labels), seed=0, heads=heads, unit="paragraph")
    parts = [
        about("study", 70, random),
        about("other", 10, random),
        about("other", 70, random),
        about("study", 80, random),
    ]
    text = "\n\n".join(parts)
    for rule in ("educational >= 3", "type in [study, case]", "type != other"):
        spans = failing_paragraphs(batch("", text), fitted, inline_rule(rule).rule, least_words=64)
        assert applied(["", text], spans)[1] == "\n\n".join([parts[0], parts[1], parts[3]]), rule
    assert spans.document.tolist() == [1]
    assert spans.reasons.to_pylist() == ["type other, not != other"]
    assert len(failing_paragraphs(batch("", " "), fitted, inline_rule("educational >= 3").rule, least_words=1)) == 0


@pytest.mark.parametrize("operator", COMPARE)
def test_comparisons_are_those_of_rules(operator: str) -> None:
    if operator in ("in", "not in"):
        kept = passing(np.array(["a", "b", "c"]), inline_rule(f"x {operator} [a, b]").rule)
        assert kept.tolist() == ([True, True, False] if operator == "in" else [False, False, True])
        return
    values = np.array([1.0, 2.0, 3.0])
    expected = [eval(f"{value} {operator} 2.0") for value in values.tolist()]
    assert passing(values, inline_rule(f"x {operator} 2").rule).tolist() == expected


# What the heads look at


def test_heuristics_against_plain_python() -> None:
    documents = (*texts(40), *HOSTILE)
    found = batch(*documents)
    values = heuristics(found, features.whole_documents(found))
    assert values.shape == (len(documents), len(HEURISTICS)) and np.isfinite(values).all()
    for i, text in enumerate(documents):
        words = oracles.words(text)
        folded = ["".join(map(oracles.fold, word)) for word in words]
        count = max(len(words), 1)
        row = dict(zip(HEURISTICS, values[i].tolist(), strict=True))
        assert row["log of words"] == pytest.approx(np.log1p(len(words)))
        assert row["share of stop words"] == pytest.approx(sum(word in STOP_WORDS for word in folded) / count)
        assert row["share of words with a capital"] == pytest.approx(
            sum(a != b for a, b in zip(words, folded, strict=True)) / count
        )
        # A few words share one of the 2^18 slots with another.
        assert row["share of words seen before"] == pytest.approx(
            1 - len(set(folded)) / count if words else 0, abs=0.01
        )
        lines = text.split("\n") if text else []
        lines = lines[:-1] if lines and not lines[-1] else lines
        sizes = [len(line.encode()) for line in lines]
        assert row["log of bytes per line"] == pytest.approx(np.log1p(sum(sizes) / max(len(sizes), 1)))
        assert row["share of short lines"] == pytest.approx(sum(s <= 30 for s in sizes) / max(len(sizes), 1))


def test_heuristics_of_a_paragraph_are_those_of_its_text() -> None:
    documents = [text.strip() for text in texts(20)]
    found = batch(*documents)
    alone = batch(*(part for text in documents for part in oracles.paragraphs(text)))
    assert np.array_equal(
        heuristics(found, features.paragraphs(found)), heuristics(alone, features.whole_documents(alone))
    )


# Scores to probabilities


def test_probabilities_are_a_softmax_and_choice_is_by_weight() -> None:
    scores = np.random.default_rng(0).normal(size=(50, 4))
    calibration = Calibration(1.7, np.array([0.1, -0.4, 0.0, 2.0]), np.array([1.0, 3.0, 0.5, 1.0]))
    found, chosen, margin = probabilities(scores, calibration)
    expected = softmax(1.7 * scores + calibration.shift, axis=1)
    assert found == pytest.approx(expected)
    preferred = expected * calibration.weight / (expected * calibration.weight).sum(axis=1, keepdims=True)
    assert chosen.tolist() == preferred.argmax(axis=1).tolist()
    ordered = np.sort(preferred, axis=1)
    assert margin == pytest.approx(ordered[:, -1] - ordered[:, -2])


def test_one_output_is_a_logistic_function() -> None:
    scores = np.linspace(-3, 3, 7)[:, None]
    found, _, _ = probabilities(scores, Calibration(1.0, np.zeros(2), np.ones(2)))
    assert found[:, 1] == pytest.approx(1 / (1 + np.exp(-scores[:, 0])))


def test_calibration_finds_the_scale_and_the_shifts() -> None:
    random = np.random.default_rng(0)
    scores, scale, shift = random.normal(0, 2, (20_000, 3)), 0.6, np.array([0.5, -1.0, 0.5])
    shares = softmax(scale * scores + shift, axis=1)
    truth = (random.random(20_000)[:, None] > shares.cumsum(axis=1)).sum(axis=1)
    found_scale, found_shift = calibrated(scores, truth)
    assert found_scale == pytest.approx(scale, rel=0.05)
    assert found_shift - found_shift.mean() == pytest.approx(shift, abs=0.07)
