"""Instances: the nearest documents before each, never itself or its copy, within the budget, and worth it."""

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from schemas.errors import RecipeError, UnitError
from tasks import units
from tasks.probe import probe
from tasks.text import TextBatch
from tasks.transform._losses import Instances, Words, informative, word_cache
from tasks.transform.instances import instances, measure, undo
from tests.units.transform.made import encode, items, per_token, tokens, valid

END, NEWLINE = 256, 10
TOPICS, EACH = 6, 30


def texts() -> list[str]:
    """Documents of topics that share no words, of words drawn from those of the topic."""
    random = np.random.default_rng(3)
    return [
        " ".join(f"topic{t}word{w}" for w in random.integers(0, 40, 30 + d)) for d in range(EACH) for t in range(TOPICS)
    ]


def made_of(found: list[str], **given: Any) -> tuple[pa.Table, pa.Table]:
    """Items of these texts, and what the transform makes of them."""
    table = items([len(text.encode()) + 1 for text in found])
    documents = pa.table({"doc_id": table["doc_id"], **measure(TextBatch(pa.array(found, pa.large_string())))})
    settings = {"seed": 1, "share": 0.3, "piece_length": 100, "context_length": 600, **given}
    return table, instances(table, documents=documents, encode=encode, end_of_text=END, **settings)


def members(table: pa.Table) -> list[list[int]]:
    """The documents of each instance, as numbers."""
    instances_of = [context for context in tokens(table) if END in context]
    return [list(dict.fromkeys((t[0] - 10**18) // 7 for t in c if isinstance(t, tuple))) for c in instances_of]


def test_demonstrations_are_of_the_topic_and_never_the_document_itself() -> None:
    table, made = made_of(texts())
    valid(made)
    assert undo(made).equals(table)
    found = members(made)
    assert len(found) / (TOPICS * EACH) == pytest.approx(0.3, abs=0.1)
    assert all(len(documents) == len(set(documents)) >= 2 for documents in found)
    assert all(len({number % TOPICS for number in documents}) == 1 for documents in found)


def test_an_instance_token_by_token() -> None:
    _, made = made_of(texts(), shuffle=False)
    for context, weights in zip(tokens(made), per_token(made, "loss_weight"), strict=True):
        if END not in context:
            continue
        assert len(context) <= 600 and context.index(END) == len(context) - 1
        assert [w for t, w in zip(context, weights, strict=True) if t == NEWLINE] == [0.0] * context.count(NEWLINE)
        assert all(w == 1 for t, w in zip(context, weights, strict=True) if t != NEWLINE)
        runs = " ".join(str(t[1]) if isinstance(t, tuple) else "|" for t in context[:-1]).split(" | ")
        assert all(run.split() == [str(i) for i in range(100)] for run in runs)
        assert len(runs) == 5  # (600 - 1) // (100 + 1)


def test_the_nearest_comes_last_and_only_so_many_are_shown() -> None:
    _, three = made_of(texts(), shuffle=False, shots=3)
    _, one = made_of(texts(), shuffle=False, shots=1)
    assert {len(documents) for documents in members(three)} == {4}
    assert {tuple(d[-2:]) for d in members(three)} == {tuple(d) for d in members(one)}
    _, mixed = made_of(texts(), shots=3)
    assert [sorted(d) for d in members(mixed)] == [sorted(d) for d in members(three)] != members(mixed)
    assert [d[-1] for d in members(mixed)] == [d[-1] for d in members(three)]


def test_a_copy_is_no_demonstration() -> None:
    found = texts()
    _, made = made_of([*found, *found[:60]], shuffle=False)
    pairs = [documents for documents in members(made) if {documents[-1] + 180, documents[-1] - 180} & set(documents)]
    assert members(made) and not pairs


def test_instances_that_tell_nothing_are_left_out() -> None:
    random = np.random.default_rng(5)
    strange = [" ".join(f"w{i}x{n}" for n in range(30)) + f" the{random.integers(3)}" for i in range(60)]
    assert len(members(made_of(strange, informative_by="nothing", share=1.0)[1])) > 20
    assert not members(made_of(strange, share=1.0)[1])
    assert members(made_of(texts())[1]) == members(made_of(texts(), informative_by="nothing")[1])
    assert not members(made_of(texts(), margin=50.0)[1])


def test_the_word_loss_is_what_it_says() -> None:
    words = Words(np.array([0, 2, 3, 4]), np.array([7, 9, 7, 5]), np.array([1.0, 1.0, 2.0, 4.0]))
    alone, together = word_cache(words)(Instances(np.array([0, 2, 4]), np.array([0, 1, 2, 0])))
    seven, nine, five = 3 / 8, 1 / 8, 4 / 8
    first = [-(3 * math.log(seven) + math.log(nine)) / 4, -(4 * math.log(five) + math.log(seven) + math.log(nine)) / 6]
    assert alone == pytest.approx(first)
    after = -(math.log(seven) + math.log(nine) + 2 * math.log(seven / 2 + 1 / 4)) / 4
    other = -(4 * math.log(five) + math.log(seven / 2) + math.log(nine / 2)) / 6
    assert together == pytest.approx([after, other])
    kept = informative(
        Instances(np.array([0, 1, 2]), np.array([0, 1])), lambda _: (np.array([2.0, 2.0]), np.ones(2)), 1
    )
    assert not kept.any()


@pytest.mark.parametrize("wrong", [{"context_length": 150}, {"shots": 0}, {"separator": ""}, {"model": "any"}])
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    unit = units.unit("transform", "instances")
    with pytest.raises(RecipeError, match="instances"):
        probe(unit, unit.resolve({"piece_length": 75, **wrong}))


def test_room_is_needed_for_what_the_tokenizer_makes_of_the_separator() -> None:
    with pytest.raises(UnitError, match="context_length holds two pieces"):
        made_of(texts(), context_length=151, piece_length=75)
