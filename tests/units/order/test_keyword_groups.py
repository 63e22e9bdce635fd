"""Keyphrases against the published example and a plain reading; groups by what they share."""

from collections import defaultdict
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import RecipeError
from tasks import units
from tasks.order._keyphrases import FUNCTION_WORDS, keyphrases, keywords
from tasks.order.keyword_groups import keyword_groups, measure
from tasks.text import TextBatch

ABSTRACT = """Compatibility of systems of linear constraints over the set of natural numbers. Criteria of compatibility
of a system of linear Diophantine equations, strict inequations, and nonstrict inequations are considered. Upper bounds
for components of a minimal set of solutions and algorithms of construction of minimal generating sets of solutions for
all types of systems are given. These criteria and the corresponding algorithms for constructing a minimal supporting
set of solutions can be used in solving all the considered types of systems and systems of mixed types."""
# Rose et al. 2010, table 1.2, rounded to tenths there.
PUBLISHED = {
    "minimal generating sets": 8.7,
    "linear diophantine equations": 8.5,
    "minimal supporting set": 7.7,
    "minimal set": 4.7,
    "linear constraints": 4.5,
    "upper bounds": 4.0,
    "natural numbers": 4.0,
    "nonstrict inequations": 4.0,
}


def batch(texts: list[str]) -> TextBatch:
    return TextBatch(pa.array(texts, pa.large_string()))


def scored(text: str, longest: int = 4) -> dict[int, float]:
    hashes, scores = keyphrases(batch([text]), longest=longest, most=1000)
    return dict(zip(hashes[0].as_py(), scores[0].as_py(), strict=True))


def test_scores_are_the_published_ones() -> None:
    found = scored(" ".join(ABSTRACT.split()))
    for phrase, score in PUBLISHED.items():
        [name] = scored(phrase)
        assert found[name] == pytest.approx(score, abs=0.05), phrase
    [best] = scored("minimal generating sets")
    assert next(iter(found)) == best


WORDS = st.sampled_from(["mill", "grain", "stone", "the", "of", "Water", ",", ".", "\n", "42", "it", "flour"])


@given(st.lists(WORDS, max_size=40), st.integers(1, 4))
@settings(deadline=None, derandomize=True)
def test_phrases_are_those_of_a_plain_reading(words: list[str], longest: int) -> None:
    runs: list[tuple[str, ...]] = []
    run: list[str] = []
    for word in [*(word.lower() for word in words), "."]:
        if word in FUNCTION_WORDS.split() or not word.isalpha():
            runs += [tuple(run)] if 0 < len(run) <= longest else []
            run = []
        else:
            run.append(word)
    times, company = defaultdict(int), defaultdict(int)
    for each in runs:
        for word in each:
            times[word] += 1
            company[word] += len(each)
    expected = {" ".join(each): sum(company[word] / times[word] for word in each) for each in runs}
    found = scored(" ".join(words), longest)
    assert len(found) == len(expected)
    for phrase, score in expected.items():
        [name] = scored(phrase)
        assert found[name] == pytest.approx(score, rel=1e-6)
    assert list(found.values()) == sorted(found.values(), reverse=True)


def table(texts: list[str]) -> pa.Table:
    doc_ids = np.random.default_rng(1).permutation(len(texts)).astype(np.uint64)
    return pa.table({"doc_id": doc_ids, **measure(batch(texts))})


def test_documents_with_a_keyword_in_common_stand_together() -> None:
    topics = ["water mill", "grain market", "stone bridge", "river barge"]
    texts = [f"Here is the {topics[i % 4]}, and it is {'old' if i % 3 else 'new'}." for i in range(40)]
    texts += ["Nothing but this unique remark.", "A lonely other thing: quartz vein."]
    order = keyword_groups(table(texts), seed=2, common=0.5)
    named = [next((topic for topic in topics if topic in texts[row]), texts[row]) for row in order]
    assert sum(a != b for a, b in pairwise(named)) == len(set(named)) - 1
    assert order.tolist() != keyword_groups(table(texts), seed=3, common=0.5).tolist()


def test_too_common_and_lonely_phrases_are_no_keywords() -> None:
    texts = [f"The water mill is here. The grain market of the {'town' if i % 2 else 'village'}." for i in range(40)]
    texts += ["the stone bridge", "the stone bridge", "the quartz vein"]
    found, bridge = keywords(table(texts), common=0.3, least=2.0), np.array(texts) == "the stone bridge"
    assert set(found[bridge].tolist()) == set(scored("stone bridge"))
    assert (found[~bridge] == 0).all()
    assert (keywords(table(texts), common=0.3, least=4.5) == 0).all()


def test_a_document_that_would_stand_alone_joins_others() -> None:
    texts = [
        "the old red barge; the stone bridge",
        "the old red barge; the new tall corn market",
        "the new tall corn market",
        "the stone bridge",
        "the stone bridge",
    ]
    documents = table(texts)
    found = keywords(documents, common=1.0, least=1.0)
    names = ("stone bridge", "new tall corn market", "new tall corn market", "stone bridge", "stone bridge")
    assert found.tolist() == [next(iter(scored(name))) for name in names]


@pytest.mark.parametrize("wrong", [{"common": 0.0}, {"least": -1.0}, {"longest": 0}, {"phrases": 0}])
def test_refuses_what_cannot_be(wrong: dict) -> None:
    with pytest.raises(RecipeError, match=next(iter(wrong))):
        units.unit("order", "keyword_groups").resolve(wrong)
