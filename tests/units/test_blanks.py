"""What whoever runs a recipe gives it: inputs in place of sources, parameters in place of ``${name}``."""

import json
from pathlib import Path

import pytest

from schemas.errors import RecipeError
from tasks.blanks import Given, given_words
from tasks.resolve import parse

OPEN = """
name: open
parameters: {target: null, floor: 20, what: words}
sources: {here: {path: "a.jsonl"}}
steps:
  - filter: [{rule: "${what} >= ${floor}"}, {rule: "bytes >= 1", name: "of ${target}"}]
"""


def test_parameters_stand_where_their_names_do() -> None:
    recipe = parse(OPEN, given=given_words([], ["target=wiki", "floor=50"]))
    assert [str(rule.rule) for rule in recipe.steps[0].rules] == ["words >= 50.0", "bytes >= 1.0"]
    assert recipe.steps[0].rules[1].rule.name == "of wiki"


def test_a_whole_parameter_keeps_its_type() -> None:
    text = OPEN.replace("name: open", "name: open\nsurvival_floor: ${floor}").replace("floor: 20", "floor: 0.5")
    assert parse(text, given=given_words([], ["target=x"])).survival_floor == 0.5


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "give the parameter 'target': --set target=VALUE"),
        (["targt=x"], "unknown parameter 'targt'; did you mean 'target'?"),
        (["target"], "expected NAME=VALUE, got 'target'"),
    ],
)
def test_what_is_left_open_or_misspelt_is_named(words: list[str], says: str) -> None:
    with pytest.raises(RecipeError, match=says):
        parse(OPEN, given=given_words([], words))


def test_an_unknown_name_in_the_recipe_is_named_with_its_line() -> None:
    with pytest.raises(RecipeError, match=r"line 6, .*unknown parameter 'wht'; did you mean 'what'"):
        parse(OPEN.replace("${what}", "${wht}"), given=given_words([], ["target=x"]))


def test_inputs_take_the_place_of_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.jsonl.gz", "b.jsonl", "c.md"):
        (tmp_path / name).write_text(json.dumps({"text": "x"}))
    monkeypatch.chdir(tmp_path)
    recipe = parse(OPEN, given=Given(("*.jsonl*", "notes=*.md"), {"target": "x"}))
    assert {name: source.path for name, source in recipe.sources.items()} == {
        "a": [str(tmp_path / "a.jsonl.gz")],
        "b": [str(tmp_path / "b.jsonl")],
        "notes": [str(tmp_path / "*.md")],
    }


def test_paths_given_are_those_of_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "terms.txt").write_text("term")
    monkeypatch.chdir(tmp_path)
    found = given_words([], ["a=terms.txt", "b=org/model", "c=3", "d=https://example.org/x", "e=yes"]).parameters
    expected = {"a": str(tmp_path / "terms.txt"), "b": "org/model", "c": 3, "d": "https://example.org/x", "e": True}
    assert found == expected


def test_a_recipe_without_sources_asks_for_input() -> None:
    with pytest.raises(RecipeError, match="at least one source, here or as --input PATTERN"):
        parse("name: x")
