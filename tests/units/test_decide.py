"""Decisions, thresholds and drops against an evaluation of every rule in plain Python, and NumPy's quantiles."""

import operator
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.recipe import Recipe
from schemas.tables.drops import drops
from tasks import units
from tasks.decide import create_views, decided
from tasks.ledger import Ledger
from tasks.partition import Measure
from tasks.resolve import parse
from tasks.run import Run
from tasks.stages.filter import filter as filter_stage
from tasks.stages.score import KEY, Table, view_scores

COMPARE = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "==": operator.eq,
    "!=": operator.ne,
    "in": lambda value, threshold: value in threshold.split("|"),
    "not in": lambda value, threshold: value not in threshold.split("|"),
}
SCORERS = ("size", "language", "line_statistics")
SOURCES = ("a", "b")
NONE = {"lines": 0, "sentences": 0, "language_score": 0.0}


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with Ledger.create(tmp_path_factory.mktemp("decide") / "ledger.duckdb") as ledger:
        for name in SCORERS:
            ledger.run(Table(f"score_{name}", "", (KEY, *Measure("score", name).columns), ("doc_id",)).ddl)
        view_scores(Run(parse("name: x\nsources: {a: x}"), Path(), ledger))
        yield ledger


def evaluated(ledger: Ledger, recipe: Recipe, documents: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Run the recipe's filters over documents whose scores are given; return what the ledger says."""
    for table in ("documents", "live", "drops", "rules", "counts", *(f"score_{name}" for name in SCORERS)):
        ledger.run(f"DELETE FROM {table}")
    ledger.run("DROP VIEW IF EXISTS decisions")
    ledger.insert("documents", [{**document, "bytes": 1, "tokens": 1} for document in documents])
    ledger.run("INSERT INTO live BY NAME SELECT doc_id, source, domain, bytes, tokens FROM documents")
    for name in SCORERS:
        columns = Measure("score", name).columns
        schema = pa.schema([("doc_id", pa.uint64()), *((c.name, c.arrow) for c in columns)])
        rows = [
            {"doc_id": d["doc_id"], **{c.name: d.get(c.name, NONE.get(c.name, 0)) for c in columns}} for d in documents
        ]
        ledger.using(f"INSERT INTO score_{name} BY NAME SELECT * FROM given", given=pa.Table.from_pylist(rows, schema))
    run = Run(recipe, Path(), ledger)
    for number, step in enumerate(recipe.steps, 1):
        filter_stage(run, number, step)
    create_views(ledger, decided(recipe.steps))
    names = {"decisions": "doc_id, step, rule", "drops": "doc_id, step, rule", "rules": "step, rule, per_value"}
    found = {name: ledger.rows(f"FROM {name} ORDER BY {order}") for name, order in names.items()}
    return {**found, "live": ledger.rows("FROM live ORDER BY doc_id"), "counts": ledger.rows("FROM counts")}


def recipe_of(*steps: list[Any]) -> Recipe:
    """A recipe with these filters over the sources of these tests."""
    plan = {"name": "x", "sources": {name: f"{name}.jsonl" for name in SOURCES}}
    return parse(yaml.safe_dump({**plan, "steps": [{"filter": rules} for rules in steps]}))


def expected(recipe: Recipe, documents: list[dict[str, Any]]) -> tuple[list[tuple[Any, ...]], list[int]]:
    """Every decision, as (doc_id, step, rule, value, threshold, kept), and who stays, by loops over the documents."""
    standing, decisions = list(documents), []
    for number, step in enumerate(recipe.steps, 1):
        failed = set()
        for inline in step.rules:
            rule = inline.rule
            for document in standing:
                group = [d for d in standing if not inline.per or d[inline.per] == document[inline.per]]
                threshold: Any = rule.threshold
                if inline.quantile is not None:
                    threshold = quantile([d[rule.score] for d in group if d[rule.score] is not None], inline.quantile)
                if inline.per:
                    threshold = inline.thresholds.get(document[inline.per], threshold)
                value = document[rule.score]
                missing = value is None or threshold is None
                kept = rule.operator in ("!=", "not in") if missing else COMPARE[rule.operator](value, threshold)
                decisions.append((document["doc_id"], number, rule.name, value, threshold, bool(kept)))
                if not kept:
                    failed.add(document["doc_id"])
        standing = [d for d in standing if d["doc_id"] not in failed]
    return sorted(decisions, key=lambda d: d[:3]), sorted(d["doc_id"] for d in standing)


def quantile(values: list[float], share: float) -> float | None:
    return float(np.quantile(values, share, method="inverted_cdf")) if values else None


LABELS = ("en", "de", "fr|", None)
document = st.fixed_dictionaries(
    {
        "source": st.sampled_from(SOURCES),
        "words": st.one_of(st.none(), st.integers(-2, 4)),
        "language_score": st.one_of(st.none(), st.sampled_from([-0.5, 0.0, 0.1, 0.2, 0.30000000000000004, 1e300])),
        "language": st.sampled_from(LABELS),
    }
)
documents_drawn = st.lists(document, max_size=12).map(
    lambda rows: [
        {**row, "doc_id": (i * 0x9E3779B97F4A7C15) % 2**64, "domain": row["source"]} for i, row in enumerate(rows)
    ]
)
numbers = st.builds(
    lambda score, op, value, more: {"rule": f"{score} {op} {value}", **more},
    st.sampled_from(["words", "language_score"]),
    st.sampled_from([">=", ">", "<=", "<", "==", "!="]),
    st.one_of(
        st.sampled_from([-1, 0, 0.1, 0.30000000000000004, 3, 1e300]),
        st.sampled_from(["q0", "q0.1", "q0.5", "q0.93", "q1"]),
    ),
    st.one_of(
        st.just({}),
        st.fixed_dictionaries({"per": st.sampled_from(["source", "domain", "language"])}),
        st.fixed_dictionaries(
            {"per": st.just("source"), "thresholds": st.dictionaries(st.sampled_from(SOURCES), st.integers(-1, 3))}
        ),
        st.just({"per": "language", "thresholds": {"en": 1.5, "never": 7}}),
    ),
)
labels = st.builds(
    lambda op, value: {"rule": f"language {op} {value}"},
    st.sampled_from(["==", "!=", "in", "not in"]),
    st.sampled_from(["en", "[en, de]", "'fr'"]),
)
rules_drawn = st.lists(st.one_of(numbers, labels), min_size=1, max_size=4).map(
    lambda rules: [{**rule, "name": f"rule {i}"} for i, rule in enumerate(rules)]
)


@given(documents=documents_drawn, steps=st.lists(rules_drawn, min_size=1, max_size=2))
@settings(max_examples=50, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
def test_decisions_are_those_of_a_plain_evaluation(
    ledger: Ledger, documents: list[dict[str, Any]], steps: list[list[Any]]
) -> None:
    recipe = recipe_of(*steps)
    found = evaluated(ledger, recipe, documents)
    decisions, standing = expected(recipe, documents)
    assert [
        (
            d["doc_id"],
            d["step"],
            d["rule"],
            either(d, "value", "label"),
            either(d, "threshold", "threshold_label"),
            d["kept"],
        )
        for d in found["decisions"]
    ] == decisions
    assert [d["doc_id"] for d in found["live"]] == standing
    failed = [{column.name: d[column.name] for column in drops.columns} for d in found["decisions"] if not d["kept"]]
    assert found["drops"] == failed, "drops are the decisions that failed"
    assert len({d["doc_id"] for d in found["drops"]}) + len(standing) == len(documents), "nobody is lost"


def either(row: dict[str, Any], first: str, second: str) -> Any:
    assert row[first] is None or row[second] is None
    return row[second] if row[first] is None else row[first]


def corpus(**columns: list[Any]) -> list[dict[str, Any]]:
    """Documents numbered from 1 with these columns."""
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    plain = {"source": "a", "domain": "a", "words": 0, "language_score": 0.0, "language": "en"}
    return [{**plain, **row, "doc_id": number} for number, row in enumerate(rows, 1)]


def test_every_rule_is_evaluated_and_not_only_the_first_to_fail(ledger: Ledger) -> None:
    recipe = recipe_of(["words >= 5", "language == de", "bytes > 3"], ["words >= 0"])
    found = evaluated(ledger, recipe, corpus(words=[1, 9]))
    assert [(d["doc_id"], d["rule"]) for d in found["drops"]] == [
        (1, "bytes > 3"),
        (1, "language == de"),
        (1, "words >= 5"),
        (2, "bytes > 3"),
        (2, "language == de"),
    ]
    assert [d for d in found["decisions"] if d["step"] == 2] == [], "who left meets no rule of a later step"


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ("words >= 2", [2, 3]),
        ("words > 2", [3]),
        ("words <= 2", [1, 2]),
        ("words < 2", [1]),
        ("words == 2", [2]),
        ("words != 2", [1, 3, 4]),
    ],
)
def test_a_rule_states_who_is_kept(ledger: Ledger, rule: str, kept: list[int]) -> None:
    found = evaluated(ledger, recipe_of([rule]), corpus(words=[1, 2, 3, None]))
    assert [d["doc_id"] for d in found["live"]] == kept
    assert [d["doc_id"] for d in found["drops"]] == sorted({1, 2, 3, 4} - set(kept))


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ("language == en", [1]),
        ("language != en", [2, 3, 4]),
        ("language in [en, de]", [1, 2]),
        ("language in en", [1]),
        ("language not in (en, 'de')", [3, 4]),
    ],
)
def test_labels_are_compared_and_one_without_a_label_is_kept_by_exclusions_only(
    ledger: Ledger, rule: str, kept: list[int]
) -> None:
    found = evaluated(ledger, recipe_of([rule]), corpus(language=["en", "de", "eng", None]))
    assert [d["doc_id"] for d in found["live"]] == kept
    assert {d["doc_id"] for d in found["drops"]} == {1, 2, 3, 4} - set(kept)
    assert all(d["value"] is None and d["threshold"] is None and d["threshold_label"] for d in found["drops"])


