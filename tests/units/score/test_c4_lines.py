import pytest

from tasks.score.c4_lines import c4_lines
from tests.units.text.oracles import batch

LINES = {
    "This is a line.": (1, 0, 0, 1),
    "This is one. And this is two.": (2, 0, 0, 1),
    "This does not end": (0, 0, 0, 0),
    "This trails off...": (0, 0, 0, 0),
    "Too short.": (0, 0, 0, 0),
    "A very long word " + "x" * 1001 + " here.": (0, 0, 0, 0),
    "Here is Lorem Ipsum for you.": (1, 1, 0, 1),
    "Lorem ipsum without an end": (0, 0, 0, 0),
    "Please turn on JavaScript {now}.": (0, 0, 0, 0),
    "Here is a { bracket.": (1, 0, 1, 1),
    "Read our Privacy Policy now.": (0, 0, 0, 0),
    "This site uses cookies daily.": (0, 0, 0, 0),
    "By the Terms of Use here.": (0, 0, 0, 0),
    "The sky is blue.[12]": (1, 0, 0, 1),
    "The sky is blue.[citation needed]": (1, 0, 0, 1),
    "": (0, 0, 0, 0),
}


@pytest.mark.parametrize("line", LINES)
def test_one_line(line: str) -> None:
    found = c4_lines(batch(line))
    assert tuple(int(values[0]) for values in found.values()) == LINES[line]


def test_lines_add_up() -> None:
    found = c4_lines(batch("\r\n".join(LINES), *LINES))
    for values in found.values():
        assert values[0] == values[1:].sum()


def test_settings() -> None:
    text = batch("No end here", "Two words.")
    assert c4_lines(text, sentence_end=False)["c4_kept_lines"].tolist() == [1, 0]
    assert c4_lines(text, fewest_words=2)["c4_kept_lines"].tolist() == [0, 1]
    assert c4_lines(batch("Some longish words."), longest_word=6)["c4_kept_lines"].tolist() == [0]
