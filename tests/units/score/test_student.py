"""What a student learns, what it refuses to be used for, and what it does not depend on."""

from collections import Counter
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from schemas.errors import GristmillError, RecipeError, UnitError
from tasks.sample import Sample
from tasks.score._agreement import figures_of, refused
from tasks.score._groups import groups, held_out
from tasks.score._predict import predict
from tasks.score.student import columns, fit, student
from tasks.text.features import whole_documents
from tests.units.score.made import FILLER, TERMS, about, sample_of, shuffled
from tests.units.text.oracles import HOSTILE, batch, paragraphs

HEADS: dict[str, Any] = {"science": "number", "type": ["study", "case", "other"]}


def drawn(count: int, seed: int = 0) -> tuple[list[str], list[dict[str, Any]]]:
    """Texts of 80 words on three subjects, the second one rare, and the share of the first one's terms as a number."""
    random = np.random.default_rng(seed)
    texts, labels = [], []
    for i in range(count):
        kind = str(random.choice(["study", "case", "other"], p=[0.5, 0.1, 0.4]))
        share = float(random.uniform(0.05, 0.3))
        texts.append(about(kind, 80, random, share))
        labels.append({"doc_id": i, "name": "science", "value": share * 20 if kind == "study" else 0.0})
        labels.append({"doc_id": i, "name": "type", "label": kind})
    return texts, labels


@cache
def learnt() -> dict[str, np.ndarray]:
    return fit(sample_of(*drawn(400)), seed=3, heads=HEADS)


def figures(fitted: dict[str, np.ndarray]) -> dict[tuple[str, str, str | None, str | None], float]:
    rows = figures_of(fitted, 2, "student").to_pylist()
    return {(r["head"], r["metric"], r["part"], r["source"]): r["value"] for r in rows}


def test_it_recovers_a_number_and_labels_of_texts_that_it_has_not_seen() -> None:
    texts, labels = drawn(300, seed=1)
    found = student(batch(*texts), fitted=learnt(), heads=HEADS)
    given = np.array([label["value"] for label in labels if label["name"] == "science"])
    kinds = [label["label"] for label in labels if label["name"] == "type"]
    assert np.corrcoef(found["science"], given)[0, 1] > 0.9
    assert sum(a == b for a, b in zip(found["type"].to_pylist(), kinds, strict=True)) > 285
    rare = [a for a, b in zip(found["type"].to_pylist(), kinds, strict=True) if b == "case"]
    assert rare.count("case") > 0.8 * len(rare)
    assert refused(learnt()) == {}


def test_columns_are_those_declared() -> None:
    for settings in ({}, {"unit": "paragraph"}, {"unit": "paragraph", "thresholds": {"science": 3.0}}):
        names = [column.name for column in columns(heads=HEADS, **settings)]
        assert list(student(batch("a text", ""), fitted=learnt(), heads=HEADS, **settings)) == names


def test_a_number_stays_in_the_range_of_its_labels() -> None:
    given = [label["value"] for label in drawn(400)[1] if label["name"] == "science"]
    found = student(batch("cohort trial placebo " * 100, "sale", *HOSTILE), fitted=learnt(), heads=HEADS)["science"]
    assert found.min() >= min(given) and found.max() <= max(given)


def test_probabilities_are_those_of_the_labels() -> None:
    found = student(batch(*drawn(50, seed=2)[0], *HOSTILE), fitted=learnt(), heads=HEADS)
    each = np.stack([found[f"type_{label}_probability"] for label in HEADS["type"]], axis=1)
    assert each.sum(axis=1) == pytest.approx(1)
    chosen = [HEADS["type"].index(label) for label in found["type"].to_pylist()]
    assert np.array_equal(found["type_probability"], each[np.arange(len(each)), chosen])
    assert (found["type_margin"] >= 0).all() and (found["type_margin"] <= 1).all()