def test_dates_are_compared_as_they_are_written(ledger: Ledger) -> None:
    documents = corpus(created=["2019-12-31", "2020-01-01T00:00:00Z", "2021", None])
    found = evaluated(ledger, recipe_of(["created >= '2020'"]), documents)
    assert [d["doc_id"] for d in found["live"]] == [2, 3]


def test_a_name_is_text_and_not_sql(ledger: Ledger) -> None:
    name = 'it\'s; DROP TABLE "documents" -- ['
    found = evaluated(ledger, recipe_of([{"rule": "words >= 5", "name": name}]), corpus(words=[1]))
    assert [d["rule"] for d in found["drops"]] == [name]
    found = evaluated(ledger, recipe_of(["language == it's"]), corpus(language=["it's", "en"]))
    assert [d["doc_id"] for d in found["live"]] == [1]


@pytest.mark.parametrize("share", [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1])
@pytest.mark.parametrize("per", [None, "source", "domain", "language"])
def test_a_quantile_is_a_value_that_a_document_has(ledger: Ledger, share: float, per: str | None) -> None:
    drawn = np.random.default_rng(5)
    documents = corpus(
        words=drawn.integers(0, 50, 60).tolist(),
        source=drawn.choice(["a", "b"], 60).tolist(),
        domain=drawn.choice(["c", "d", "e"], 60).tolist(),
        language=drawn.choice(["en", "de"], 60).tolist(),
    )
    rule = {"rule": f"words >= q{share}", **({"per": per} if per else {})}
    found = evaluated(ledger, recipe_of([rule]), documents)
    groups = {document[per] if per else None for document in documents}
    assert {row["per_value"] for row in found["rules"]} == groups
    for row in found["rules"]:
        values = [d["words"] for d in documents if not per or d[per] == row["per_value"]]
        assert row["threshold"] == np.quantile(values, share, method="inverted_cdf")
        assert row["quantile"] == share and row["per"] == per
        kept = [
            d
            for d in found["decisions"]
            if d["kept"] and (not per or documents[d["doc_id"] - 1][per] == row["per_value"])
        ]
        assert len(kept) == sum(value >= row["threshold"] for value in values)


