"""Search by words against bm25s, and trees grown by it against a plain reading of the rule."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.order import _words_search
from tasks.order._terms import BUCKETS, count_terms
from tasks.order._words_search import grow, grow_shard, scores, searchable
from tasks.text import TextBatch

FIXTURE = json.loads(Path(__file__).with_name("words_search.json").read_text(encoding="utf-8"))
SHAPE = {"k1": 1.5, "b": 0.75}


def table(texts: list[str], *, terms: int = 512, query: int = 300, tokens: list[int] | None = None) -> pa.Table:
    found = count_terms(TextBatch(pa.array(texts, pa.large_string())), terms=terms, query=query)
    return pa.table({"doc_id": pa.array(range(len(texts)), pa.uint64()), "tokens": tokens or [1] * len(texts), **found})


def words(count: int, seed: int, vocabulary: int = 30, longest: int = 25) -> list[str]:
    rng = np.random.default_rng(seed)
    return [
        " ".join(f"w{word}" for word in rng.integers(0, vocabulary, rng.integers(0, longest))) for _ in range(count)
    ]


def test_scores_are_those_of_bm25s() -> None:
    found = searchable(table(FIXTURE["documents"], query=20), **SHAPE)
    for query, expected in enumerate(FIXTURE["scores"]):
        # Words that a single document has are left out: they find that document alone.
        lone = own(FIXTURE["documents"], query, expected)
        assert scores(found, query) / 1e6 == pytest.approx(lone, abs=2e-4)


def own(texts: list[str], query: int, expected: list[float]) -> list[float]:
    """The published scores less what words that occur in the query's document only add to that document."""
    frequency = Counter(word for text in texts for word in set(text.split()))
    held = texts[query].split()
    mean = sum(len(text.split()) for text in texts) / len(texts)
    length = 1.5 * (1 - 0.75 + 0.75 * len(held) / mean)
    idf = np.log(1 + (len(texts) - 0.5) / 1.5)
    extra = sum(idf * held.count(w) / (held.count(w) + length) for w in held[:20] if frequency[w] == 1)
    return [score - extra * (row == query) for row, score in enumerate(expected)]


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=30), max_size=5), st.integers(1, 6), st.integers(1, 9))
@settings(deadline=None, derandomize=True)
def test_terms_are_those_of_a_counter(batch: list[list[str]], terms: int, query: int) -> None:
    texts = [" ".join(found) for found in batch]
    counted = count_terms(TextBatch(pa.array(texts, pa.large_string())), terms=terms, query=query)
    for row, found in enumerate(batch):
        kept = list(dict.fromkeys(found))[:terms]
        assert counted["term_counts"][row].as_py() == [found.count(word) for word in kept]
        assert counted["query_counts"][row].as_py() == [found[:query].count(w) for w in kept if w in found[:query]]
        assert counted["term_total"][row] == len(found)
        assert all(0 <= term < BUCKETS for term in counted["terms"][row].as_py())


def plain(found: object, branches: int, roots: int, length: int, buffer: int) -> list[tuple[int, int, int]]:
    """Every tree by the rule as it is written: (document, place of its parent, tree)."""
    tokens = found.tokens.tolist()
    window, unseen, used = [], list(range(len(tokens))), 0
    size = 0
    out: list[tuple[int, int, int]] = []
    filled, limit, tree, head, planted = 0, length, 0, 0, 0
    while len(out) < len(tokens):
        if unseen and used * 4 >= size:
            while len(window) < buffer and unseen:
                window.append(unseen.pop(0))
            size, used = len(window), 0
        if filled >= limit:
            limit, tree, head, planted = (filled // length + 1) * length, tree + 1, len(out), 0
        if planted < roots or head == len(out):
            planted, parent, wanted = planted + 1, -1, [window[0]]
        else:
            parent, head = head, head + 1
            gained = scores(found, out[parent][0])
            wanted = sorted((d for d in window if gained[d] > 0), key=lambda d: (-gained[d], window.index(d)))
            wanted = wanted[:branches]
        for document in wanted:
            if filled >= limit:
                break
            window.remove(document)
            out.append((document, parent, tree))
            used, filled = used + 1, filled + tokens[document]
    return out


@pytest.mark.parametrize("branches", [1, 2, 5])
@pytest.mark.parametrize("roots", [1, 2])
@pytest.mark.parametrize("buffer", [2, 7, 100])
def test_trees_grow_as_the_rule_says(branches: int, roots: int, buffer: int) -> None:
    for seed in range(4):
        tokens = np.random.default_rng(seed).integers(1, 60, 40).tolist()
        found = searchable(table(words(40, seed), tokens=tokens, query=8), **SHAPE)
        grown = grow_shard(found, branches=branches, roots=roots, context_length=100, buffer=buffer)
        rows = list(zip(grown.sequence.tolist(), grown.parents.tolist(), grown.trees.tolist(), strict=True))
        assert rows == plain(found, branches, roots, 100, buffer)


def test_shards_are_the_same_whoever_grows_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_words_search, "SHARD", 16)
    shape = {"branches": 2, "roots": 1, "context_length": 9, "buffer": 8, **SHAPE, "seed": 5}
    documents = table(words(50, 3))
    here = grow(documents, **shape)
    shuffled = grow(documents, **shape, mapper=lambda function, shards: list(map(function, list(shards)[::1])))
    assert sorted(here.sequence.tolist()) == list(range(50))
    assert np.array_equal(here.sequence, shuffled.sequence) and np.array_equal(here.parents, shuffled.parents)
    assert (here.parents < np.arange(50)).all() and (np.diff(here.trees) >= 0).all()
    inside = here.parents >= 0
    assert np.array_equal(here.trees[inside], here.trees[here.parents[inside]])