def test_probabilities_are_calibrated() -> None:
    random = np.random.default_rng(5)

    def texts_and_labels(count: int) -> tuple[list[str], list[str]]:
        shares = random.uniform(0, 1, count)
        texts = [" ".join(random.choice(["up", "down"], 40, p=[s, 1 - s])) + f" {random.integers(99)}" for s in shares]
        return texts, [str(random.choice(["yes", "no"], p=[s, 1 - s])) for s in shares]

    texts, labels = texts_and_labels(800)
    rows = [{"doc_id": i, "name": "answer", "label": label} for i, label in enumerate(labels)]
    fitted = fit(sample_of(texts, rows), seed=0, heads={"answer": ["no", "yes"]})
    fresh, truth = texts_and_labels(2000)
    found = student(batch(*fresh), fitted=fitted, heads={"answer": ["no", "yes"]})["answer_yes_probability"]
    yes = np.array([label == "yes" for label in truth])
    for low in np.arange(0.05, 0.95, 0.1):
        inside = (found >= low) & (found < low + 0.1)
        assert abs(found[inside].mean() - yes[inside].mean()) < 0.12, (low, inside.sum())
    assert figures(fitted)["answer", "calibration_error", None, None] < 0.1


def test_the_same_from_any_order_of_rows_and_again() -> None:
    sample = sample_of(*drawn(120))
    first = fit(sample, seed=4, heads=HEADS)
    for seed in (1, 2):
        again = fit(shuffled(sample, seed), seed=4, heads=HEADS)
        assert first.keys() == again.keys()
        assert all(np.array_equal(first[name], again[name], equal_nan=first[name].dtype.kind == "f") for name in first)
    assert not np.array_equal(first["weights"], fit(sample, seed=5, heads=HEADS)["weights"])


def test_labels_of_documents_that_were_not_drawn_are_left_out() -> None:
    texts, labels = drawn(100)
    sample = sample_of(texts, labels)
    more = pa.concat_tables([sample.labels, sample.labels.set_column(0, "doc_id", pa.array([5000] * 200, pa.uint64()))])
    assert np.array_equal(
        fit(Sample(sample.documents, more), seed=1, heads=HEADS)["weights"], fit(sample, seed=1, heads=HEADS)["weights"]
    )


def test_several_labels_of_one_document_are_a_mean_and_a_majority() -> None:
    texts, labels = drawn(100)
    twice = [{**label, "value": label["value"] + shift} for label in labels if "value" in label for shift in (-1, 1)]
    votes = [
        {**label, "label": kind}
        for label in labels
        if "label" in label
        for kind in (label["label"], "other", label["label"])
    ]
    one, many = (fit(sample_of(texts, rows), seed=1, heads=HEADS) for rows in (labels, twice + votes))
    assert np.allclose(one["weights"], many["weights"], atol=1e-5)


def test_noise_is_refused_unless_forced() -> None:
    random = np.random.default_rng(0)
    texts = [about("other", 60, random) for _ in range(250)]
    labels: list[dict[str, Any]] = []
    for i in range(len(texts)):
        labels.append({"doc_id": i, "name": "science", "value": float(random.integers(1, 6))})
        labels.append({"doc_id": i, "name": "type", "label": str(random.choice(["study", "case", "other"]))})
    fitted = fit(sample_of(texts, labels), seed=1, heads=HEADS)
    said = refused(fitted)
    assert list(said) == [column.name for column in columns(heads=HEADS)]
    assert "spearman on held-out labels is" in said["science"] and "0.5 or more" in said["science"]
    assert said["type"].startswith("f1 ") and said["type"].endswith("0.6 or more is asked for")
    assert refused(fit(sample_of(texts, labels), seed=1, heads=HEADS, force=True)) == {}
    low = fit(sample_of(texts, labels), seed=1, heads=HEADS, least_spearman=-1.0, least_f1=0.0)
    assert refused(low) == {}


def test_what_only_a_host_tells_is_not_learnt() -> None:
    """Each host has a word and a label of its own: a split by documents would call this a perfect student."""
    random = np.random.default_rng(0)
    hosts = np.repeat(np.arange(60), 6)
    kinds = random.choice(["study", "other"], 60)
    texts = [f"{about('case', 30, random, 0.0)} {f'host{host} ' * 20}{i}" for i, host in enumerate(hosts)]
    labels = [{"doc_id": i, "name": "type", "label": str(kinds[host])} for i, host in enumerate(hosts)]
    urls: list[str | None] = [f"https://www.host{host}.org/{i}" for i, host in enumerate(hosts)]
    heads: dict[str, Any] = {"type": "label"}
    together = fit(sample_of(texts, labels, url=urls), seed=1, heads=heads)
    apart = fit(sample_of(texts, labels), seed=1, heads=heads)
    assert figures(apart)["type", "f1", None, None] > 0.9
    assert figures(together)["type", "f1", None, None] < 0.75


