"""Shapes of program text against plain Python, and the standard library's HTML parser."""

from html.parser import HTMLParser

import pytest

from tasks.score.code_shape import code_shape
from tests.data import texts
from tests.units.text.oracles import HOSTILE, batch

HEAD = "<!DOCTYPE html>\n<html><head><style>p {{}}</style><script>if (a < b) x = '<p>';</script></head>"
PAGE = HEAD + "<body>{}</body></html>"


def one(text: str, name: str) -> object:
    value = code_shape(batch(text))[name][0]
    return value.as_py() if hasattr(value, "as_py") else value.item()


def nesting(text: str) -> int:
    depth = deepest = 0
    for character in text:
        depth = max(0, depth + (character in "([{") - (character in ")]}"))
        deepest = max(deepest, depth)
    return deepest


def test_against_plain_python() -> None:
    documents = (*texts(60), *HOSTILE)
    found = code_shape(batch(*documents))
    for i, text in enumerate(documents):
        lines = text.split("\n")
        lengths = [len(line) for line in (lines[:-1] if lines[-1] == "" else lines)]
        size = max(len(text), 1)
        words = text.split()
        assert found["mean_line_characters"][i] == pytest.approx(sum(lengths) / max(len(lengths), 1))
        assert found["longest_line_characters"][i] == max(lengths, default=0)
        assert found["alphabetic_share"][i] == pytest.approx(sum(map(str.isalpha, text)) / size)
        assert found["alphanumeric_share"][i] == pytest.approx(sum(map(str.isalnum, text)) / size)
        assert found["digit_share"][i] == pytest.approx(sum(c in "0123456789" for c in text) / size)
        assert found["characters_per_word"][i] == pytest.approx(sum(map(len, words)) / max(len(words), 1))
        assert found["bracket_nesting"][i] == nesting(text)


@pytest.mark.parametrize(
    ("text", "marks", "commented"),
    [
        ("# one\nx = 1\n  # two\n", "#", 5 + 7),
        ("#!/bin/sh\n#[attr]\n#{}\n", "none", 0),
        ("// one\nx; // two\n/* three\n four\n */ \ny;\n", "//", 6 + 8 + 5 + 4),
        ("/* one */ x;\ny;\n/**/\nz;\n", "//", 12 + 4),
        ("-- one\nSELECT 1 -- two\n----\n--", "--", 6 + 2),
        ("; one\n(f) ; two\n", ";", 5),
        ("% one\n", "%", 5),
        ("# one\n// two\n// three\n", "//", 6 + 8),
        ("no comment\n", "none", 0),
        ("", "none", 0),
    ],
)
def test_comment_lines(text: str, marks: str, commented: int) -> None:
    assert one(text, "comment_marks") == marks
    written = sum(len(line) for line in text.split("\n"))
    assert one(text, "comment_line_share") == pytest.approx(commented / max(written, 1))


@pytest.mark.parametrize(
    ("text", "depth"),
    [
        ("a\n b\n  c\n b\na", 2),
        ("a\n\tb\n        c\n", 1),
        ("  a\n    b\n\n      \n c\n", 2),
        ("\n".join(" " * i + "x" for i in range(400)), 256),
        ("", 0),
    ],
)
def test_indents_inside_each_other(text: str, depth: int) -> None:
    assert one(text, "indent_nesting") == depth


def test_xml_is_known_by_its_first_hundred_characters() -> None:
    assert one('<?xml version="1.0"?>', "xml_marker") == 1
    assert one("é" * 86 + "<?xml version=", "xml_marker") == 1
    assert one("é" * 87 + "<?xml version=", "xml_marker") == 0


class Visible(HTMLParser):
    """Text outside of tags, scripts and styles."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.size, self.hidden = 0, 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.hidden += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        self.size += 0 if self.hidden else len(data)


@pytest.mark.parametrize(
    "body", ["", "<p>Grüße</p>", "a <!-- <p>no</p> --> b", "<a href='x>'>1 < 2", "<br/>x<IMG src=y>z", "<p\nclass=c>x"]
)
def test_what_can_be_seen_of_html(body: str) -> None:
    html = PAGE.format(body)
    parser = Visible()
    parser.feed(html)
    parser.close()
    seen = parser.size + ("x>" in body) * len("'>")  # a ">" in an attribute ends our tag
    assert code_shape(batch(html), fewest_visible=0)["html_visible_share"][0] == pytest.approx(seen / len(html))


def test_all_of_what_is_not_html_can_be_seen() -> None:
    assert one("if (a < b) { c > d }", "html_visible_share") == 1
    assert one("<HTML><!-- no end", "html_visible_share") == 0
    assert one("<html>" + "<a " * 200_000, "html_visible_share") == pytest.approx(600_000 / 600_006)


def test_html_that_shows_too_few_characters_shows_nothing() -> None:
    assert one("<html>" + "x" * 99, "html_visible_share") == 0
    assert one("<html>" + "x" * 100, "html_visible_share") == pytest.approx(100 / 106)
