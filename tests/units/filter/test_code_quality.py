"""Every rule keeps and drops what it is for; files that are not HTML are not judged by their tags."""

import operator

import pytest

from tasks.filter.code_quality import code_quality
from tasks.score.code_shape import code_shape
from tests.units.text.oracles import batch

HOLDS = {"<=": operator.le, ">=": operator.ge, ">": operator.gt, "==": operator.eq}
CODE = "def f(x):\n    return x + 1\n"
HTML = "<!doctype html><html><body>{}</body></html>"


def broken(text: str) -> set[str]:
    found = code_shape(batch(text))
    values = {rule: found[rule.score].tolist()[0] for rule in code_quality.rules}
    return {rule.name for rule, value in values.items() if not HOLDS[rule.operator](value, rule.threshold)}


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        (CODE, set()),
        ("x" * 101 + "\n", {"max_mean_line_characters"}),
        (CODE * 40 + "x" * 1001, {"max_longest_line_characters"}),
        ("[+-] " * 10, {"min_alphanumeric_share"}),
        ("<?xml version='1.0'?>\n<name>value</name>", {"no_xml_marker"}),
        (HTML.format("<p>" + "words of a page\n" * 20), set()),
        (HTML.format("<p>words</p>\n"), {"min_html_visible_share"}),
        (HTML.format("\n<i class=name></i>" * 60 + "\nword" * 30), {"min_html_visible_share"}),
    ],
)
def test_rules_that_a_file_breaks(text: str, rules: set[str]) -> None:
    assert broken(text) == rules