def test_groups_stay_on_one_side() -> None:
    texts = [f"text {i}" for i in range(198)] + ["the same"] * 2
    urls = [f"http://{'www.' if i % 2 else ''}host{i // 8}.org/{i}" if i < 120 else None for i in range(200)]
    urls[120:150] = [f"https://large.org/{i}" for i in range(30)]
    found = groups(sample_of(texts, [], url=urls).documents)
    assert Counter(Counter(found[:120].tolist()).values()) == {8: 15}
    assert len(set(found[120:150].tolist())) == 30, "a host of many documents is held out by documents"
    assert found[198] == found[199] and len(set(found[150:199].tolist())) == 49
    left = held_out(found, 0.2, 1)
    assert all(len(set(left[found == group])) == 1 for group in found)
    assert 0.1 < left.mean() < 0.3 and not np.array_equal(left, held_out(found, 0.2, 2))


def test_a_source_of_one_host_is_not_held_out_as_a_whole() -> None:
    texts = [f"text {i}" for i in range(1000)]
    urls: list[str | None] = ["https://one.org" if i < 20 else f"https://host{i // 5}.org" for i in range(1000)]
    documents = sample_of(texts, [], url=urls).documents
    sources = pa.array(["small" if i < 20 else "large" for i in range(1000)])
    found = groups(documents.set_column(documents.schema.get_field_index("source"), "source", sources))
    assert len(set(found[:20].tolist())) == 20
    assert len(set(found[20:].tolist())) == 196


@pytest.mark.parametrize(
    "alphabet", ["北京大学的人我们去看书写字山水火", "กขคงจฉชซดตถทนบปผ", "ابتثجحخدذرزسشصضط", "абвгдежзиклмнопр"]
)
def test_it_learns_in_any_script(alphabet: str) -> None:
    random = np.random.default_rng(0)
    spaced = alphabet[0] in "اа"
    marks = {"left": alphabet[:3], "right": alphabet[5:2:-1]}
    texts, labels = [], []
    for i in range(160):
        side = ("left", "right")[i % 2]
        words = ["".join(random.choice(list(alphabet[6:]), 3)) for _ in range(30)] + [marks[side]] * 2
        random.shuffle(words)
        texts.append((" " if spaced else "").join(words))
        labels.append({"doc_id": i, "name": "side", "label": side})
    fitted = fit(sample_of(texts, labels), seed=2, heads={"side": "label"})
    assert figures(fitted)["side", "f1", None, None] > 0.9


def test_inflected_words_are_alike_by_their_characters() -> None:
    random = np.random.default_rng(0)
    endings = [f"{a}{b}" for a in "bcdfghklmn" for b in "aeiou"]
    texts, labels = [], []
    for i in range(200):
        stem = ("kirjastoim", "sairaalaim")[i % 2]
        words = [str(random.choice(FILLER)) for _ in range(20)] + [
            f"{stem}{i}{random.choice(endings)}" for _ in range(3)
        ]
        texts.append(" ".join(words))
        labels.append({"doc_id": i, "name": "stem", "label": stem})
    scores = [
        figures(fit(sample_of(texts, labels), seed=0, heads={"stem": "label"}, characters=characters))[
            "stem", "f1", None, None
        ]
        for characters in (False, True)
    ]
    assert scores[0] < 0.8 and scores[1] > 0.95


# Paragraphs


def articles(count: int, seed: int) -> tuple[list[str], list[dict[str, Any]]]:
    random = np.random.default_rng(seed)
    texts, labels = [], []
    for i in range(count):
        parts = []
        for k in range(int(random.integers(1, 6))):
            kind = str(random.choice(list(TERMS)))
            words = int(random.choice([8, 70, 90]))
            parts.append(about(kind, words, random))
            if words > 8:
                labels.append({"doc_id": i, "paragraph": k, "name": "type", "label": kind})
                labels.append({"doc_id": i, "paragraph": k, "name": "science", "value": 5.0 * (kind == "study")})
        texts.append("\n\n".join(parts))
    return texts, labels


@cache
def learnt_paragraphs() -> dict[str, np.ndarray]:
    return fit(sample_of(*articles(150, 0)), seed=1, heads=HEADS, unit="paragraph")


