import sys
import unicodedata

from tasks.text import classes
from tests.units.text.oracles import fold


def test_classes_say_what_str_methods_say() -> None:
    table = classes.tables().classes
    for point in range(sys.maxunicode + 1):
        character = chr(point)
        assert bool(table[point] & classes.SPACE) == character.isspace()
        assert bool(table[point] & classes.ALPHA) == character.isalpha()
        if character.isalnum() or unicodedata.category(character)[0] == "M":
            assert not table[point] & classes.SYMBOL, hex(point)


def test_folding_is_casefold_where_that_is_one_character() -> None:
    table = classes.tables().fold
    assert all(table[point] == ord(fold(chr(point))) for point in range(classes.FOLDED))
    assert all(fold(chr(point)) == chr(point) for point in range(classes.FOLDED, sys.maxunicode + 1))


def test_no_character_is_dense_and_a_symbol() -> None:
    table = classes.tables().classes
    assert not ((table & classes.DENSE != 0) & (table & classes.SYMBOL != 0)).any()
    assert table[ord("京")] & classes.DENSE and not table[ord("한")] & classes.DENSE