def test_a_quantile_is_taken_of_those_who_reach_the_step(ledger: Ledger) -> None:
    found = evaluated(ledger, recipe_of(["words >= 90"], ["words >= q0.5"]), corpus(words=list(range(101))))
    assert [row["threshold"] for row in found["rules"]] == [90, 95]


def test_a_threshold_of_one_value_goes_before_the_common_one(ledger: Ledger) -> None:
    rule = {"rule": "words >= 5", "per": "source", "thresholds": {"b": 2}}
    found = evaluated(ledger, recipe_of([rule]), corpus(words=[3, 3, 7], source=["a", "b", "a"]))
    assert [(r["per_value"], r["threshold"]) for r in found["rules"]] == [("a", 5), ("b", 2)]
    assert [d["doc_id"] for d in found["live"]] == [2, 3]
    assert [(d["doc_id"], d["threshold"]) for d in found["drops"]] == [(1, 5)]


def rule_set_corpus(name: str, size: int) -> list[dict[str, Any]]:
    """Documents whose scores fall on, above and below each threshold of a rule set."""
    drawn = np.random.default_rng(11)
    rules = units.unit("filter", name).call.rules
    columns = {
        rule.score: (float(rule.threshold) + drawn.choice([-0.01, 0, 0.01], size, p=[0.15, 0.5, 0.35])).tolist()
        for rule in rules
    }
    return corpus(**columns)