def test_paragraphs_add_up_to_their_document() -> None:
    texts = [*articles(40, 1)[0], "short", "", *HOSTILE]
    fitted = learnt_paragraphs()
    found = student(batch(*texts), fitted=fitted, heads=HEADS, unit="paragraph", thresholds={"science": 2.5})
    table = pa.table({name: pa.array(values) for name, values in found.items()}).to_pylist()
    for text, row in zip(texts, table, strict=True):
        parts = [part for part in paragraphs(text) if len(batch(part).words) >= 64]
        assert row["science_paragraphs"] == row["type_paragraphs"] == len(parts)
        if not parts:
            assert all(value is None for name, value in row.items() if not name.endswith("_paragraphs"))
            continue
        each = batch(*parts)
        said = predict(each, whole_documents(each), fitted)
        words, values = np.diff(each.words.offsets), said["science"].values
        assert row["science"] == pytest.approx(np.average(values, weights=words))
        assert (row["science_lowest"], row["science_highest"]) == (values.min(), values.max())
        assert row["science_share"] == (values >= 2.5).mean()
        kinds = said["type"].labels.tolist()
        weight = Counter({kind: sum(w for k, w in zip(kinds, words, strict=True) if k == kind) for kind in kinds})
        assert weight[row["type"]] == max(weight.values())
        for k, label in enumerate(HEADS["type"]):
            assert row[f"type_{label}_share"] == kinds.count(label) / len(kinds)
            assert row[f"type_{label}_highest"] == said["type"].probabilities[:, k].max()


def test_paragraphs_are_learnt() -> None:
    assert refused(learnt_paragraphs()) == {}
    random = np.random.default_rng(8)
    mixed = "\n\n".join([about("study", 100, random), about("case", 70, random), about("study", 80, random)])
    found = student(batch(mixed), fitted=learnt_paragraphs(), heads=HEADS, unit="paragraph")
    assert found["type"].to_pylist() == ["study"]
    assert found["type_case_share"].to_pylist() == [pytest.approx(1 / 3)]
    assert found["type_other_share"].to_pylist() == [0.0]
    assert found["science_lowest"][0].as_py() < 2.5 < found["science"][0].as_py()


# What cannot be


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"heads": {}}, "nothing to learn"),
        ({"heads": {"Type": "label"}}, "name a column"),
        ({"heads": {"domain": "label"}}, "would hide what documents have by that name"),
        ({"heads": {"type": ["one"]}}, "two labels or more"),
        ({"heads": {"type": ["a b", "a-b"]}}, "two labels or more"),
        ({"heads": {"type": "label"}, "unit": "paragraph"}, "name the labels of head 'type'"),
        ({"heads": {"science": "number"}, "thresholds": {"science": 3}}, "need `unit: paragraph`"),
        (
            {"heads": {"type": ["a", "b"]}, "unit": "paragraph", "thresholds": {"type": 3}},
            "is of a head that is a number",
        ),
        ({"heads": "no_such_prompt"}, "unknown prompt"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        columns(**settings)


@pytest.mark.parametrize(
    ("heads", "given", "message"),
    [
        ({"missing": "number"}, {}, "unknown label name 'missing'"),
        ({"type": "number"}, {}, "is to be a number, and was given a label"),
        ({"type": ["study", "case"]}, {}, "unknown label 'other'"),
        ({"type": "label"}, {"unit": "paragraph"}, "the labels are of whole documents; set `unit: document`"),
    ],
)
def test_labels_that_do_not_fit_are_refused(heads: dict[str, Any], given: dict[str, Any], message: str) -> None:
    with pytest.raises(GristmillError, match=message):
        fit(sample_of(*drawn(60)), seed=0, heads=heads, **given)


def test_too_few_labels_and_a_single_one_are_refused() -> None:
    texts, labels = drawn(20)
    with pytest.raises(UnitError, match="it needs 10 of each"):
        fit(sample_of(texts, labels), seed=0, heads=HEADS)
    texts, labels = drawn(100)
    same = [{**label, "label": "study"} for label in labels if label["name"] == "type"]
    with pytest.raises(UnitError, match="are the same"):
        fit(sample_of(texts, same), seed=0, heads={"type": "label"})


def test_a_label_of_a_paragraph_that_is_not_there_is_refused() -> None:
    texts, labels = articles(60, 0)
    labels[0]["paragraph"] = 99
    with pytest.raises(UnitError, match="a label is of paragraph 99 of a document with"):
        fit(sample_of(texts, labels), seed=0, heads=HEADS, unit="paragraph")
