from tasks.text.segment import _LONGEST, _SHORTEST
from tasks.text.specials import LONGEST, pieces
from tests.units.text.oracles import words


def test_special_words_are_cut_as_listed() -> None:
    for word, lengths in pieces().items():
        assert [len(piece.encode()) for piece in words(word)] == list(lengths), word


def test_special_words_keep_within_the_lengths_that_are_looked_at() -> None:
    sizes = {len(word.encode()) for word in pieces() if word.isalpha()}
    assert (min(sizes), max(sizes)) == (_SHORTEST, _LONGEST)
    assert max(len(word.encode()) for word in pieces()) <= LONGEST