def test_inverse_keeps_exactly_whom_the_rule_set_drops(ledger: Ledger) -> None:
    documents = rule_set_corpus("fineweb_quality", 200)
    documents[3]["terminal_line_share"] = None
    straight = evaluated(ledger, recipe_of(["fineweb_quality"]), documents)
    inverse = evaluated(ledger, recipe_of([{"fineweb_quality": {"inverse": True}}]), documents)
    kept, others = ({d["doc_id"] for d in found["live"]} for found in (straight, inverse))
    assert kept and others
    assert kept | others == {d["doc_id"] for d in documents} and not kept & others
    assert 4 in others
    assert {d["doc_id"] for d in inverse["drops"]} == kept
    assert {d["rule"] for d in inverse["drops"]} == {"not fineweb_quality"}
    decisions = [[(d["doc_id"], d["rule"], d["value"], d["kept"]) for d in f["decisions"]] for f in (straight, inverse)]
    assert decisions[0] == decisions[1], "the values and sides of the rules are the same either way"


def test_an_inverse_rule_set_stands_beside_others(ledger: Ledger) -> None:
    documents = rule_set_corpus("fineweb_quality", 100)
    both = evaluated(ledger, recipe_of([{"fineweb_quality": {"inverse": True}}, "words >= 5"]), documents)
    assert {d["doc_id"] for d in both["drops"] if d["rule"] == "words >= 5"} == {d["doc_id"] for d in documents}
    alone = evaluated(ledger, recipe_of([{"fineweb_quality": {"inverse": True}}]), documents)
    gone = {d["doc_id"] for d in both["drops"] if d["rule"] == "not fineweb_quality"}
    assert gone == {d["doc_id"] for d in alone["drops"]}


def test_books_are_kept_of_what_stands(ledger: Ledger) -> None:
    found = evaluated(
        ledger, recipe_of(["words >= 2"], ["words >= 3"]), corpus(words=[1, 2, 3], source=["a", "b", "b"])
    )
    assert [(c["step"], c["source"], c["documents"]) for c in found["counts"]] == [(1, "b", 2), (2, "b", 1)]


def test_no_rules_make_no_decisions(ledger: Ledger) -> None:
    plain = parse("name: x\nsources: {a: x}")
    assert evaluated(ledger, plain, corpus(words=[1]))["decisions"] == []
