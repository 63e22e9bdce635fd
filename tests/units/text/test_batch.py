import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.text.batch import TextBatch
from tasks.text.segment import ALPHABETIC, OVERLAPPING, PUNCTUATION, SYMBOLS, TERMINATOR
from tests.data import texts
from tests.units.text.oracles import HOSTILE, batch, fold, hash_word, words

PARSED = {
    "Hello world.": "Hello|world|.",
    "I can't do \"this\" ... Mr. Smith's dog.": "I|ca|n't|do|\"|this|\"|...|Mr.|Smith|'s|dog|.",
    "foo-bar a/b 10km (away), 1-2 a,b": "foo|-|bar|a|/|b|10|km|(|away|)|,|1|-|2|a|,|b",
    "os.path end.Start http://a.com/x-y me@a.org.": "os.path|end|.|Start|http://a.com/x-y|me@a.org|.",
    "U.S. NASA. J. e.g. 10am cannot don’t": "U.S.|NASA|.|J.|e.g.|10|am|can|not|do|n’t",
    "__init__ $5 5€ +1 50% C++": "_|_|init|_|_|$|5|5|€|+1|50|%|C++",
    "北京大学 A京B": "北京|京大|大学|A|京|B",
    "กา": "กา",
    "한국어 텍스트": "한국어|텍스트",
    "": "",
}


@pytest.mark.parametrize("text", PARSED)
def test_words_follow_the_rules(text: str) -> None:
    assert "|".join(words(text)) == PARSED[text]


def test_words_cover_every_character_that_is_no_space_in_order() -> None:
    for text in (*texts(), *HOSTILE):
        found = batch(text)
        covered = np.zeros(len(found.data), bool)
        for start, stop in zip(found.words.starts, found.words.stops, strict=True):
            covered[start:stop] = True
            assert stop > start
        assert bytes(found.data[covered]).decode() == "".join(text.split())
        assert (np.diff(found.words.starts) > 0).all()


def test_word_hashes_and_flags_against_plain_python() -> None:
    found = batch(*texts(40), *HOSTILE)
    for i in range(len(found.words)):
        word = found.word(i)
        flags = int(found.words.flags[i])
        assert int(found.words.exact[i]) == hash_word(word)
        assert int(found.words.hashes[i]) == hash_word("".join(map(fold, word)))
        assert found.words.characters[i] == len(word)
        assert bool(flags & ALPHABETIC) == any(c.isalpha() for c in word)
        assert not (flags & SYMBOLS and any(c.isalnum() for c in word))
        assert not flags & TERMINATOR or (len(word) == 1 and flags & PUNCTUATION)


def test_only_pairs_overlap() -> None:
    found = batch("北京大学 and more")
    assert [bool(flag & OVERLAPPING) for flag in found.words.flags] == [False, True, True, False, False]


def test_lines_and_paragraphs_against_split() -> None:
    for text in (*texts(), *HOSTILE):
        found = batch(text)
        lines = text.split("\n")
        lines = lines[:-1] if lines[-1] == "" else lines
        at = zip(found.lines.starts, found.lines.stops, strict=True)
        assert [bytes(found.data[start:stop]).decode() for start, stop in at] == lines
        assert found.lines.characters.tolist() == [len(line) for line in lines]
        assert found.characters.tolist() == [len(text)]


@given(st.lists(st.text(max_size=60), max_size=6), st.integers(0, 5))
def test_a_document_is_the_same_in_any_batch(many: list[str], at: int) -> None:
    together, index = batch(*many), min(at, len(many) - 1)
    if not many:
        assert len(together.words) == 0
        return
    alone = batch(many[index])
    first, last = together.words.offsets[index], together.words.offsets[index + 1]
    for name in ("hashes", "exact", "characters", "flags"):
        assert getattr(alone.words, name).tolist() == getattr(together.words, name)[first:last].tolist()


def test_slices_and_both_string_types_are_read_in_place() -> None:
    for kind in (pa.string(), pa.large_string()):
        found = TextBatch(pa.array(["skip", "one two", "three"], kind)[1:])
        assert [found.word(i) for i in range(len(found.words))] == ["one", "two", "three"]
        assert found.words.offsets.tolist() == [0, 2, 3]


def test_other_arrays_are_refused() -> None:
    with pytest.raises(TypeError, match="got int64"):
        TextBatch(pa.array([1]))
    with pytest.raises(ValueError, match="1 of 2 are null"):
        TextBatch(pa.array(["a", None]))
