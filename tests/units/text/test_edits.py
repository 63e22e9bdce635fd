"""Edits against plain Python: slicing by characters, and a painter that gives each byte to the first who asks."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import UnitError
from tasks.text.batch import TextBatch
from tasks.text.edits import apply, in_bytes, in_characters, settle, with_edits

LETTERS = st.text(alphabet="ab \n.é漢字😀👩‍👩‍👧\u0301\u2028", max_size=30)


@st.composite
def edited(draw: st.DrawFn) -> tuple[list[str], list[list[tuple[int, int, str]]]]:
    """Texts, and for each some spans in characters that do not overlap, with replacements."""
    texts = draw(st.lists(LETTERS, min_size=1, max_size=5))
    found = []
    for text in texts:
        edges = sorted(set(draw(st.lists(st.integers(0, len(text)), max_size=8))))
        spans = zip(edges[::2], edges[1::2], strict=False)
        found.append([(start, stop, draw(st.sampled_from(["", "<X>", "é😀"]))) for start, stop in spans])
    return texts, found


def sliced(text: str, spans: list[tuple[int, int, str]]) -> str:
    for start, stop, new in reversed(spans):
        text = text[:start] + new + text[stop:]
    return text


@given(edited(), st.integers(0, 2))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_edits_are_slices(drawn: tuple[list[str], list[list[tuple[int, int, str]]]], skipped: int) -> None:
    texts, spans = drawn
    rows = [(i, *span) for i, found in enumerate(spans) for span in found]
    ids = [(7 * i + 3) % 11 + 2**63 for i in range(len(texts))]
    edits = pa.table(
        {
            "doc_id": pa.array([ids[row[0]] for row in rows] + [1], pa.uint64()),
            "start": pa.array([row[1] for row in rows] + [0], pa.int64()),
            "stop": pa.array([row[2] for row in rows] + [99], pa.int64()),
            "replacement": pa.array([row[3] for row in rows] + ["of another document"], pa.string()),
        }
    )
    edits = edits.take(pa.array(np.random.default_rng(0).permutation(len(edits))))
    table = pa.table({"doc_id": pa.array(ids, pa.uint64()), "text": pa.array(texts, pa.large_string())})
    expected = [sliced(text, found) for text, found in zip(texts, spans, strict=True)]
    assert with_edits(table, edits)["text"].to_pylist() == expected
    assert with_edits(table.slice(skipped), edits)["text"].to_pylist() == expected[skipped:]


@given(edited())
@settings(max_examples=100, deadline=None, derandomize=True)
def test_characters_and_bytes_lead_to_each_other(drawn: tuple[list[str], list[list[tuple[int, int, str]]]]) -> None:
    texts, spans = drawn
    batch = TextBatch(pa.array(["before é", *texts], pa.large_string()).slice(1))
    rows = [(i, start, stop) for i, found in enumerate(spans) for start, stop, _ in found]
    document, starts, stops = (np.array([row[k] for row in rows], np.int64) for k in range(3))
    firsts, lasts = in_bytes(batch, document, starts, stops)
    for (i, start, stop), first, last in zip(rows, firsts, lasts, strict=True):
        assert bytes(batch.data[first:last]).decode() == texts[i][start:stop]
    again = in_characters(batch, document, firsts, lasts)
    assert np.array_equal(again[0], starts) and np.array_equal(again[1], stops)


def test_an_edit_beyond_its_text_is_an_error() -> None:
    batch = TextBatch(pa.array(["abc", "défg"]))
    with pytest.raises(UnitError, match="character 5 of a text of 4"):
        in_bytes(batch, np.array([1]), np.array([2]), np.array([5]))


def test_apply_leaves_the_rest_alone() -> None:
    none = np.zeros(0, np.int64)
    for texts in ([], ["", "a"], ["漢字"]):
        given = pa.array(texts, pa.string())
        assert apply(given, none, none, none, pa.array([], pa.string())).to_pylist() == texts


spans = st.lists(
    st.tuples(st.integers(0, 20), st.integers(1, 10), st.booleans(), st.integers(0, 2)), min_size=1, max_size=12
)


@given(spans)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_each_byte_goes_to_the_first_who_asks(drawn: list[tuple[int, int, bool, int]]) -> None:
    painted: dict[int, int] = {}
    for i in sorted(range(len(drawn)), key=lambda i: (not drawn[i][2], drawn[i][3], i)):
        for place in range(drawn[i][0], drawn[i][0] + drawn[i][1]):
            painted.setdefault(place, i)
    starts, size, cuts, rank = (np.array([row[k] for row in drawn]) for k in range(4))
    which, firsts, lasts, first = settle(starts, starts + size, cuts.astype(bool), rank)
    assert (firsts < lasts).all() and (firsts[1:] >= lasts[:-1]).all()
    found = {place: int(i) for i, a, b in zip(which, firsts, lasts, strict=True) for place in range(a, b)}
    assert found == painted
    assert sorted(which[first]) == sorted(set(painted.values()))
    for i in set(which.tolist()):
        assert first[which == i].argmax() == 0
